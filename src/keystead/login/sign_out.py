"""Signs out: ends a login at the service where that can be, and removes what is stored of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from keystead.errors import FileProblem, InteractionRequired, ProviderError, StoreUnavailable
from keystead.login.options import Context
from keystead.login.registration import Registrations
from keystead.login.targets import Target
from keystead.model.sources.login import Login
from keystead.model.sso_login import SsoLogin
from keystead.resolve.providers.login import LoginCache
from keystead.resolve.sso.cache import Token, TokenCache
from keystead.resolve.sso.oidc import SsoToken, SsoTokenCache
from keystead.value import NamedTuple, assert_never

_T = TypeVar("_T", bound=Token)


class SignedOut(NamedTuple):
    """A login that is removed; ``was_there`` False: there was none.

    ``source`` begins the source of all credentials that come from it. ``not_revoked`` is why the
    service could not be asked to end it. AWS Sign-In has no way to end a login.
    """

    title: str
    source: str
    was_there: bool
    not_revoked: str | None


def sign_out(target: Target, context: Context) -> SignedOut:  # noqa: RET503  # of every kind
    """Revokes a login where the service can, and removes its tokens, wherever they are."""
    match target:
        case SsoLogin():
            client = context.client.in_region(target.region)
            cache = SsoTokenCache(target, context.system, client, context.logins)

            def log_out(token: SsoToken) -> None:
                client.call("sso", "Logout", {"accessToken": token.access_token})

            done = _signed_out(cache, "sso ", context, log_out)
            for place in Registrations(target, cache, client, context.logins).places():
                with place.lock():
                    place.remove()
            return done
        case Login():
            found = LoginCache(target, context.system, context.client, context.logins)
            return _signed_out(found, target.label, context, None)
        case _:
            assert_never(target)


def _signed_out(
    cache: TokenCache[_T], source: str, context: Context, revoke: Callable[[_T], None] | None
) -> SignedOut:
    path, why = cache.places.shared.path, cache.why_not_shared()
    if why and os.path.lexists(path):
        context.screen.tell(f"{path} {why}; it is left alone")
    problems, was_there = [], False
    for found in cache.everywhere():
        was_there = True
        problems += _problems(found, revoke) if revoke else []
        with found.place.lock():
            found.place.remove()
    if os.path.lexists(cache.places.sealed.path):  # damaged
        with cache.places.sealed.lock():
            cache.places.sealed.remove()
    return SignedOut(cache.what, source, was_there, problems[0] if problems else None)


def _problems(cache: TokenCache[_T], revoke: Callable[[_T], None]) -> list[str]:
    """Why the login could not be revoked; nothing where it was, or has ended."""
    try:
        cache.place.read()  # raises where `current` would say that there is no login
        revoke(cache.current())  # renewed if need be: one that has ended revokes nothing
    except InteractionRequired:
        pass
    except (ProviderError, FileProblem, StoreUnavailable) as error:
        if getattr(error, "code", None) not in cache.logged_out:
            return [str(error)]
    return []
