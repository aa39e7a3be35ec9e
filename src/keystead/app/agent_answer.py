"""Caching the output of ``keystead process`` in the agent."""

from __future__ import annotations

from keystead.app.selection import Selection
from keystead.delivery import permission
from keystead.errors import KeysteadError
from keystead.model.credentials import Credentials
from keystead.model.session import USUAL, Session
from keystead.model.sources.static import Static
from keystead.resolve.resolver import ProfileCredentials
from keystead.system.file_versions import change_token


class AgentAnswer:
    """The answer for a profile; created before any file is read, so that no change is missed."""

    def __init__(self, selected: Selection) -> None:
        self._selected = selected
        self._agent = selected.app.agent
        self._token = self._agent.watched(selected.change_token())

    def depends_on(self, provider: ProfileCredentials) -> None:
        """Adds the files that the credentials depend on, before they are read."""
        files = provider.input_files() if self._token else None
        more = None if files is None else self._agent.watched(change_token(files))
        self._token = self._token + more if self._token and more else None

    def hold(self, credentials: Credentials, output: str) -> None:
        """Caches ``output`` in the agent until it becomes stale."""
        if self._token is None:
            return
        plan = self._selected.plan
        renew_at: float | None = None
        try:
            if any(permission.has_rule(p) or p.notes for p in self._selected.profiles_used):
                return  # each use needs a confirmation or a warning
            cached = self._selected.cached if credentials.expires_at else ()
        except KeysteadError:
            return  # a file changed meanwhile
        if credentials.expires_at is not None:
            session = cached[-1] if cached else None
            if session is None or session.credentials != credentials:
                session = Session(credentials, credentials.expires_at - USUAL)
            by_person = bool(plan.mfa_serials) and plan.user_session is None
            renew_at = session.renew_at(by_person=by_person).timestamp()
        elif plan.steps or not isinstance(plan.base, Static):
            return  # their source may change at any time
        self._agent.keep(plan.profile, output, self._token, renew_at, credentials)
