"""What can be chosen: the profiles, and the roles of accounts that need none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from keystead.app import App
from keystead.app.overviews import overviews_of
from keystead.app.selection import Location
from keystead.errors import ProfileNotFound
from keystead.model.overview import Overview
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from keystead.model.profile import Profile

HEADINGS = ("Name", "Account", "Account name", "Role", "Region", "Type", "Expires")

_FIRST = 100
"""More than a terminal has lines."""


class Choices(NamedTuple):
    """Rows of cells under headings, in their first order; the first cell is the name.

    ``is_whole``: these are all, not only the first ones.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    is_whole: bool = True


def choices(app: App, location: Location, moments: Mapping[str, float]) -> Iterator[Choices]:
    """What a command that needs a NAME can be given: first some for a drawing, then all.

    Those with ``moments`` of `ChoiceHistory` come first. Raises `ProfileNotFound` for none.
    """
    snapshot = app.snapshot(location)
    found: dict[str, Profile] = {}
    for profile in snapshot.profiles():
        found.setdefault(profile.name, profile)
    order = sorted(found.values(), key=lambda profile: -moments.get(profile.name, 0.0))
    first = overviews_of(app, snapshot, order[:_FIRST], with_cached=False)
    yield _shown(app, first)._replace(is_whole=False)
    every = _shown(app, overviews_of(app, snapshot, order))
    if not every.rows:
        raise ProfileNotFound("there are no profiles yet", hint="`keystead set NAME` makes one")
    yield every


def _shown(app: App, rows: Iterable[Overview]) -> Choices:
    usable = (row for row in rows if row.type)
    return Choices(HEADINGS, [*_cells(usable, app.system.clock(), app.system.zone())])


def _cells(rows: Iterable[Overview], now: datetime, zone: tzinfo) -> Iterable[Sequence[str]]:
    today = now.astimezone(zone).date()
    for row in rows:
        ends = row.expires_at.astimezone(zone) if row.expires_at else None
        if ends:
            until = f"{ends:%H:%M}" if ends.date() == today else f"{ends:%Y-%m-%d %H:%M}"
        yield (
            row.name,
            row.account or "",
            row.account_name or "",
            row.role or "",
            row.region or "",
            row.type or "",
            until if ends else "",
        )
