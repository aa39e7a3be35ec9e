"""Converts values to the types of parameters: text, numbers, switches, objects.

No error shows a value, since it may be a misplaced secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn

from keystead.errors import UsageError
from keystead.powershell.cmdlet import Parameter
from keystead.powershell.language.evaluation import Predicate
from keystead.powershell.language.tokens import number
from keystead.powershell.objects import AwsObject, spelled
from keystead.secret import MASK, Secret

_SWITCH_TEXTS = {"$true": True, "true": True, "$false": False, "false": False}


def fits_by_position(row: Parameter, value: object) -> bool:
    """Whether a positional value may go to ``row``: script blocks only to such parameters."""
    return isinstance(value, Predicate) == (row.kind == "block")


def fits_from_pipe(row: Parameter, value: object) -> bool:
    """Whether ``row`` accepts a piped value."""
    if row.kind == "object":
        return isinstance(value, AwsObject) and value.retrieve is not None
    if row.kind in ("string", "strings", "choice"):
        of_text = isinstance(value, AwsObject) and value.text is not None
        held = isinstance(value, Secret) and row.secret
        return of_text or held or (isinstance(value, str | int) and not isinstance(value, bool))
    if row.kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return row.kind == "any"


def converted(row: Parameter, value: object) -> object:
    """``value`` converted for ``row``; None stays None. Raises `UsageError` if it cannot be."""
    if row.kind == "switch":
        return _switch(row, value)
    if value is None or row.kind == "stream":
        return value
    if value == MASK:  # from a recalled or copied line
        raise UsageError(
            f"`-{row.name}` is the mask of a secret, not the secret itself",
            id="invalid-parameter-value",
            hint="type the value itself",
        )
    if isinstance(value, Predicate) != (row.kind == "block"):
        return _misfit(row)
    return _CONVERSIONS[row.kind](row, value)


def _misfit(row: Parameter) -> NoReturn:
    if row.kind == "block":
        raise UsageError(
            f"`-{row.name}` takes a comparison in braces, `{{ $_.Name -eq 'x' }}`",
            id="invalid-parameter-value",
        )
    raise UsageError(
        f"`-{row.name}` does not accept a script block",
        id="invalid-parameter-value",
        hint="give the name of a property; only Where-Object accepts script blocks",
    )


def _any(row: Parameter, value: object) -> object:
    """A value that the cmdlet itself interprets."""
    return Secret(value) if row.secret and isinstance(value, str) else value


def _object(row: Parameter, value: object) -> object:
    if isinstance(value, str | bool | int | Secret):
        raise UsageError(
            f"`-{row.name}` takes an object, not text",
            id="invalid-parameter-value",
            hint=f"give -{row.name} $variable",
        )
    return value


def _texts(row: Parameter, value: object) -> list[str | Secret]:
    items = value if isinstance(value, list | tuple) else [value]
    return [_text(row, item) for item in items]


def _text(row: Parameter, value: object) -> str | Secret:
    if isinstance(value, Secret):
        if not row.secret:
            raise UsageError(
                f"`-{row.name}` is shown, and does not accept a secret",
                id="invalid-parameter-value",
            )
        return value
    if isinstance(value, AwsObject) and value.text is not None:
        return value.text
    if isinstance(value, list | tuple):
        hint = "put a text with a comma in quotes"
        raise UsageError(
            f"`-{row.name}` takes one value, not an array", id="invalid-parameter-value", hint=hint
        )
    if isinstance(value, Mapping):
        raise UsageError(
            f"`-{row.name}` takes text, not a hash table", id="invalid-parameter-value"
        )
    if not isinstance(value, str | int | float):
        raise UsageError(f"`-{row.name}` takes text, not an object", id="invalid-parameter-value")
    return Secret(str(value)) if row.secret else str(value)


def _choice(row: Parameter, value: object) -> str:
    known = row.values if isinstance(row.values, tuple) else ()
    found = spelled(str(_text(row, value)), known)
    if found is None:
        raise UsageError(
            f"`-{row.name}` takes one of {', '.join(known)}", id="invalid-parameter-value"
        )
    return found


def _switch(row: Parameter, value: object) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    known = _SWITCH_TEXTS.get(value.lower()) if isinstance(value, str) else None
    if known is None:
        raise UsageError(
            f"`-{row.name}` is a switch and takes $true or $false", id="invalid-parameter-value"
        )
    return known


def _int(row: Parameter, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = number(value) if isinstance(value, str) else None
    if isinstance(found, int):
        return found
    raise UsageError(f"`-{row.name}` must be a whole number", id="invalid-parameter-value")


_CONVERSIONS: Mapping[str, Callable[[Parameter, object], object]] = {
    "string": _text,
    "strings": _texts,
    "choice": _choice,
    "int": _int,
    "object": _object,
    "block": lambda _, value: value,
    "any": _any,
}
