"""Access to environment, clock, files, folders and terminal, which no other package touches."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping

from keystead.errors import FileProblem, Origin
from keystead.prompts import Prompts
from keystead.system import executable
from keystead.system.files import Files
from keystead.system.folders import Folders
from keystead.system.keyring import Keyring
from keystead.system.server_time import ServerTime
from keystead.system.terminal import NO_INPUT_VARIABLE, NoTerminal, Terminal
from keystead.value import Protocol, Value, field, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime, tzinfo

__all__ = ["Dpapi", "Files", "Folders", "Keyring", "ServerTime", "System", "Terminal"]


class Dpapi(Protocol):
    """Windows' data protection, with the .NET SDK's parameters, for the user logged on."""

    def protect(self, data: bytes, /) -> bytes:
        """Encrypts ``data``. Raises `StoreUnavailable`."""

    def unprotect(self, blob: bytes, /) -> bytes:
        """Decrypts what `protect` returned. Raises `StoreUnavailable`."""


def _dpapi() -> Dpapi | None:
    """The data protection of Windows; None on other systems."""
    if sys.platform == "win32":
        from keystead.system import dpapi

        return dpapi
    else:  # noqa: RET505  # a branch for the type checker of each platform
        return None


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def _uptime() -> float:
    """Seconds since the machine started, including sleep where the system counts it."""
    if sys.platform == "win32":
        return time.monotonic()
    else:  # noqa: RET505  # a branch for the type checker of each platform
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class System(Value):
    """Everything outside of the process that keystead uses; tests replace parts of it."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    exported: Mapping[str, str] | None = field(default=None, repr=False)
    """The environment including the variables that keystead set; None where it set none."""
    clock: Callable[[], datetime] = _now
    uptime: Callable[[], float] = _uptime
    server_time: ServerTime = field(default_factory=ServerTime)
    sleep: Callable[[float], None] = time.sleep
    files: Files = field(default_factory=Files)
    terminal: Terminal = field(default_factory=Terminal)
    keyring: Keyring = field(default_factory=Keyring)
    dpapi: Dpapi | None = field(default_factory=_dpapi)
    prompts: Prompts = field(default_factory=Prompts)
    user: Callable[[], executable.Executable | None] = executable.parent
    """Returns the program that started this process."""

    def __post_init__(self) -> None:
        if self.environ.get(NO_INPUT_VARIABLE, "0") not in ("", "0"):
            object.__setattr__(self, "terminal", NoTerminal())

    def without_input(self) -> System:
        """The same without a terminal, also for the programs that are started with it."""
        return replace(self, environ={**self.environ, NO_INPUT_VARIABLE: "1"})

    @property
    def folders(self) -> Folders:
        """The folders and files that the environment names."""
        return Folders(self.environ)

    def read(self, path: str) -> bytes:
        """The bytes of the file at ``path``, with `~` expanded. Raises `FileProblem`."""
        data = self.files.read(self.folders.expand(path)).data
        if data is None:
            raise FileProblem("there is no such file", id="file-missing", where=Origin(path))
        return data

    def program(self, name: str) -> str | None:
        """The path of the program ``name`` in ``PATH``, None when there is none."""
        return executable.which(name, self.environ.get("PATH", os.defpath))

    def zone(self) -> tzinfo:
        """The time zone to show times in."""
        from datetime import UTC, datetime

        return datetime.now().astimezone().tzinfo or UTC
