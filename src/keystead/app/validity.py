"""Until when profiles and logins are valid, without a key and without a call."""

from __future__ import annotations

from keystead.model.plan import make_plan
from keystead.model.profile import Profile
from keystead.model.sources.static import TOKEN, Static, keys_end
from keystead.model.unopened import Unopened
from keystead.resolve.providers import provider_of
from keystead.resolve.providers.provider import ProviderContext
from keystead.stores.chain import ChainSnapshot
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from keystead.app import App
    from keystead.model.overview import CachedEnds
    from keystead.model.plan import Plan
    from keystead.model.profile import ProfileSource
    from keystead.model.role_reference import RoleReference
    from keystead.resolve.sso.cache import TokenCache


class Status(NamedTuple):
    """Something that is valid until ``expires_at``; None with ``is_valid`` for no end.

    ``kind`` is profile, shell, login, mfa, session or agent. ``is_renewed``: it is renewed, or is
    had again, without a person. ``profiles`` are those that use a session
    or a login.
    """

    kind: str
    name: str
    is_valid: bool = False
    expires_at: datetime | None = None
    is_renewed: bool = False
    profiles: tuple[str, ...] = ()


def uncalled_snapshot(app: App) -> ChainSnapshot:
    """The profiles; names of roles are looked up in cached listings, without a call."""

    def reach(name: str, reference: RoleReference, source: ProfileSource) -> Profile:
        from keystead.identity_center.reach import reach_cached

        return reach_cached(app.directory(reference.session, source), name, reference, source)

    return ChainSnapshot(app.chain().stores, None, reach)


def profile_status(
    app: App, name: str, snapshot: ChainSnapshot, cached: CachedEnds
) -> tuple[Status, TokenCache[Any] | None]:
    """That of the profile, and the login that it uses.

    It ends with the last of its login, its cached session and its session keys. Raises
    `ProfileNotFound`, and what making a plan raises.
    """
    source = Unopened(snapshot)
    profile, plan = source.find(name), make_plan(name, source)
    keys = source.find(plan.base.profile) if plan.base.profile else Profile("", {})
    if isinstance(plan.base, Static) and not plan.steps and not keys.has(TOKEN):
        return Status("profile", name, is_valid=True), None
    login = _login_of(app, plan, keys)
    state = login.place.state() if login else None
    end = keys_end(keys) if keys.has(TOKEN) else None
    ends = (cached.of(profile, snapshot), state and state.expires_at, end and end.at)
    now = app.system.clock()
    last = max((at for at in ends if at and at > now), default=None)
    return Status("profile", name, last is not None, last), login


def login_status(
    name: str, login: TokenCache[Any], now: datetime, profiles: tuple[str, ...]
) -> Status:
    """That of a login under a name; ``profiles`` are those whose login it is."""
    state = login.place.state()
    if state is None:
        return Status("login", name, profiles=profiles)
    is_valid = state.expires_at > now
    return Status("login", name, is_valid, state.expires_at, state.is_renewed, profiles)


def _login_of(app: App, plan: Plan, profile: Profile) -> TokenCache[Any] | None:
    context = ProviderContext(profile, app.system, plan.client_settings, lambda: app.logins)
    return provider_of(plan.base, context).login()
