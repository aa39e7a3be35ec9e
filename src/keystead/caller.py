"""The process that a command runs for: this one, or the client of the fork server that forked it.

Whatever needs a terminal, standard input or another program calls `require_own_process` first, and
whatever a second run would repeat calls `commit`.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn


class HandBack(BaseException):  # control flow, as KeyboardInterrupt
    """Ends a command of which nothing is to be seen yet; the client runs it again itself."""


class Caller:
    """The process itself."""

    @property
    def pid(self) -> int:
        """Its process id, which is also that of a program that it executes."""
        return os.getpid()

    @property
    def parent(self) -> int:
        """The process id of the program that started it."""
        return os.getppid()

    @property
    def status_file(self) -> str:
        """The file in which Linux describes it; see proc_pid_stat(5)."""
        return "/proc/self/stat"

    def watch(self) -> int:
        """A descriptor that is readable once it has ended. Raises `OSError`."""
        if sys.platform == "linux":
            return os.pidfd_open(os.getpid())
        raise OSError("there are no descriptors of processes")

    def has_terminal(self, name: str) -> bool:
        """Whether its controlling terminal can be opened under ``name``."""
        try:
            with open(name, "r+b", buffering=0):
                return True
        except OSError:
            return False

    def require_own_process(self) -> None:
        """Raises `HandBack` in another process than the caller's."""

    def commit(self) -> None:
        """From now on, a second run of the command would repeat something."""

    def execute(self, command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
        """Replaces it by the command. Raises `OSError`."""
        os.execvpe(command[0], list(command), dict(environ))  # noqa: S606  # the user's own command


process = Caller()
"""The caller; a child of the fork server sets another one."""
