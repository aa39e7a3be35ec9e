"""PowerShell's comparison of two values: the right one is converted to the type of the left one.

Unsupported comparisons are refused. A differential test compares with a real PowerShell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NoReturn

from keystead.errors import UsageError
from keystead.powershell.language.tokens import number
from keystead.powershell.objects import AwsObject
from keystead.secret import Secret, reveal

_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_SIMPLE_TEXT = re.compile(r"[A-Za-z0-9 .:/_-]*", re.ASCII)


def truth(value: object) -> bool:
    """The truth value: false for null, zero, empty text and empty arrays.

    An array of one item has the truth value of the item; if that is an array, whether it has items.
    """
    if isinstance(value, list | tuple):
        if len(value) != 1:
            return bool(value)
        (item,) = value
        return bool(item) if isinstance(item, list | tuple) else truth(item)
    if isinstance(value, Secret):
        return bool(reveal(value))
    return isinstance(value, Mapping) or bool(value)


def compare(operator: str, left: object, right: object) -> bool | list[object]:
    """``left -operator right``; for an array on the left, the items for which it is true.

    Raises `UsageError` for an invalid pattern, and for values without an order.
    """
    cased = operator.startswith("c") and operator != "contains"
    name = operator[1:] if cased or _is_marked(operator) else operator
    if name in ("contains", "notcontains"):
        return _within(right, left, cased=cased) == (name == "contains")
    if name in ("in", "notin"):
        return _within(left, right, cased=cased) == (name == "in")
    check = _CHECKS[name]
    if name in _OF_TEXT:
        _text(_plain(right))  # refuse a value without text even for an empty array
    if not isinstance(left, list | tuple):
        return check(left, right, cased)
    found = [item for item in left if check(item, right, cased)]
    return [_text(_plain(item)) for item in found] if name.endswith("like") else found


def sort_key(value: object, *, cased: bool = False) -> tuple[int, float, str]:
    """Order values of any types: null first, then numbers, times and texts."""
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
    """Whether two values are equal, the right one converted to the type of the left one."""
    left, right = _plain(left), _plain(right)
    if left is None or right is None:
        return left is right
    if isinstance(left, str):
        other = _text(right)
        return left == other if cased else left.casefold() == other.casefold()
    if isinstance(left, bool):
        return left == truth(right)
    if isinstance(left, int | float):
        found = _number(right)
        return found is not None and left == found
    if isinstance(left, datetime):
        moment = _moment(right)
        return moment is not None and _aware(left) == _aware(moment)
    if isinstance(left, list | tuple):
        return False  # an array is not equal to an item
    return left is right


def _is_marked(operator: str) -> bool:
    """Whether the name begins with an ``i`` for a comparison that ignores case."""
    return operator.startswith("i") and operator != "in"


def _within(item: object, among: object, *, cased: bool) -> bool:
    """Whether an item of ``among`` is ``item``."""
    items = among if isinstance(among, list | tuple) else [among]
    return any(equal(other, item, cased=cased) for other in items)


def _ordered(left: object, right: object, cased: bool) -> int:  # as all checks
    left, right = _plain(left), _plain(right)
    if left is None or right is None:
        return _ordered_with_nothing(left, right)
    if isinstance(left, str):
        return _sign(_collated(left, cased=cased), _collated(_text(right), cased=cased))
    if isinstance(left, bool):
        return _sign(left, truth(right))
    if isinstance(left, int | float):
        found = _number(right)
        return _unordered() if found is None else _sign(left, found)
    if isinstance(left, datetime):
        moment = _moment(right)
        return _unordered() if moment is None else _sign(_aware(left), _aware(moment))
    return _unordered()


def _ordered_with_nothing(left: object, right: object) -> int:
    """Null is less than everything except negative numbers."""
    if left is None and right is None:
        return 0
    other = right if left is None else left
    if isinstance(other, list | tuple | Mapping | AwsObject):
        return _unordered()
    below = isinstance(other, int | float) and other < 0
    return (1 if below else -1) if left is None else (-1 if below else 1)


def _collated(text: str, *, cased: bool) -> tuple[object, ...]:
    """Order texts as the invariant culture does. Raises `UsageError` for unsupported characters."""
    if not _SIMPLE_TEXT.fullmatch(text):
        raise UsageError(
            "text with characters other than A to Z, digits and `.:/_-` cannot be ordered",
            hint="-eq, -like and -match compare any text",
        )
    folded = tuple((char.isalnum(), char.isalpha(), char.lower()) for char in text)
    return (folded, tuple(char.isupper() for char in text)) if cased else (folded,)


def _sign(one: object, other: object) -> int:
    return int(one > other) - int(one < other)  # type: ignore[operator]


def _unordered() -> NoReturn:
    raise UsageError("the compared values have no order", hint="-eq compares any values")


def _like(left: object, right: object, cased: bool) -> bool:  # as all checks
    pattern = wildcard(_text(_plain(right)), cased=cased)
    return pattern.fullmatch(_text(_plain(left))) is not None


def wildcard(pattern: str, *, cased: bool = False) -> re.Pattern[str]:
    """PowerShell's pattern: ``*``, ``?``, ``[a-c]``; a backtick escapes a character."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        end = pattern.find("]", at + 2)
        if char == "`" and at + 1 < len(pattern):
            at += 1
            parts.append(re.escape(pattern[at]))
        elif char == "[" and end > 0:
            inside = re.sub(r"([\\^\[\]&~|])", r"\\\1", pattern[at + 1 : end])
            parts.append(f"[{inside}]")
            at = end
        elif char == "[":
            raise UsageError(
                "a `[` in the pattern of -like is not closed",
                hint="write ``[ for the character itself",
            )
        else:
            parts.append({"*": ".*", "?": "."}.get(char) or re.escape(char))
        at += 1
    try:
        return re.compile("".join(parts), re.DOTALL | (0 if cased else re.IGNORECASE))
    except re.error:
        raise UsageError("the pattern of -like cannot be read") from None


def _match(left: object, right: object, cased: bool) -> bool:  # as all checks
    try:
        pattern = re.compile(_text(_plain(right)), 0 if cased else re.IGNORECASE)
    except re.error:
        raise UsageError("the value of -match is not a valid regular expression") from None
    return pattern.search(_text(_plain(left))) is not None


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


_OF_TEXT = ("like", "notlike", "match", "notmatch")


def _text(value: object) -> str:
    """A value as text. Raises `UsageError` for objects."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        plain = [_plain(item) for item in value]
        if not any(isinstance(item, list | tuple) for item in plain):
            return " ".join(map(_text, plain))
    if isinstance(value, Mapping | AwsObject | list | tuple):
        raise UsageError(
            "an object or a list of lists cannot be compared as text",
            hint="compare a property of it",
        )
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004  # as .NET writes them
    return str(value)


def _number(value: object) -> int | float | None:
    """A value as a number, None if it is not one."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return number(value.strip()) if value.strip() else 0
    return None


def _plain(value: object) -> object:
    if isinstance(value, Secret):
        return reveal(value)
    return value.text if isinstance(value, AwsObject) and value.text else value


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        return None
    found = _SLASHES.fullmatch(value)
    try:
        if found:
            return datetime(int(found[3]), int(found[1]), int(found[2]), tzinfo=UTC)
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)
