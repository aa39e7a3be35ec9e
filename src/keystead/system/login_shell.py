"""The user's shell: what ``SHELL`` names, else the system's."""

from __future__ import annotations

import os
import sys

from keystead.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.system import System

if sys.platform == "win32":
    _SHELLS = ("pwsh.exe", "powershell.exe", "cmd.exe")

    def login_shell(system: System) -> str:
        """The shell that started this process, else the first of PowerShell and cmd on PATH."""
        starter = system.user()
        if starter and starter.name.lower() in _SHELLS:
            return starter.path
        found = filter(None, map(system.program, _SHELLS))
        return next(found, system.environ.get("COMSPEC", _SHELLS[-1]))

else:

    def login_shell(system: System) -> str:
        """The path in ``SHELL``, else in the user's entry of passwd(5).

        Raises `UsageError` for a path that is not absolute.
        """
        import pwd

        named = system.environ.get("SHELL")
        if named and not os.path.isabs(named):
            raise UsageError(
                "SHELL is not an absolute path",
                hint="correct it, or name the shell: keystead exec NAME -- bash",
            )
        try:
            return named or pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"
        except KeyError:  # such as the user of a container
            return "/bin/sh"
