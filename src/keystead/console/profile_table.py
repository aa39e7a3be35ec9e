"""Lists of profiles: their columns by name, filters, their order, and their rows as text."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from keystead.console.tables import table
from keystead.errors import UsageError
from keystead.near import did_you_mean, near_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import tzinfo
    from typing import TypeVar

    from keystead.model.overview import Overview

    Row = Mapping[str, object]
    _Row = TypeVar("_Row", bound=Row)

HEADINGS = {
    "name": "Name",
    "type": "Type",
    "store": "Store",
    "account": "Account",
    "account_name": "Account name",
    "role": "Role",
    "region": "Region",
    "mfa": "MFA",
    "expires_at": "Expires",
    "file": "File",
    "store_type_name": "Store type",
    "location": "Location",
    "problem": "Problem",
}
"""The heading of each column by its name, which is that of the field in JSON."""

WIDE = ("name", "type", "store", "account", "role", "region", "mfa", "expires_at", "file")
"""The columns of ``--wide``."""


def columns_in(text: str, option: str) -> list[str]:
    """The columns of a comma-separated list. Raises `UsageError`."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        _require(name, option)
    return list(dict.fromkeys(names))


def _require(name: str, option: str) -> None:
    if name not in HEADINGS:
        meant = near_names(name, HEADINGS)
        raise UsageError(
            f"{option} names a column that does not exist",
            hint=did_you_mean(meant, otherwise=f"the columns are {', '.join(HEADINGS)}"),
        )


def fields(overview: Overview) -> dict[str, object]:
    """The fields of a row as in JSON."""
    row = overview._asdict()
    if overview.expires_at:
        row["expires_at"] = overview.expires_at.isoformat()
    return row


def arranged(rows: Iterable[_Row], filters: Collection[str], sort: str | None) -> list[_Row]:
    """The rows that fit all filters, in the order of the columns ``sort``.

    Letter case does not count, and empty values come last. Raises `UsageError`.
    """
    conditions = [_condition(text) for text in filters]
    found = [row for row in rows if all(fits(row) for fits in conditions)]
    columns = columns_in(sort, "--sort") if sort else ()

    def key(row: Row) -> list[tuple[bool, str]]:
        texts = [_text(row, column) for column in columns]
        return [(not text, text) for text in texts]

    return sorted(found, key=key)


def _condition(text: str) -> Callable[[Row], bool]:
    """``COLUMN=PATTERN``, ``COLUMN!=PATTERN``, or a word that the name contains or, with ``*`` or
    ``?``, is. Letter case does not count.
    """
    column, equals, pattern = text.lower().replace("[", "[[]").partition("=")
    if not equals:
        wanted = column if {*"*?"} & {*column} else f"*{column}*"
        return lambda row: fnmatchcase(_text(row, "name"), wanted)
    is_wanted = not column.endswith("!")
    column = column.removesuffix("!")
    _require(column, "--filter")
    return lambda row: fnmatchcase(_text(row, column), pattern) is is_wanted


def _text(row: Row, column: str) -> str:
    """The value as filters and the order of rows see it."""
    value = row.get(column)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value).lower()


def detailed_table(
    rows: Iterable[Row], columns: Sequence[str], *, zone: tzinfo, home: str, width: int | None
) -> str:
    """The rows under their headings, with times of ``zone`` and files relative to ``home``.

    ``width`` as in `table`.
    """
    shown = (
        {HEADINGS[column]: _cell(row.get(column), column, zone, home) for column in columns}
        for row in rows
    )
    return table([*shown], width=width, key=HEADINGS["name"])


def _cell(value: object, column: str, zone: tzinfo, home: str) -> object:
    if column == "mfa":
        return "yes" if value else ""
    if column == "expires_at" and isinstance(value, str):
        from datetime import datetime

        return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M}"
    if column == "file" and isinstance(value, str) and value.startswith(home + os.sep):
        return f"~{value.removeprefix(home)}"
    return value
