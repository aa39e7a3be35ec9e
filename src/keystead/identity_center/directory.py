"""The accounts behind the login of one sso-session: cached, or listed when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from keystead.errors import KeysteadError
from keystead.identity_center.account import Account, RoleFilter
from keystead.identity_center.lister import Lister, Progress
from keystead.identity_center.listing import Listing
from keystead.identity_center.listing_cache import ListingCache
from keystead.identity_center.portal import Portal
from keystead.model.sso_login import SsoLogin
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.sso.oidc import SsoTokenCache
from keystead.resolve.sso.place import SealedPlaces
from keystead.system import System

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    _Found = TypeVar("_Found")

NO_ROLES = RoleFilter.parse((), ("*",))
_LASTS = timedelta(days=1)
"""How long the names of accounts and roles are taken from the cache."""


class Directory:
    """The accounts and roles that ``login``, that of ``session``, reaches."""

    def __init__(
        self,
        system: System,
        client: AwsClient,
        session: str,
        login: SsoLogin,
        logins: Callable[[], SealedPlaces],
    ) -> None:
        self.session = session
        self._system = system
        self._client = client.in_region(login.region)
        self._login = login
        self._logins = logins
        self.cache = ListingCache(system, session, login.start_url, login.region)

    def list(self, selected: RoleFilter, progress: Progress = lambda *_: None) -> Listing:
        """What the login reaches, with the roles that may be ``selected``; cached too.

        It goes on where a run that did not end stopped. `ListingCache.end` is left to the caller.
        Raises as `Lister.accounts`.
        """
        began = self._system.clock()
        known = self.cache.begin()
        lister = Lister(self._system, self._portal(), known, self.cache.note, progress)
        return self._cached(Listing(lister.accounts(selected), began))

    def _cached(self, listing: Listing) -> Listing:
        """The listing, which is cached with the roles that were listed before."""
        self.cache.write(listing.with_roles_of(self.cache.read()))
        return listing

    def roles(self, account_id: str) -> Sequence[str]:
        """The roles of one account, listed now. Raises as `Lister.accounts`."""
        return Lister(self._system, self._portal()).roles(Account(account_id, ""))

    def account(self, text: str) -> tuple[Account | None, Listing]:
        """The account of that id or exact name, None for none, and the listing it is from.

        Accounts are listed where there is no listing of the last day that has it. Raises
        `ProfileNotFound` for a name that several accounts have, and as `Lister.accounts`.
        """

        def listed() -> Listing:
            began = self._system.clock()
            named = Lister(self._system, self._portal()).accounts(NO_ROLES)
            return self._cached(Listing(named, began))

        return self._cached_or(listed, lambda listing: listing.account(text))

    def selected(
        self, selected: RoleFilter, progress: Progress = lambda *_: None
    ) -> Sequence[tuple[Account, str]]:
        """The ``selected`` roles, each with its account.

        They are listed where there is no listing of the last day that has some, and all roles of
        their accounts. Raises as `Lister.accounts`.
        """

        def listed() -> Listing:
            listing = self.list(selected, progress)
            self.cache.end()
            return listing

        def found(listing: Listing) -> Sequence[tuple[Account, str]]:
            accounts = [*filter(selected.matches_account, listing.accounts)]
            if any(account.roles is None for account in accounts):
                return ()
            return [(account, role) for account in accounts for role in selected.roles(account)]

        return self._cached_or(listed, found)[0]

    def _cached_or(
        self, listed: Callable[[], Listing], find: Callable[[Listing], _Found]
    ) -> tuple[_Found, Listing]:
        """What is found in the listing of the last day, else in a new one, and that listing."""
        cached = self.cache.read()
        found = find(cached) if cached else None
        if cached and found and self._system.clock() - cached.listed_at < _LASTS:
            return found, cached
        try:
            listing = listed()
        except KeysteadError:
            if cached and found:  # the login has ended, or there is no network
                return found, cached
            raise
        return find(listing), listing

    def _portal(self) -> Portal:
        cache = SsoTokenCache(self._login, self._system, self._client, self._logins())
        return Portal(self._client, cache)
