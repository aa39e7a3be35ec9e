"""The recipient of credentials."""

from __future__ import annotations

from keystead import caller
from keystead.system.executable import Executable, executable_of
from keystead.value import Value, field


class Grantee(Value):
    """A process that gets credentials by a ``channel``: a command's name, ``session``, ``library``,
    ``cmdlet`` or ``agent``.

    ``pid`` is None if unknown. ``program`` is by default that of the process.
    """

    channel: str
    pid: int | None = field(default_factory=lambda: caller.process.pid)
    program: Executable | None = None

    @property
    def path(self) -> str | None:
        """The path of the program's executable file, if known."""
        program = self.program or (executable_of(self.pid) if self.pid is not None else None)
        return program.path if program else None
