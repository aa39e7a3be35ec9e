"""What the common parameters ask of a cmdlet: how it speaks, and which variables keep its output.

``-WhatIf`` and ``-Confirm`` decide whether it runs, which is for `keystead.powershell.runner`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence

from keystead.errors import KeysteadError, UsageError
from keystead.powershell.cmdlet import Values
from keystead.powershell.engine.state import State
from keystead.powershell.language.evaluation import CONSTANTS

_VARIABLE = re.compile(r"\+?(\w+)")


@contextlib.contextmanager
def manner(state: State, values: Values) -> Iterator[None]:
    """Inside, the shell speaks and takes errors as the parameters of the cmdlet want it."""
    for parameter in ("OutVariable", "ErrorVariable"):
        found = _VARIABLE.fullmatch(values.get(parameter, "x"))
        if found is None or found[1].lower() in CONSTANTS:
            raise UsageError(f"`-{parameter}` takes the name of a variable, without `$`")
    state.verbose, muted = bool(values.get("Verbose")), state.console.muted
    state.console.muted = muted or values.get("WarningAction", "Continue") != "Continue"
    try:
        yield
    except KeysteadError as error:
        if values.get("ErrorAction", "Stop") == "Stop":
            raise
        keep(state, values.get("ErrorVariable"), [str(error)])
    finally:
        state.verbose, state.console.muted = False, muted


def keep(state: State, name: str | None, items: Sequence[object]) -> None:
    """Puts ``items`` into the variable ``name``, if there is one; adds them where it has a `+`."""
    if name is None:
        return
    variable = name.removeprefix("+").lower()
    before = state.variables.get(variable) if name.startswith("+") else None
    known = before if isinstance(before, list) else [] if before is None else [before]
    state.variables[variable] = [*known, *items]


def passing(items: Iterable[object], kept: list[object]) -> Iterator[object]:
    """The ``items`` as they come, each of which is put into ``kept`` too."""
    for item in items:
        kept.append(item)
        yield item
