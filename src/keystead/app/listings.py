"""What the logins of all sso-sessions reach, as it was listed last: without a call."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.app import App
from keystead.stores.chain import ChainSnapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.identity_center.listing import Listing


def cached_listings(app: App, snapshot: ChainSnapshot) -> Iterator[tuple[str, Listing]]:
    """The name of each sso-session that was listed, with its listing."""
    for session in snapshot.sso_sessions():
        from keystead.identity_center.listing_cache import ListingCache

        section = snapshot.sso_session(session)
        listing = ListingCache.of_session(app.system, session, section).read()
        if listing:
            yield session, listing


def account_names(app: App, snapshot: ChainSnapshot) -> dict[str, str]:
    """The names of the listed accounts by their ids."""
    listings = (listing for _, listing in cached_listings(app, snapshot))
    return {account.id: account.name for listing in listings for account in listing.accounts}
