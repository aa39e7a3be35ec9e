"""Signs in to whatever a profile needs: one function for all kinds of logins."""

from __future__ import annotations

from keystead.login.options import Context, SignedIn
from keystead.login.targets import Target
from keystead.model.sources.login import Login
from keystead.model.sso_login import SsoLogin
from keystead.value import assert_never


def sign_in(target: Target, context: Context) -> SignedIn:  # noqa: RET503  # of every kind
    """Signs a person in, unless the login is valid.

    Raises `InteractionRequired` where nobody signs in, `ProviderError` where the service refuses or
    cannot be reached, and what reading and writing the login raises.
    """
    match target:
        case SsoLogin():
            from keystead.login import identity_center

            return identity_center.sign_in(target, context)
        case Login():
            from keystead.login import console

            return console.sign_in(target, context)
        case _:
            assert_never(target)
