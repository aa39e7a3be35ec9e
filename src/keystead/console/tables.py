"""Tables and lists of plain data as text, with control characters escaped."""

from __future__ import annotations

from keystead.printable import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, tzinfo

    Row = Mapping[str, object]


def plain(value: object) -> str:
    """The text of one value, on one line; empty for None."""
    return "" if value is None else one_line(str(value))


def table(
    rows: Sequence[Row],
    columns: Sequence[str] | None = None,
    *,
    cell: Callable[[object], str] = plain,
) -> str:
    """``rows`` under headings; empty text for no rows.

    ``columns`` selects and orders the properties; the default is all. Numbers are aligned to the
    right. ``cell`` formats a value.
    """
    if not rows:
        return ""
    names = columns_of(rows) if columns is None else columns
    drawn = [_column(name, [row.get(name) for row in rows], cell) for name in names]
    return "\n".join(" ".join(cells).rstrip() for cells in zip(*drawn, strict=True))


def listing(row: Row, *, cell: Callable[[object], str] = plain) -> str:
    """One ``Name : value`` line for each property."""
    names = [one_line(name) for name in row]
    width = max(map(cell_width, names), default=0)
    return "\n".join(
        f"{_pad(name, width)} : {cell(value)}".rstrip()
        for name, value in zip(names, row.values(), strict=True)
    )


def columns_of(rows: Sequence[Row]) -> list[str]:
    """The names of all properties of ``rows``, in order of first occurrence."""
    return list(dict.fromkeys(name for row in rows for name in row))


def moment(at: datetime, zone: tzinfo) -> str:
    """A time to the second, in the format of the plain commands."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def cell_width(text: str) -> int:
    """The width of ``text`` in columns of a terminal."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


def _column(name: str, values: Sequence[object], cell: Callable[[object], str]) -> list[str]:
    heading = one_line(name)
    lines = [heading, "-" * cell_width(heading), *map(cell, values)]
    numbers = [value for value in values if value is not None]
    right = bool(numbers) and all(_is_number(value) for value in numbers)
    width = max(map(cell_width, lines))
    return [_pad(line, width, right=right) for line in lines]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pad(text: str, width: int, *, right: bool = False) -> str:
    blanks = " " * (width - cell_width(text))
    return blanks + text if right else text + blanks


def _char_width(char: str) -> int:
    import unicodedata

    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
