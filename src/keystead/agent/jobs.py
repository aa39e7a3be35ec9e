"""The commands that the agent runs for other clients than keystead."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Collection, Mapping

from keystead.agent.http import Refused
from keystead.outside import parse_json
from keystead.system.executable import Executable
from keystead.value import NamedTuple

MOST_AT_ONCE = 4
SECONDS = 60.0
"""Time limit of a command."""

_END_SECONDS = 2.0
"""Time between SIGINT and SIGKILL."""

_PAUSE_SECONDS = 0.01
_NO_WINDOW = 0x08000000 if sys.platform == "win32" else 0
"""Windows: no console, so that the command cannot ask."""


class Question(NamedTuple):
    """A request for a command; concurrent equal requests share one command."""

    profile: str
    scope: bytes
    program: Executable | None
    """The client's program, for the rules of the profile."""
    running: str | None
    """The value of `RUNNING` in the client's environment."""


class Commands:
    """Runs ``keystead process`` for clients of the agent at ``path``."""

    def __init__(self, path: bytes) -> None:
        self._path = os.fsdecode(path)
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._running: dict[Question, asyncio.Task[bytes]] = {}
        self._processes: set[asyncio.subprocess.Process] = set()

    async def wait_for(self, question: Question) -> bool:
        """Waits for a running command of the same request; False if there is none.

        Its answer is in the cache afterwards, if it can be cached. Raises its `Refused`.
        """
        task = self._running.get(question)
        if task is None:
            return False
        await _outcome(task)
        return True

    async def output(
        self, question: Question, environ: Mapping[str, str], pid: int | None
    ) -> bytes:
        """The output of ``keystead process`` in that environment, recorded for ``pid``.

        It is not cancelled when the client disconnects. Raises `Refused`.
        """
        task = asyncio.create_task(self._run(question.profile, environ, pid))
        self._running[question] = task
        task.add_done_callback(lambda _: self._running.pop(question, None))
        return await _outcome(task)

    def cancel(self) -> None:
        """Ends all running commands and waits for them."""
        for task in self._running.values():
            task.cancel()
        _end(self._processes)

    async def _run(self, profile: str, environ: Mapping[str, str], pid: int | None) -> bytes:
        async with self._room:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "keystead"),
                *("process", profile, "--asked-by", str(pid or 0)),
                env={**environ, "KEYSTEAD_AGENT": self._path},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # without a terminal to ask on
                creationflags=_NO_WINDOW,
            )
            self._processes.add(process)
            try:
                async with asyncio.timeout(SECONDS):
                    output, errors = await process.communicate()
            except TimeoutError:
                raise Refused(502, "the credentials were not available in time") from None
            finally:
                self._processes.discard(process)
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        _kill(process)
        if process.returncode:
            raise _refusal(errors)
        return output


if sys.platform == "win32":

    def _end(processes: Collection[asyncio.subprocess.Process]) -> None:
        """Ends them."""
        for process in processes:
            process.kill()

else:

    def _end(processes: Collection[asyncio.subprocess.Process]) -> None:
        """Ends them, by SIGKILL if needed, and waits for them."""
        # SIGINT makes a command end its child too.
        left = {process.pid for process in processes if _signalled(process.pid, signal.SIGINT)}
        until = time.monotonic() + _END_SECONDS
        while left and time.monotonic() < until:
            time.sleep(_PAUSE_SECONDS)  # noqa: TID251  # no `System` in this process
            left = {pid for pid in left if not _has_ended(pid, os.WNOHANG)}
        for pid in left:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            _has_ended(pid, 0)

    def _signalled(pid: int, number: signal.Signals) -> bool:
        try:
            os.kill(pid, number)
        except OSError:
            return False
        return True

    def _has_ended(pid: int, options: int) -> bool:
        try:
            return os.waitpid(pid, options)[0] == pid
        except OSError:
            return True  # another thread has waited for it


def _refusal(errors: bytes) -> Refused:
    """The JSON error on the last line of the command's standard error."""
    try:
        report = parse_json(errors.splitlines()[-1])
        return Refused(report["status"], report["error"])
    except (LookupError, TypeError, ValueError):
        return Refused(500, "the command that gets the credentials failed unexpectedly")


async def _outcome(task: asyncio.Task[bytes]) -> bytes:
    """The output of a command, which is not cancelled with the caller."""
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled():
            raise Refused(423, "the agent was locked meanwhile") from None
        raise


def _kill(process: asyncio.subprocess.Process) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
