"""The common parameters: messages, errors, and variables that store the output.

``-WhatIf`` and ``-Confirm`` are in `keystead.powershell.runner`.
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
def applied(state: State, values: Values) -> Iterator[None]:
    """Inside, messages and errors are handled as the cmdlet's common parameters say."""
    for parameter in ("OutVariable", "ErrorVariable"):
        found = _VARIABLE.fullmatch(values.get(parameter, "x"))
        if found is None or found[1].lower() in CONSTANTS:
            raise UsageError(
                f"`-{parameter}` takes the name of a variable, without `$`",
                id="invalid-parameter-value",
            )
    state.verbose, muted = bool(values.get("Verbose")), state.console.muted
    state.console.muted = muted or values.get("WarningAction", "Continue") != "Continue"
    try:
        yield
    except KeysteadError as error:
        if values.get("ErrorAction", "Stop") == "Stop":
            raise
        store_output(state, values.get("ErrorVariable"), [str(error)])
    finally:
        state.verbose, state.console.muted = False, muted


def store_output(state: State, name: str | None, items: Sequence[object]) -> None:
    """Stores ``items`` in the variable ``name``, unless None; appends if it begins with `+`."""
    if name is None:
        return
    variable = name.removeprefix("+").lower()
    before = state.variables.get(variable) if name.startswith("+") else None
    known = before if isinstance(before, list) else [] if before is None else [before]
    state.variables[variable] = [*known, *items]


def recording(items: Iterable[object], stored: list[object]) -> Iterator[object]:
    """Yields ``items`` and appends each to ``stored``."""
    for item in items:
        stored.append(item)
        yield item
