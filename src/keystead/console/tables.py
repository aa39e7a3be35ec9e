"""Tables and lists of plain data as text, with control characters escaped."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.display_width import display_width, fitting, padded, padded_all, shortened, widest
from keystead.printable import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, tzinfo

    Row = Mapping[str, object]

_READABLE = 8
"""A column is left out rather than made narrower than this."""


def plain(value: object) -> str:
    """The text of one value, on one line; empty for None."""
    text = "" if value is None else str(value)
    return text if text.isprintable() else one_line(text)


def table(
    rows: Sequence[Row],
    columns: Sequence[str] | Mapping[str, str] | None = None,
    *,
    cell: Callable[[object], str] = plain,
    width: int | None = None,
    key: str | None = None,
) -> str:
    """``rows`` under headings; empty text for no rows.

    ``columns`` selects and orders the properties, maybe with a heading for each; the default is
    all. Numbers are aligned to the right. ``cell`` formats a value. Lines wider than ``width``
    have their widest cells shortened, those under the heading ``key`` last: columns at the end are
    left out before.
    """
    if not rows:
        return ""
    names = columns_of(rows) if columns is None else columns
    headings = names if isinstance(names, Mapping) else dict(zip(names, names, strict=True))
    found = [
        _column(heading, [row.get(name) for row in rows], cell)
        for name, heading in headings.items()
    ]
    widths = [widest(lines) for lines, _ in found]
    if width is not None:
        at = next((n for n, heading in enumerate(headings.values()) if heading == key), None)
        widths = _narrowed(widths, width, at)
        found = [
            ([shortened(line, most) for line in lines], right)
            for (lines, right), most in zip(found, widths, strict=True)
            if most
        ]
        widths = [*filter(None, widths)]
    drawn = [
        padded_all(lines, width, right=right)
        for (lines, right), width in zip(found, widths, strict=True)
    ]
    return "\n".join(" ".join(cells).rstrip() for cells in zip(*drawn, strict=True))


def _narrowed(widths: Sequence[int], total: int, key: int | None) -> list[int]:
    """The widths of columns for a line of ``total``, 0 for a column that is left out."""
    if key is None:
        return fitting([*widths], total - len(widths) + 1)
    others = [(at, width) for at, width in enumerate(widths) if at != key]
    while others and widths[key] + sum(min(w, _READABLE) + 1 for _, w in others) > total:
        others.pop()
    name = max(1, min(widths[key], total))
    rest = fitting([w for _, w in others], total - name - len(others)) if others else []
    found = dict(zip((at for at, _ in others), rest, strict=True)) | {key: name}
    return [found.get(at, 0) for at in range(len(widths))]


def listing(row: Row, *, cell: Callable[[object], str] = plain) -> str:
    """One ``Name : value`` line for each property."""
    names = [one_line(name) for name in row]
    width = max(map(display_width, names), default=0)
    return "\n".join(
        f"{padded(name, width)} : {cell(value)}".rstrip()
        for name, value in zip(names, row.values(), strict=True)
    )


def few(names: Sequence[str], most: int, mark: str = "") -> str:
    """The first names and how many more there are; ``mark`` is put around each."""
    more = len(names) - most
    shown = ", ".join(f"{mark}{name}{mark}" for name in names[:most])
    return f"{shown} and {more} more" if more > 0 else shown


def columns_of(rows: Sequence[Row]) -> list[str]:
    """The names of all properties of ``rows``, in order of first occurrence."""
    return list(dict.fromkeys(name for row in rows for name in row))


def moment(at: datetime, zone: tzinfo) -> str:
    """A time to the second, in the format of the plain commands."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _column(
    name: str, values: Sequence[object], cell: Callable[[object], str]
) -> tuple[list[str], bool]:
    """The lines of a column, and whether they are aligned to the right."""
    heading = one_line(name)
    numbers = [value for value in values if value is not None]
    right = bool(numbers) and all(_is_number(value) for value in numbers)
    return [heading, "-" * display_width(heading), *map(cell, values)], right


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
