"""The roles of accounts that need no profile, as they were listed last: without a call."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from keystead.app import App
from keystead.app.listings import cached_listings
from keystead.errors import ProfileInvalid
from keystead.identity_center.listing import Listing
from keystead.identity_center.region_rule import RegionRule, region_of, rules_of
from keystead.model.overview import Overview
from keystead.model.role_reference import encoded
from keystead.model.sources.sso import Sso
from keystead.stores.chain import ChainSnapshot
from keystead.value import NamedTuple

_SSO = Sso.types[0].name


class ListedRole(NamedTuple):
    """A role of an account: its row, and the name of its account's id for a plan without a call."""

    row: Overview
    by_id: str


def listed_roles(app: App, snapshot: ChainSnapshot) -> Iterator[ListedRole]:
    """The roles that the logins of all sso-sessions reach, in the order of their listings."""
    for session, listing in cached_listings(app, snapshot):
        yield from _of_session(snapshot, session, listing)


def _of_session(snapshot: ChainSnapshot, session: str, listing: Listing) -> Iterator[ListedRole]:
    unique = {*listing.names()}
    rules: list[RegionRule] = []
    with contextlib.suppress(ProfileInvalid):  # the command that gets the name reports it
        rules = rules_of(session, snapshot)
    for account in listing.accounts:
        begin = f"{encoded(session)}/{account.id}/"
        named = f"{encoded(session)}/{encoded(account.name)}/" if account.name in unique else begin
        for role in account.roles or ():
            last = encoded(role)
            region = region_of(account, role, rules) if rules else None
            place = (None, None, None, None)
            row = Overview(named + last, _SSO, *place, account.id, account.name, role, region)
            yield ListedRole(row, begin + last)
