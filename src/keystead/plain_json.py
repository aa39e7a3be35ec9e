"""JSON of plain values, without the module `json` where all texts are printable ASCII.

That module takes a tenth of an empty Python to load.
"""

from __future__ import annotations

from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    Plain = str | int | None | Mapping[str, "Plain"]

_ODD = {'"', "\\"}
SPACED, COMPACT = (", ", ": "), (",", ":")


def dumps(value: Plain, separators: tuple[str, str] = SPACED) -> str:
    """As `json.dumps` does."""
    if value is None:
        return "null"
    if type(value) is int:
        return str(value)
    if isinstance(value, Mapping):
        comma, colon = separators
        items = (f"{dumps(k)}{colon}{dumps(v, separators)}" for k, v in value.items())
        return "{" + comma.join(items) + "}"
    if isinstance(value, str) and value.isascii() and value.isprintable() and not _ODD & {*value}:
        return f'"{value}"'
    import json

    return json.dumps(value)
