"""Completion candidates within a cmdlet: its parameters, and the values of one.

Depends only on rows of the table, so that completing a command line loads little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.powershell.cmdlet import Cmdlet, Parameter

ValueSource = Callable[[str], list[str]]
"""Returns the values of a source that a parameter names, such as ``profile``."""
Row = tuple[Sequence[str], str]
"""The name of a cmdlet with its aliases, and its meaning."""


def cmdlet_names(
    begun: str, rows: Iterable[Row], of_services: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Cmdlets whose names begin with ``begun``, those of the table with their meanings."""
    known = set()
    for names, meaning in rows:
        known.add(names[0])
        for name in names:
            if name.lower().startswith(begun.lower()):
                yield name, meaning
                break  # an alias is offered only where the name itself does not fit
    for name in sorted(set(of_services) - known):
        if name.lower().startswith(begun.lower()):
            yield name, ""


def parameters(
    begun: str, cmdlet: Cmdlet, before: Sequence[str | None]
) -> Iterator[tuple[str, str]]:
    """Parameters that begin with ``begun`` and are not among those ``before``, with meanings."""
    given = {row.name for name in before for row in _exactly(cmdlet, name)}
    for row in cmdlet.all_parameters:
        if row.name not in given and row.name.lower().startswith(begun.lower()):
            yield f"-{row.name}", row.meaning


def values_after(
    begun: str, cmdlet: Cmdlet, before: Sequence[str | None], values: ValueSource
) -> Iterator[str]:
    """The candidates for the value at this place.

    ``before`` has a name for each parameter and None for each value.
    """
    row = _row_for_value(cmdlet, before)
    known = values(row.values) if row and isinstance(row.values, str) else row and row.values
    yield from (value for value in known or () if value.lower().startswith(begun.lower()))


def _row_for_value(cmdlet: Cmdlet, before: Sequence[str | None]) -> Parameter | None:
    rows = _exactly(cmdlet, before[-1]) if before else ()
    if rows and rows[0].kind != "switch":
        return rows[0]
    given = {row.name for name in before for row in _exactly(cmdlet, name)}
    positional = [
        row for row in cmdlet.parameters if row.position is not None and row.kind != "block"
    ]
    free = [row for row in positional if row.name not in given]
    return min(free, key=lambda row: row.position or 0, default=None)


def _exactly(cmdlet: Cmdlet, name: str | None) -> tuple[Parameter, ...]:
    rows = cmdlet.matches(name) if name else ()
    return rows if len(rows) == 1 else ()
