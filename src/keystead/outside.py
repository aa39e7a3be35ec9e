"""Parsing values from other programs: numbers and times within bounds, JSON and text.

`int` accepts digits of other scripts, signs, spaces and underscores, and fails on 4,301 digits;
`json.loads` exceeds the recursion limit on deep nesting; dates overflow near the years 1 and 9999.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` costs more than this module, and starting a command loads it
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any


def whole(text: str, low: int, high: int) -> int:
    """Parses ASCII digits, at most as many as ``high`` has, as a number from ``low`` to ``high``.

    Raises `ValueError`, whose text is to follow the name of the value.
    """
    if text.isascii() and text.isdigit() and len(text) <= len(str(high)):
        found = int(text)
        if low <= found <= high:
            return found
    raise ValueError(f"is not a whole number from {low} to {high}")


def number(value: object, low: float, high: float) -> float:
    """A JSON number from ``low`` to ``high``, not a boolean, NaN or infinity. Raises as `whole`."""
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise ValueError(f"is not a number from {low:g} to {high:g}")


def counted(value: object, low: int, high: int) -> int:
    """A whole JSON number from ``low`` to ``high``. Raises as `whole`."""
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise ValueError(f"is not a whole number from {low} to {high}")


def text_in(value: object) -> str:
    """A JSON string. Raises as `whole`."""
    if not isinstance(value, str):
        raise ValueError("is not text")  # noqa: TRY004  # a value of a document, not an argument
    return value


def parse_moment(text: object) -> datetime:
    """An ISO 8601 time from 1970 on, by default in UTC. Raises as `whole`.

    One in the year 9999 becomes the end of 9998, so that every time zone can show it.
    """
    from datetime import UTC, datetime

    first, last = datetime(1970, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
    try:
        found = datetime.fromisoformat(text_in(text))
    except ValueError:
        raise ValueError("is not an ISO 8601 time") from None
    found = min(found if found.tzinfo else found.replace(tzinfo=UTC), last)
    if found < first:
        raise ValueError("is not an ISO 8601 time from 1970 on")
    return found.astimezone(UTC)


def parse_json(data: bytes | str) -> Any:  # noqa: ANN401  # JSON is anything
    """Parses JSON. Raises `ValueError`, also where it is nested too deep."""
    import json

    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("is nested too deep") from None
