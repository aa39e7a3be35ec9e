"""The agent's fork server: a separate program, as the agent's memory contains keys.

It ends with the agent, and with each re-execution of the agent, as a pipe between them closes.
"""

from __future__ import annotations

import asyncio
import os
import select
import sys
from collections.abc import Iterable, Mapping

from keystead.agent.restart import Settings

_ARGV = (sys.executable, "-P", "-m", "keystead.warm")
_AT_START = ("PYTHON", "LD_", "OPENSSL_", "SSL_", "MALLOC_", "GLIBC_")
_LOCALE = ("LANG", "LC_", "LOCPATH")
"""Of these Python takes encodings alone, which `protocol.build` of `keystead.warm` compares."""

_PAUSE_SECONDS = 1.0
"""Until the command that requested it, which runs without it, has probably ended."""


def at_start(environ: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The variables that have their effect when an interpreter starts, but those of the locale."""
    return {name: value for name, value in environ if name.startswith(_AT_START)}


def _of_start(environ: Mapping[str, str]) -> dict[str, str]:
    locale = {name: value for name, value in environ.items() if name.startswith(_LOCALE)}
    return at_start(environ.items()) | locale


class ForkServer:
    """The fork server of an agent with these settings; started when a command requests it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._starting: asyncio.Task[None] | None = None
        self._pipe: int | None = None
        self._fails = sys.platform != "linux"

    def start(self) -> None:
        """Starts it unless it is running or starting, or could not be started."""
        if self._fails or self._starting or self._is_running():
            return
        self._starting = asyncio.create_task(self._start())

    def end(self) -> None:
        """Makes it end once its children have."""
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None

    def _is_running(self) -> bool:
        if sys.platform == "win32" or self._pipe is None:
            return False
        else:  # noqa: RET505  # a branch for the type checker of each platform
            poll = select.poll()
            poll.register(self._pipe, 0)
            return not poll.poll(0)  # else an error: its other end is closed

    async def _start(self) -> None:
        self.end()
        await asyncio.sleep(_PAUSE_SECONDS)
        read, self._pipe = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *_ARGV,
                os.fsdecode(self._settings.path),
                env=_of_start(self._settings.environ),
                cwd="/",
                stdin=read,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
            self._fails = await process.wait() != 0
        except OSError:
            self._fails = True
        finally:
            os.close(read)
            self._starting = None
