"""Values that come from outside: numbers within bounds and JSON, or a `ValueError`.

`int` accepts digits of other scripts, signs, spaces and underscores, and fails on 4,301 digits;
`json.loads` exceeds the recursion limit on deep nesting. Other programs choose these values.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` costs more than this module, and starting a command loads it
if TYPE_CHECKING:
    from typing import Any


def whole(text: str, low: int, high: int) -> int:
    """The number that ``text`` writes in ASCII digits, from ``low`` to ``high``.

    Raises `ValueError` whose text follows the name of the value. ``text`` may not be longer than
    ``high`` is, so that nothing is converted that cannot be within the bounds.
    """
    if text.isascii() and text.isdigit() and len(text) <= len(str(high)):
        found = int(text)
        if low <= found <= high:
            return found
    raise ValueError(f"is not a whole number from {low} to {high}")


def number(value: object, low: float, high: float) -> float:
    """The number that a JSON document holds, from ``low`` to ``high``. Raises as `whole`.

    True and false, which are numbers to Python, are not; neither are NaN and the infinities.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise ValueError(f"is not a number from {low:g} to {high:g}")


def parse_json(data: bytes | str) -> Any:  # noqa: ANN401  # JSON is anything
    """The value of a JSON document. Raises `ValueError`, also where it is nested too deep."""
    import json

    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("is nested too deep") from None
