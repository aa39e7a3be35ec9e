"""Objects as PowerShell shows them: as a table or a list, with its forms of times and of values."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from functools import partial

from keystead.console.tables import columns_of, listing, table
from keystead.powershell.objects import AwsObject
from keystead.printable import one_line, printable
from keystead.secret import Secret

TABLE_COLUMNS = 4
"""The maximum number of properties of objects shown as a table, not as a list."""


class Formatted(str):
    """The output of Format-Table or Format-List: text, no longer an object."""

    __slots__ = ()


def show(objects: Iterable[object], *, zone: tzinfo = UTC) -> str:
    """Objects as PowerShell shows them: small ones as a table, larger ones as lists.

    Text is shown as it is, line breaks included; None shows as nothing. Times are in ``zone``.
    """
    blocks: list[str] = []
    shown = (item for item in objects if item is not None)
    in_zone = partial(cell, zone=zone)
    for is_row, group in itertools.groupby(shown, lambda item: isinstance(item, Mapping)):
        if not is_row:
            blocks.append("\n".join(_as_text(item, zone) for item in group))
            continue
        rows = [item for item in group if isinstance(item, Mapping)]
        if len(columns_of(rows)) <= TABLE_COLUMNS:
            blocks.append(table(rows, cell=in_zone))
        else:
            blocks.extend(listing(row, cell=in_zone) for row in rows)
    return "\n\n".join(blocks)


def cell(value: object, *, zone: tzinfo = UTC) -> str:
    """The text of one value, on one line."""
    if value is None:
        return ""
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


def _as_text(value: object, zone: tzinfo) -> str:
    if isinstance(value, Formatted):
        return str(value)
    return printable(str(value)) if isinstance(value, str | Secret) else cell(value, zone=zone)


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
