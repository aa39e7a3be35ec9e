"""The accounts and roles that a login reaches, as they were listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from keystead.errors import ProfileNotFound
from keystead.identity_center.account import Account
from keystead.model.role_reference import RoleReference, encoded
from keystead.near import did_you_mean, near_names
from keystead.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

_SHOWN = 5
"""How many accounts of one name an error shows."""


class Listing(Value):
    """All accounts that a login reached at ``listed_at``."""

    accounts: Sequence[Account]
    listed_at: datetime

    @cached_property
    def _by_name(self) -> dict[str, list[Account]]:
        found: dict[str, list[Account]] = {}
        for account in self.accounts:
            found.setdefault(account.name, []).append(account)
        return found

    def account(self, text: str) -> Account | None:
        """The account of that id or exact name; None for none.

        Raises `ProfileNotFound` for a name that several accounts have.
        """
        known = next((account for account in self.accounts if account.id == text), None)
        named = self._by_name.get(text, [])
        if known is None and len(named) > 1:
            ids = ", ".join(f"`{account.id}`" for account in named[:_SHOWN])
            raise ProfileNotFound(
                f"{len(named)} accounts have the name `{text}`",
                id="account-ambiguous",
                hint=f"name it by its id: {ids}" + (", ..." if len(named) > _SHOWN else ""),
            )
        return known or next(iter(named), None)

    def with_roles_of(self, earlier: Listing | None) -> Listing:
        """The same, with the roles of an ``earlier`` listing where they were not listed."""
        known = {account.id: account.roles for account in earlier.accounts} if earlier else {}
        accounts = (
            account._replace(roles=known.get(account.id)) if account.roles is None else account
            for account in self.accounts
        )
        return self.replace(accounts=list(accounts))

    def names(self) -> Iterable[str]:
        """The names of accounts that only one account has."""
        return (name for name, found in self._by_name.items() if len(found) == 1 and name)


def unknown_account(reference: RoleReference, listing: Listing) -> ProfileNotFound:
    """The error for an account that is not in the listing."""

    def hint() -> str:
        known = [*listing.names(), *(account.id for account in listing.accounts)]
        near = (reference._replace(account=name) for name in near_names(reference.account, known))
        return did_you_mean(map(str, near), otherwise=_shows(reference.session))

    what = f"the login to `{reference.session}` reaches no account `{reference.account}`"
    return ProfileNotFound(what, id="account-not-found", hint=hint)


def unknown_role(reference: RoleReference, roles: Sequence[str]) -> ProfileNotFound:
    """The error for a role that the login does not have in an account with other ``roles``."""

    def hint() -> str:
        near = (reference._replace(role=role) for role in near_names(reference.role, roles))
        account = f" {encoded(reference.account)}"
        return did_you_mean(map(str, near), otherwise=_shows(reference.session, account))

    return ProfileNotFound(
        f"the login to `{reference.session}` has no role `{reference.role}` in the account "
        f"`{reference.account}`",
        id="role-not-found",
        hint=hint,
    )


def _shows(session: str, account: str = "") -> str:
    command = f"keystead sso accounts --sso-session {encoded(session)}{account}"
    return f"`{command}` shows the accounts and roles there are"
