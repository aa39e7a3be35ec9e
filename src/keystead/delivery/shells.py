"""Variables as lines that a shell evaluates, quoted by the rules of each shell.

A new syntax is a row of `SHELLS`. Values with a line break or NUL are refused before.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping

from keystead.errors import KeysteadError, UsageError
from keystead.value import NamedTuple

_PLAIN = r"[A-Za-z0-9_./:=+@,-]*"
# A quote; what python-dotenv expands; a backslash that may be read as an escape.
_NO_DOTENV = r"'|\$\{|\\\\|\\$"


class Shell(NamedTuple):
    """How one syntax sets a variable and unsets one (empty: it cannot)."""

    set: Callable[[str, str], str]
    unset: Callable[[str], str]


def _posix(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def _fish(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(value: str) -> str:
    # PowerShell reads typographic quotes as plain ones, so they are doubled as well.
    for quote in "'\u2018\u2019\u201a\u201b":
        value = value.replace(quote, quote * 2)
    return f"'{value}'"


def _cmd(value: str) -> str:
    # Inside set "NAME=VALUE" only % is special in a batch file, and is escaped by doubling it.
    if '"' in value:
        raise KeysteadError(
            "cmd cannot quote a value that contains a double quote", id="value-not-quotable"
        )
    return value.replace("%", "%%")


def _dotenv(value: str) -> str:
    # Some readers (docker --env-file, kubectl, systemd) read quotes as part of the value, so plain
    # values, such as AWS's credentials, are not quoted. Others differ in how a single quote is
    # escaped, and some run what is in backticks inside double quotes.
    if re.fullmatch(_PLAIN, value):
        return value
    if re.search(_NO_DOTENV, value):
        raise KeysteadError(
            "readers of dotenv files differ on a value with a single quote, `${`, or a backslash "
            "before another one or at the end",
            id="value-not-quotable",
            hint="use --shell json, or `keystead exec`",
        )
    return f"'{value}'"


_POSIX = Shell(lambda k, v: f"export {k}={_posix(v)}", lambda k: f"unset {k}")

SHELLS: dict[str, Shell] = {
    "bash": _POSIX,
    "zsh": _POSIX,
    "fish": Shell(lambda k, v: f"set -gx {k} {_fish(v)}", lambda k: f"set -e {k}"),
    "powershell": Shell(
        lambda k, v: f"$Env:{k} = {_powershell(v)}",
        lambda k: f"Remove-Item -ErrorAction SilentlyContinue Env:{k}",
    ),
    "cmd": Shell(lambda k, v: f'set "{k}={_cmd(v)}"', lambda k: f'set "{k}="'),
    "dotenv": Shell(lambda k, v: f"{k}={_dotenv(v)}", lambda _: ""),
}

NAMES = (*SHELLS, "json")

_SYNTAX_OF = {
    **dict.fromkeys(("sh", "ash", "bash", "busybox", "dash", "ksh", "ksh93", "mksh"), "bash"),
    **dict.fromkeys(("posh", "rbash", "yash"), "bash"),
    "zsh": "zsh",
    "fish": "fish",
    **dict.fromkeys(("pwsh", "pwsh-lts", "pwsh-preview", "powershell"), "powershell"),
    "cmd": "cmd",
}
"""The syntax of each shell, by its program name without ``.exe``."""

_OTHERWISE = {
    "nu": "in nu: `keystead env NAME --shell json | from json | load-env`",
    "elvish": "in elvish: `keystead env NAME --shell json | from-json`, then `set-env`",
}
"""How shells that read JSON get the variables."""


def login_shell_syntax(environ: Mapping[str, str]) -> str:
    """The syntax for the shell that ``SHELL`` names, else for the platform's shell.

    Raises `UsageError` for an unknown shell.
    """
    path = environ.get("SHELL")
    if not path:
        return "powershell" if os.name == "nt" else "bash"
    name = path.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    if name in _SYNTAX_OF:
        return _SYNTAX_OF[name]
    run_in_it = f"or run the shell with credentials: `keystead exec NAME -- {name}`"
    raise UsageError(
        f"no syntax is known for the shell `{name}`, which SHELL names",
        id="unknown-shell",
        hint=_OTHERWISE.get(name, f"choose one with --shell, {run_in_it}"),
    )


def render(shell: str, given: Mapping[str, str], stale: Iterable[str]) -> str:
    """The text to evaluate in ``shell``: unsets ``stale`` variables and sets ``given``."""
    if any(set(value) & {"\n", "\r", "\0"} for value in given.values()):
        raise KeysteadError(
            "a credential contains a line break, which no shell line can hold",
            id="value-not-quotable",
        )
    if shell == "json":
        import json

        return json.dumps(dict(given), indent=2)
    syntax = SHELLS[shell]
    lines = [syntax.unset(name) for name in stale]
    lines += [syntax.set(name, value) for name, value in given.items()]
    return "\n".join(line for line in lines if line)


def render_unset(shell: str, restored: Mapping[str, str], stale: Iterable[str]) -> str:
    """The text that unsets variables; in JSON their values are null.

    Raises `UsageError` for a dotenv file, which can only set variables.
    """
    if shell == "dotenv":
        raise UsageError("a dotenv file cannot unset a variable", hint="remove the file")
    if shell == "json":
        import json

        return json.dumps({**dict.fromkeys(stale), **restored}, indent=2)
    return render(shell, restored, stale)
