"""Several commands at a time, each with its output in files, so that no output fills the memory.

Each has its own session, without the terminal: two commands cannot ask there at once, and
Ctrl-C reaches keystead alone, which ends them all.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess  # noqa: TID251  # as in `keystead.delivery.exec`
import sys
import tempfile
import time
from concurrent.futures import Future, wait
from queue import SimpleQueue
from threading import Lock, Thread

from keystead import caller
from keystead.delivery.exec import Prepared, start_errors
from keystead.errors import KeysteadError
from keystead.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import FrameType
    from typing import IO, Self

GRACE_SECONDS = 2.0
"""Time between SIGTERM and SIGKILL."""

_TICK_SECONDS = 0.02
_SIGNAL_SECONDS = 0.5
_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Outcome(Value):
    """The exit code of a command, 128 and more for a signal, its seconds, and its output.

    ``error``: why it was not run.
    """

    code: int
    seconds: float = 0.0
    output: IO[bytes] | None = None
    errors: IO[bytes] | None = None
    error: KeysteadError | None = None

    @classmethod
    def refused(cls, error: KeysteadError) -> Outcome:
        """The outcome of a command that was not run."""
        return cls(error.exit_code, error=error)

    def close(self) -> None:
        """Remove the output."""
        for file in filter(None, (self.output, self.errors)):
            file.close()


class Batch:
    """Runs ``command`` with one environment after the other, ``jobs`` of them at a time.

    A signal, or an exception in the block, ends all that run.
    """

    def __init__(self, command: Sequence[str], jobs: int) -> None:
        caller.process.require_own_process()
        self._command = [*command]
        self._due: SimpleQueue[tuple[Callable[[], Prepared], Future[Outcome]]] = SimpleQueue()
        self._lock = Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_ended = False
        self._stack = contextlib.ExitStack()
        self._jobs = jobs
        self._workers = 0

    def __enter__(self) -> Self:
        self._stack.enter_context(_signals_raised())
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            if error:
                self.end()
        finally:
            self._stack.close()
            if isinstance(error, _Signalled):
                signal.raise_signal(error.args[0])

    def submit(self, prepare: Callable[[], Prepared], future: Future[Outcome]) -> None:
        """Run it when its turn comes, for ``future``; an error of ``prepare`` is its outcome."""
        self._due.put((prepare, future))
        if self._workers < self._jobs:
            self._workers += 1
            # A daemon is not waited for at the end: AWS may be slow to answer it.
            Thread(target=self._work, daemon=True).start()

    def outcome(self, future: Future[Outcome]) -> Outcome:
        """The outcome of what was submitted; waits for it."""
        while not future.done():
            # A signal that another thread receives does not end waiting, and is handled after it.
            wait([future], timeout=_SIGNAL_SECONDS)
        return future.result()

    def end(self, futures: Iterable[Future[Outcome]] = ()) -> set[Future[Outcome]]:
        """End what runs, with its children: by SIGTERM, after a while by SIGKILL.

        Returns those of ``futures`` whose command was run.
        """
        with self._lock:
            self._is_ended = True
            left = [*self._running]
        try:
            for process in left:
                _signal(process, signal.SIGTERM)
            until = time.monotonic() + GRACE_SECONDS
            while any(map(_is_running, left)) and time.monotonic() < until:
                time.sleep(_TICK_SECONDS)  # noqa: TID251  # no `System` is at hand
        finally:  # also after a second Ctrl-C
            for process in left:
                _signal(process, _KILL)
        # Those that wait for AWS are not waited for any longer.
        done = wait(futures, timeout=GRACE_SECONDS).done
        return {future for future in done if not future.cancelled()}

    def _work(self) -> None:
        while True:
            prepare, future = self._due.get()
            if self._is_ended:
                future.cancel()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._run(prepare))
            except BaseException as error:  # noqa: BLE001  # it is raised where the result is read
                future.set_exception(error)

    def _run(self, prepare: Callable[[], Prepared]) -> Outcome:
        try:
            prepared = prepare()
            try:
                return self._outcome(prepared.environment)
            finally:
                if prepared.at_end:
                    prepared.at_end()
        except KeysteadError as error:
            return Outcome.refused(error)

    def _outcome(self, environment: Mapping[str, str]) -> Outcome:
        # They have no name in the file system, so that nothing of them remains after a crash.
        output, errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115  # closed by `Outcome.close`
        began = time.monotonic()
        process = self._started(environment, output, errors)
        code = process.wait() if process else 128 + signal.SIGTERM
        with self._lock:
            self._running.discard(process)
        return Outcome(128 - code if code < 0 else code, time.monotonic() - began, output, errors)

    def _started(
        self, environment: Mapping[str, str], output: IO[bytes], errors: IO[bytes]
    ) -> subprocess.Popen[bytes] | None:
        with self._lock, start_errors(self._command[0]):
            if self._is_ended:
                return None
            process = subprocess.Popen(  # noqa: S603  # the user's own command
                self._command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
            self._running.add(process)
            return process


if sys.platform == "win32":
    _KILL = signal.SIGTERM

    def _signal(process: subprocess.Popen[bytes], _number: int) -> None:
        process.kill()

    def _is_running(process: subprocess.Popen[bytes]) -> bool:
        return process.poll() is None

else:
    _KILL = signal.SIGKILL

    def _signal(process: subprocess.Popen[bytes], number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # no process is left
            os.killpg(process.pid, number)

    def _is_running(process: subprocess.Popen[bytes]) -> bool:
        """Whether one of its group is there."""
        try:
            os.killpg(process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True


class _Signalled(BaseException):  # control flow, as KeyboardInterrupt
    """A signal that ends this process."""


@contextlib.contextmanager
def _signals_raised() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block by an exception, and then this process."""

    def heard(number: int, _frame: FrameType | None) -> None:
        raise _Signalled(number)

    before = {
        number: signal.signal(number, heard)
        for number in _SIGNALS
        if signal.getsignal(number) is signal.SIG_DFL
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
