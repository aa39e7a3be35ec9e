"""The names of roles, as `RoleReference`, that are known without a call: for completion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from keystead.identity_center.listing_cache import ListingCache
from keystead.model.role_reference import RoleReference, encoded
from keystead.system import System


def role_names(
    system: System, session: str, section: Mapping[str, str], prefix: str
) -> Iterator[str]:
    """The names in the cached listing that begin with ``prefix``, in any letter case.

    ``section`` is that of the sso-session. Accounts are given by id where that of ``prefix``
    begins with a digit, else by a name that only one account has.
    """
    listing = ListingCache.of_session(system, session, section).read()
    if listing is None:
        return
    by_id = prefix.partition("/")[2][:1].isdigit()
    unique = set() if by_id else set(listing.names())
    for account in listing.accounts:
        text = account.id if by_id else account.name
        if not by_id and text not in unique:
            continue
        begin = f"{encoded(session)}/{encoded(text)}/"
        if not begin.lower().startswith(prefix.lower()[: len(begin)]):
            continue
        for role in account.roles or ():
            name = str(RoleReference(session, text, role))
            if name.lower().startswith(prefix.lower()):
                yield name
