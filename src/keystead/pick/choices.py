"""What can be chosen: the profiles, and the roles of accounts that need none."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from keystead.app import App
from keystead.app.overviews import overviews_of
from keystead.app.selection import Location
from keystead.errors import KeysteadError, ProfileNotFound
from keystead.model.overview import Overview
from keystead.model.sources.sso import Sso
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.model.profile import Profile
    from keystead.stores.chain import ChainSnapshot

HEADINGS = ("Name", "Account", "Account name", "Role", "Region", "Type", "Expires")

_SSO = Sso.types[0].name
_FIRST = 60
"""As many as most terminals have lines."""


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
    first = _first(snapshot, moments)
    later = _roles(app, snapshot)
    roles = [*islice(later, _FIRST - len(first))]
    shown = overviews_of(app, snapshot, first, {}, with_cached=False)
    yield _merged(app, shown, roles, moments)._replace(is_whole=False)
    found: dict[str, Profile] = {}
    for profile in snapshot.profiles():
        found.setdefault(profile.name, profile)
    every = [*found.values()]
    roles += later
    names = {role.account or "": role.account_name or "" for role in roles}
    whole = _merged(app, overviews_of(app, snapshot, every, names), roles, moments)
    if not whole.rows:
        raise ProfileNotFound("there are no profiles yet", hint="`keystead set NAME` makes one")
    yield whole


def _first(snapshot: ChainSnapshot, moments: Mapping[str, float]) -> list[Profile]:
    """Some of the first profiles, read one by one: thousands take longer together."""
    latest = sorted(moments, key=lambda name: -moments[name])
    names = (name for _, part in snapshot.parts for name in part.first_names(_FIRST))
    found: list[Profile] = []
    for name in islice(dict.fromkeys([*latest[:_FIRST], *names]), _FIRST):
        with contextlib.suppress(KeysteadError):  # it is gone; or reported when it is used
            found.append(snapshot.locate(name)[1])
    return found


def _roles(app: App, snapshot: ChainSnapshot) -> Iterator[Overview]:
    from keystead.pick.roles import listed_roles  # where profiles fill the first drawing, after it

    yield from listed_roles(app, snapshot)


def _merged(
    app: App,
    profiles: Iterable[Overview],
    roles: Sequence[Overview],
    moments: Mapping[str, float],
) -> Choices:
    """The profiles, and the roles that none of them is for."""
    rows = [row for row in profiles if row.type]
    covered = {(row.account, row.role) for row in rows if row.type == _SSO}
    used = {row.name for row in rows}
    rows += (
        row for row in roles if (row.account, row.role) not in covered and row.name not in used
    )
    if moments:
        rows.sort(key=lambda row: -moments.get(row.name, 0.0))
    return Choices(HEADINGS, [*_cells(app, rows)])


def _cells(app: App, rows: Iterable[Overview]) -> Iterator[Sequence[str]]:
    now, zone = app.system.clock(), app.system.zone()
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
