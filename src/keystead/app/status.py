"""All that is valid for a while: the shell, logins, MFA sessions, sessions, and the agent."""

from __future__ import annotations

from datetime import timedelta

from keystead.agent.connection import Connection
from keystead.app.overviews import cached_ends
from keystead.app.prompt import shell_status
from keystead.app.validity import (
    Status,
    login_status,
    login_statuses,
    profile_status,
    uncalled_snapshot,
)
from keystead.errors import AgentProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keystead.app import App

_DEVICE = ":mfa/"


def statuses_of(app: App, name: str) -> Iterator[Status]:
    """The profile and its login. Raises as `profile_status`."""
    found, login = profile_status(app, name, uncalled_snapshot(app), cached_ends(app))
    yield found
    if login:
        yield login_status(app, login.what, login)


def statuses(app: App) -> Iterator[Status]:
    """The shell, all logins, all sessions and the agent."""
    now = app.system.clock()
    shell = shell_status(app)
    if shell:
        yield shell
    yield from login_statuses(app, uncalled_snapshot(app))
    for session in app.sessions.all():
        if session.expires_at > now:
            kind = "mfa" if _DEVICE in session.source.rpartition(" > ")[2] else "session"
            yield Status(kind, session.source, True, session.expires_at)
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
