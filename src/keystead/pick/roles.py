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

_SSO = Sso.types[0].name


def listed_roles(app: App, snapshot: ChainSnapshot) -> Iterator[Overview]:
    """The roles that the logins of all sso-sessions reach, in the order of their listings."""
    for session, listing in cached_listings(app, snapshot):
        yield from _of_session(snapshot, session, listing)


def _of_session(snapshot: ChainSnapshot, session: str, listing: Listing) -> Iterator[Overview]:
    rules: list[RegionRule] = []
    with contextlib.suppress(ProfileInvalid):  # the command that gets the name reports it
        rules = rules_of(session, snapshot)
    for account in listing.accounts:
        begin = f"{encoded(session)}/{account.id}/"
        for role in account.roles or ():
            region = region_of(account, role, rules) if rules else None
            place = (None, None, None, None)
            name = begin + encoded(role)
            yield Overview(name, _SSO, *place, account.id, account.name, role, region)
