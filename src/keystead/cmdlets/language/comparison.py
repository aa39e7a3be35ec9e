"""How PowerShell compares two values: the left one decides what the right one is taken for."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum

from keystead.cmdlets.language.lexemes import number
from keystead.cmdlets.objects import AwsObject
from keystead.errors import UsageError

_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)


def truth(value: object) -> bool:
    """What PowerShell takes for true: anything but nothing, zero, empty text and empty arrays."""
    if isinstance(value, list | tuple) and len(value) == 1:
        return truth(value[0])
    return bool(value)


def compare(operator: str, left: object, right: object) -> bool | list[object]:
    """``left -operator right``; of an array on the left, the items for which it is true.

    Raises `UsageError` for a pattern that cannot be read.
    """
    cased = operator.startswith("c") and operator != "contains"
    name = operator[1:] if cased or _is_marked(operator) else operator
    if name in ("contains", "notcontains"):
        return _within(right, left, cased=cased) == (name == "contains")
    if name in ("in", "notin"):
        return _within(left, right, cased=cased) == (name == "in")
    check = _CHECKS[name]
    if isinstance(left, list | tuple):
        return [item for item in left if check(item, right, cased)]
    return check(left, right, cased)


def sort_key(value: object, *, cased: bool = False) -> tuple[int, float, str]:
    """Orders values of any kinds: nothing first, then numbers, times and texts."""
    plain = _plain(value)
    if plain is None:
        return (0, 0.0, "")
    if isinstance(plain, int | float):
        return (1, float(plain), "")
    if isinstance(plain, datetime):
        return (2, _aware(plain).timestamp(), "")
    text = str(plain)
    return (3, 0.0, text if cased else text.casefold())


def equal(left: object, right: object, *, cased: bool = False) -> bool:
    """Whether two values are the same, the right one taken for what the left one is."""
    left, right = _alike(left, right)
    if left is None or right is None:
        return left is right
    if isinstance(left, str) and not cased:
        return left.casefold() == str(right).casefold()
    return left == right


def _is_marked(operator: str) -> bool:
    """Whether an ``i`` before the name only says that letter cases do not count."""
    return operator.startswith("i") and operator != "in"


def _within(item: object, among: object, *, cased: bool) -> bool:
    items = among if isinstance(among, list | tuple) else [among]
    return any(equal(other, item, cased=cased) for other in items)


def _ordered(left: object, right: object, cased: bool) -> int:  # as all checks
    left, right = _alike(left, right)
    one, other = sort_key(left, cased=cased), sort_key(right, cased=cased)
    return (one > other) - (one < other)


def _like(left: object, right: object, cased: bool) -> bool:  # as all checks
    text, pattern = str(_plain(left) or ""), str(_plain(right) or "")
    if not cased:
        text, pattern = text.casefold(), pattern.casefold()
    return fnmatch.fnmatchcase(text, pattern)


def _match(left: object, right: object, cased: bool) -> bool:  # as all checks
    try:
        pattern = re.compile(str(_plain(right) or ""), 0 if cased else re.IGNORECASE)
    except re.error:
        raise UsageError("the value of -match is no regular expression") from None
    return pattern.search(str(_plain(left) or "")) is not None


_CHECKS: dict[str, Callable[[object, object, bool], bool]] = {
    "eq": lambda left, right, cased: equal(left, right, cased=cased),
    "ne": lambda left, right, cased: not equal(left, right, cased=cased),
    "gt": lambda left, right, cased: _ordered(left, right, cased) > 0,
    "ge": lambda left, right, cased: _ordered(left, right, cased) >= 0,
    "lt": lambda left, right, cased: _ordered(left, right, cased) < 0,
    "le": lambda left, right, cased: _ordered(left, right, cased) <= 0,
    "like": _like,
    "notlike": lambda left, right, cased: not _like(left, right, cased),
    "match": _match,
    "notmatch": lambda left, right, cased: not _match(left, right, cased),
}


def _alike(left: object, right: object) -> tuple[object, object]:
    """Both values, the right one made into what the left one is where that can be."""
    left, right = _plain(left), _plain(right)
    if left is None or right is None:
        return left, right
    if isinstance(left, bool):
        return left, truth(right)
    if isinstance(left, int | float) and isinstance(right, str):
        found = number(right.strip())
        return left, right if found is None else found
    if isinstance(left, datetime):
        moment = _moment(right)
        return _aware(left), _aware(moment) if moment else right
    return left, str(right) if isinstance(left, str) else right


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, str | int | float | datetime):
        return value
    return value.text if isinstance(value, AwsObject) and value.text else str(value)


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    text = str(value)
    found = _SLASHES.fullmatch(text)
    try:
        if found:
            return datetime(int(found[3]), int(found[1]), int(found[2]), tzinfo=UTC)
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)
