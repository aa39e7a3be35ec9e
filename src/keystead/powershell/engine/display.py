"""Plain data as PowerShell shows it: tables, lists, and the rule that chooses between them.

Text in, text out: nothing is printed here, and no width of a terminal is known. Names and values
come from files and services, so whatever could drive a terminal is shown escaped; a secret is
shown as its mask.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from enum import Enum

from keystead.powershell.objects import AwsObject
from keystead.secret import Secret
from keystead.system.printable import one_line, printable

TABLE_COLUMNS = 4
"""Objects with up to so many properties are shown as a table, others as a list."""

Row = Mapping[str, object]


class Formatted(str):
    """Text that Format-Table or Format-List made: to be shown, and no more an object."""

    __slots__ = ()


def table(rows: Sequence[Row], columns: Sequence[str] | None = None, *, zone: tzinfo = UTC) -> str:
    """``rows`` under headings; empty text for no rows.

    ``columns`` chooses and orders the properties; without it all that any row has are shown.
    Columns of numbers are aligned to the right. Times are shown in ``zone``.
    """
    if not rows:
        return ""
    names = list(_properties(rows) if columns is None else columns)
    drawn = [_column(name, [row.get(name) for row in rows], zone) for name in names]
    return "\n".join(" ".join(cells).rstrip() for cells in zip(*drawn, strict=True))


def listing(row: Row, *, zone: tzinfo = UTC) -> str:
    """One ``Name : value`` line for each property."""
    names = [one_line(name) for name in row]
    width = max(map(cell_width, names), default=0)
    return "\n".join(
        f"{_pad(name, width)} : {cell(value, zone=zone)}".rstrip()
        for name, value in zip(names, row.values(), strict=True)
    )


def show(objects: Iterable[object], *, zone: tzinfo = UTC) -> str:
    """Any objects as PowerShell shows them: small ones as a table, larger ones as lists.

    Text stands as it is, line breaks included; None shows as nothing.
    """
    blocks: list[str] = []
    shown = (item for item in objects if item is not None)
    for is_row, group in itertools.groupby(shown, lambda item: isinstance(item, Mapping)):
        if not is_row:
            blocks.append("\n".join(_as_text(item, zone) for item in group))
            continue
        rows = [item for item in group if isinstance(item, Mapping)]
        if len(_properties(rows)) <= TABLE_COLUMNS:
            blocks.append(table(rows, zone=zone))
        else:
            blocks.extend(listing(row, zone=zone) for row in rows)
    return "\n\n".join(blocks)


def cell(value: object, *, zone: tzinfo = UTC) -> str:
    """The text of one value, on one line."""
    if value is None:
        return ""
    if isinstance(value, Enum):
        return cell(value.value, zone=zone)
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, datetime):
        return _moment(value, zone)
    if isinstance(value, AwsObject) and value.text is None:
        return cell(value.properties, zone=zone)
    if isinstance(value, Mapping):
        inner = "; ".join(f"{one_line(str(k))}={cell(v, zone=zone)}" for k, v in value.items())
        return f"@{{{inner}}}"
    if isinstance(value, list | tuple | set | frozenset):
        return "{" + ", ".join(cell(item, zone=zone) for item in value) + "}"
    return one_line(str(value))


def cell_width(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def _properties(rows: Iterable[Row]) -> dict[str, None]:
    return dict.fromkeys(name for row in rows for name in row)


def _column(name: str, values: Sequence[object], zone: tzinfo) -> list[str]:
    heading = one_line(name)
    cells = [cell(value, zone=zone) for value in values]
    rule = "-" * cell_width(heading)
    numbers = [value for value in values if value is not None]
    right = bool(numbers) and all(_is_number(value) for value in numbers)
    lines = [heading, rule, *cells]
    width = max(map(cell_width, lines))
    return [_pad(line, width, right=right) for line in lines]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pad(text: str, width: int, *, right: bool = False) -> str:
    blanks = " " * (width - cell_width(text))
    return blanks + text if right else text + blanks


def _as_text(value: object, zone: tzinfo) -> str:
    if isinstance(value, Formatted):
        return str(value)
    if isinstance(value, str | Secret) and not isinstance(value, Enum):
        return printable(str(value))
    return cell(value, zone=zone)


def _moment(value: datetime, zone: tzinfo) -> str:
    try:
        local = value.astimezone(zone) if value.tzinfo else value
    except OverflowError:  # the last or first day that there is, in a zone where it is another
        local = value
    hour = local.hour % 12 or 12
    half = "AM" if local.hour < 12 else "PM"  # noqa: PLR2004  # noon
    return (
        f"{local.month}/{local.day}/{local.year} {hour}:{local.minute:02}:{local.second:02} {half}"
    )


def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
