"""What the logins of all sso-sessions reach, as it was listed last."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from keystead.app import App
from keystead.model.role_reference import RoleReference, decoded
from keystead.stores.chain import ChainSnapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.identity_center.lister import Progress
    from keystead.identity_center.listing import Listing


def cached_listings(app: App, snapshot: ChainSnapshot) -> Iterator[tuple[str, Listing]]:
    """The name of each sso-session that was listed, with its listing, without a call."""
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


def matching_roles(
    app: App, snapshot: ChainSnapshot, pattern: str, progress: Progress
) -> Iterator[str]:
    """The names of the roles that ``pattern``, with ``*`` and ``?``, matches in any letter case.

    None for a pattern that does not have the form ``session/account/role``. Raises as
    `Directory.selected`.
    """
    if RoleReference.parse(pattern) is None:
        return
    from keystead.identity_center.account import RoleFilter

    wanted, _, rest = pattern.replace("[", "[[]").partition("/")
    for session in snapshot.sso_sessions():
        if fnmatchcase(session.lower(), decoded(wanted).lower()):
            directory = app.directory(session, snapshot)
            for account, role in directory.selected(RoleFilter.parse([rest]), progress):
                yield str(RoleReference(session, account.id, role))
