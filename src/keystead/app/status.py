"""All that is valid for a while: the shell, logins, MFA sessions, sessions, and the agent."""

from __future__ import annotations

from datetime import timedelta

from keystead.agent.connection import Connection
from keystead.app.overviews import cached_ends
from keystead.app.prompt import shell_status
from keystead.app.validity import (
    Status,
    login_status,
    profile_status,
    uncalled_snapshot,
)
from keystead.errors import AgentProblem
from keystead.login.targets import Target, all_targets, identity, target_of
from keystead.model.client_settings import NO_CLIENT_SETTINGS
from keystead.model.sources.login import SETTING as LOGIN
from keystead.model.sources.login import Login
from keystead.model.sso_login import SsoLogin
from keystead.model.unopened import Unopened
from keystead.resolve.providers.login import LoginCache
from keystead.resolve.sso.oidc import SsoTokenCache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from keystead.app import App
    from keystead.model.profile import Profile
    from keystead.stores.chain import ChainSnapshot

_DEVICE = ":mfa/"
_OF_LOGINS: Mapping[str, Callable[[str], object]] = {
    "sso_session": lambda name: name,
    "sso_start_url": lambda url: (url,),
    LOGIN: lambda session: (Login, session),
}
"""The settings that name a login, with the `identity` of the login that a value names."""


def statuses_of(app: App, name: str) -> Iterator[Status]:
    """The profile and its login. Raises as `profile_status`."""
    snapshot = uncalled_snapshot(app)
    found, login = profile_status(app, name, snapshot, cached_ends(app))
    yield found
    if login:
        title = _name_of(target_of(name, Unopened(snapshot)))
        yield login_status(title, login, app.system.clock(), (name,))


def statuses(app: App) -> Iterator[Status]:
    """The shell, all logins, all sessions and the agent."""
    now = app.system.clock()
    shell = shell_status(app)
    if shell:
        yield shell
    snapshot = uncalled_snapshot(app)
    yield from _login_statuses(app, snapshot)
    cached = cached_ends(app)
    profiles: dict[str, list[str]] = {}
    for profile in snapshot.profiles():
        if source := cached.source_of(profile, snapshot):
            profiles.setdefault(source, []).append(profile.name)
    last = {row.source: row.expires_at for row in app.sessions.all() if row.expires_at > now}
    for source, ends in last.items():
        kind = "mfa" if _DEVICE in source.rpartition(" > ")[2] else "session"
        names = tuple(dict.fromkeys(profiles.get(source, ())))
        yield Status(kind, source, True, ends, profiles=names)
    yield _agent_status(app)


def _agent_status(app: App) -> Status:
    """That of the agent, which ends when nobody has used it for a while."""
    agent = Connection(app.environ)
    try:
        found = agent.status()
    except AgentProblem:
        found = None
    name = agent.path or "disabled"
    if not found:
        return Status("agent", name)
    left = timedelta(seconds=found["ends_after_idle_seconds"] - found["idle_seconds"])
    return Status("agent", name, True, app.system.clock() + left, is_renewed=True)


def _login_statuses(app: App, snapshot: ChainSnapshot) -> Iterator[Status]:
    """Those of all logins, each once."""
    sharing: dict[object, list[Profile]] = {}
    for profile in snapshot.profiles():
        key = next(filter(profile.settings.__contains__, _OF_LOGINS), None)
        if key:
            login = _OF_LOGINS[key](str(profile.settings[key]))
            sharing.setdefault(login, []).append(profile)
    firsts = [profiles[0] for profiles in sharing.values()]
    client, now = app.client(NO_CLIENT_SETTINGS, None), app.system.clock()
    for target in all_targets(firsts, snapshot.sso_sessions(), Unopened(snapshot)):
        used_by = sharing.get(identity(target), ())
        names = tuple(dict.fromkeys(profile.name for profile in used_by))
        if isinstance(target, SsoLogin):
            sso = SsoTokenCache(target, app.system, client, app.logins)
            yield login_status(_name_of(target), sso, now, names)
        else:
            console = LoginCache(target, app.system, client, app.logins)
            yield login_status(_name_of(target), console, now, names)


def _name_of(target: Target) -> str:
    """The login's sso-session, start URL or profile."""
    if isinstance(target, SsoLogin):
        return target.session or target.start_url
    return target.profile
