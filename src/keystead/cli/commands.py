"""The table of plain commands: which module of `keystead.cli` has each command.

The row is above the function that runs the command, so that a command loads its module only.
"""

from __future__ import annotations

from keystead.cli.command import ROWS, Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MODULES = {
    "list": "profiles",
    "show": "profiles",
    "pick": "pick",
    "set": "changes",
    "remove": "changes",
    "rename": "changes",
    "copy": "changes",
    "process": "process",
    "env": "env",
    "exec": "exec",
    "serve": "serve",
    "login": "login",
    "logout": "login",
    "console": "console",
    "audit": "audit",
    "status": "status",
    "whoami": "whoami",
    "plan": "plan",
    "explain": "explain",
    "dump": "dump",
    "lint": "lint",
    "doctor": "doctor",
    "sso": "sso",
    "sso accounts": "sso",
    "sso populate": "sso",
    "undo": "undo",
    "store": "stores",
    "store init": "protectors",
    "store status": "stores",
    "store lock": "agent",
    "store unlock": "agent",
    "store protectors": "protectors",
    "store protectors list": "protectors",
    "store protectors add": "protectors",
    "store protectors remove": "protectors",
    "store rekey": "protectors",
    "store accept": "protectors",
    "agent": "agent",
    "agent start": "agent",
    "agent stop": "agent",
    "agent status": "agent",
    "agent lock": "agent",
    "agent unlock": "agent",
    "agent launcher": "agent",
    "cache": "cache",
    "cache list": "cache",
    "cache clear": "cache",
    "shell": "shell",
    "completion": "completing.scripts",
    "powershell-module": "powershell",
    "help": "topics",
}
"""The module of each command by its full name, in the order of the help."""


def row(name: str) -> Command:
    """The row of the command ``name``."""
    __import__(f"{__package__}.{MODULES[name]}")
    return ROWS[name]


def rows(name: str = "") -> list[Command]:
    """The command ``name`` and its subcommands; all commands without a name."""
    beginning = f"{name} " if name else ""
    return [row(other) for other in MODULES if other == name or other.startswith(beginning)]


def name_of(words: Sequence[str]) -> str:
    """The longest name of a command at the beginning of a command line, "" for none."""
    name = ""
    for word in words:
        longer = f"{name} {word}" if name else word
        if " " in word or longer not in MODULES:
            break
        name = longer
    return name
