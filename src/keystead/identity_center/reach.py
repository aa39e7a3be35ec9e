"""Profiles for names of the form ``session/account/role``, which no profile has."""

from __future__ import annotations

from keystead.errors import KeysteadError, ProfileNotFound, ProviderError
from keystead.identity_center.account import Account
from keystead.identity_center.directory import Directory
from keystead.identity_center.listing import unknown_account, unknown_role
from keystead.identity_center.region_rule import region_of, rules_of
from keystead.model.profile import Profile, ProfileSource
from keystead.model.role_reference import RoleReference

_REFUSALS = ("ForbiddenException", "ResourceNotFoundException")


def reach(
    directory: Directory, name: str, reference: RoleReference, source: ProfileSource
) -> Profile:
    """The profile that ``name``, a spelling of ``reference``, means.

    The name of an account that is given by its id is that of the cached listing. Raises
    `ProfileNotFound`, and as `Directory.account`.
    """
    if reference.has_account_id:
        cached = directory.cache.read()
        found = cached.account(reference.account) if cached else None
        account = found or Account(reference.account, "")
    else:
        known, listing = directory.account(reference.account)
        if known is None:
            raise unknown_account(reference, listing)
        account = known
    region = region_of(account, reference.role, rules_of(reference.session, source))
    return reference._replace(account=account.id).profile(name, region)


def reach_cached(
    directory: Directory, name: str, reference: RoleReference, source: ProfileSource
) -> Profile:
    """As `reach`, by the cached listing alone."""
    if not reference.has_account_id:
        cached = directory.cache.read()
        account = cached.account(reference.account) if cached else None
        if account is None:
            raise ProfileNotFound(f"the account of `{name}` is not known yet")
        reference = reference._replace(account=account.id)
    return reach(directory, name, reference, source)


def refused(directory: Directory, reference: RoleReference, error: ProviderError) -> KeysteadError:
    """The error for a reference to an account or role that is not there; else ``error``."""
    if error.code not in _REFUSALS:
        return error
    try:
        account, listing = directory.account(reference.account)
        if account is None:
            return unknown_account(reference, listing)
        roles = directory.roles(account.id)
    except KeysteadError:
        return error
    return error if reference.role in roles else unknown_role(reference, roles)
