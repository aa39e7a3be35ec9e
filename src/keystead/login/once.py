"""One sign-in for all processes that want the same login at the same time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from keystead.errors import FileProblem, InteractionRequired
from keystead.login.options import Context, SignedIn
from keystead.resolve.sso.cache import Token, TokenCache
from keystead.value import NamedTuple

_QUIET_SECONDS = 1.0
"""How long to wait for another process before it is said."""

_DOCUMENT_BYTES = 8192
"""More than the document of a login has; nobody is asked to sign in where it cannot be written."""

_T = TypeVar("_T", bound=Token)


class New(NamedTuple):
    """A login that was made: its document, and the cache that it goes to."""

    cache: TokenCache[Any]
    document: dict[str, Any]


def sign_in_once(cache: TokenCache[_T], context: Context, make: Callable[[], New]) -> SignedIn:
    """The login in ``cache``, made by ``make`` unless it is valid or another process makes it.

    ``make`` signs a person in. Raises what it raises.
    """
    before = cache.place.identity()
    if not context.options.force and _is_valid(cache):
        return _signed_in(cache, is_new=False)
    _require_place(cache, context)
    with _alone(cache, context) as has_waited:
        if not (has_waited and cache.place.identity() != before and _is_valid(cache)):
            with cache.place.lock():
                cache.place.require_writable(_DOCUMENT_BYTES)
            cache, document = make()
            cache.checked(document)
            with cache.place.lock():
                cache.store(document)
    return _signed_in(cache, is_new=True)


def _signed_in(cache: TokenCache[_T], *, is_new: bool) -> SignedIn:
    document, token, _ = cache.read()
    assert token.expires_at is not None  # noqa: S101  # else it is not the token of a login
    is_renewed = cache.why_not_renewable(document) is None
    return SignedIn(cache.what, token.expires_at, str(cache.place.path), is_new, is_renewed)


def _is_valid(cache: TokenCache[_T]) -> bool:
    """Whether there is a login that works; it is renewed where that is due."""
    try:
        cache.current()
    except InteractionRequired:
        return False
    return True


def _require_place(cache: TokenCache[_T], context: Context) -> None:
    """Says which file is left alone. Raises `FileProblem` where the login has to go there."""
    path = cache.places.shared.path
    why = cache.why_not_shared()
    if why is None or not os.path.lexists(path):
        return
    if cache.place is cache.places.shared:
        raise FileProblem(
            f"{path} {why}",
            id="login-file-foreign",
            hint="move the file away, or set `sso_cache = keystead`",
        )
    context.screen.tell(f"{path} {why}; it is left alone")


@contextlib.contextmanager
def _alone(cache: TokenCache[_T], context: Context) -> Iterator[bool]:
    """Holds the lock on signing in; whether another process had it before."""
    files, seconds = context.system.files, context.options.patience
    lock = cache.places.sealed.path.with_suffix(".signing-in")
    with contextlib.ExitStack() as stack:
        has_waited = False
        try:
            stack.enter_context(files.lock(lock, _QUIET_SECONDS))
        except FileProblem as error:
            if error.id != "file-locked":
                raise
            has_waited = True
            context.screen.tell(f"waiting for another process that is signing in: {cache.what}")
            stack.enter_context(files.lock(lock, seconds))
        yield has_waited
