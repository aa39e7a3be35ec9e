"""Variables as lines that a shell evaluates, each quoted by that shell's own rules.

`SHELLS` is the table: a new syntax is a row. Values are quoted whole, so that no character of a
value means anything to the shell; a value with a line break or NUL, which no AWS credential has,
is refused before it gets here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from keystead.errors import KeysteadError

_PLAIN = re.compile(r"[A-Za-z0-9_./:=+@,-]+")


class Shell(NamedTuple):
    """How one syntax sets a variable and takes one away (empty: it cannot)."""

    set: Callable[[str, str], str]
    unset: Callable[[str], str]


def _posix(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def _fish(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(value: str) -> str:
    # PowerShell takes the typographic quotes for the plain one, so they are doubled as well.
    for quote in "'\u2018\u2019\u201a\u201b":
        value = value.replace(quote, quote * 2)
    return f"'{value}'"


def _cmd(value: str) -> str:
    # Inside set "NAME=VALUE" only % is special in a batch file, and doubled it is itself.
    if '"' in value:
        raise KeysteadError("cmd cannot quote a value that contains a double quote")
    return value.replace("%", "%%")


def _dotenv(value: str) -> str:
    # Some readers (docker --env-file, kubectl, systemd) take quotes for a part of the value, so
    # what no reader could misread, which AWS's credentials are, goes without. The others differ in
    # how a single quote is written, and in double quotes some run what is in backticks.
    if _PLAIN.fullmatch(value):
        return value
    if "'" in value:
        raise KeysteadError("a dotenv file cannot quote a value that contains a single quote")
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


def render(shell: str, given: Mapping[str, str], stale: Iterable[str]) -> str:
    """The text to evaluate in ``shell``: takes ``stale`` variables away and sets ``given``."""
    if any(set(value) & {"\n", "\r", "\0"} for value in given.values()):
        raise KeysteadError("a credential contains a line break, which no shell line can hold")
    if shell == "json":
        return json.dumps(dict(given), indent=2)
    syntax = SHELLS[shell]
    lines = [syntax.unset(name) for name in stale]
    lines += [syntax.set(name, value) for name, value in given.items()]
    return "\n".join(line for line in lines if line)
