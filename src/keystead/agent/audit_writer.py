"""Recording the agent's answers in the audit log."""

from __future__ import annotations

from keystead.agent.answer_cache import GrantRecord
from keystead.audit.grantee import Grantee
from keystead.audit.log import AuditLog
from keystead.model.credentials import Credentials
from keystead.outside import parse_moment
from keystead.system import System

_LOCK_SECONDS = 0.1
"""How long to wait for other writers, as all clients wait meanwhile."""


def note(profile: str, grant: GrantRecord, channel: str, pid: int | None) -> None:
    """Records that the process gets the answer. Raises `FileProblem`."""
    ends = parse_moment(grant.expires_at) if grant.expires_at else None
    credentials = Credentials(grant.access_key_id, "", expires_at=ends, source=grant.source)
    # The log of the client, whose folder may differ from the agent's.
    log = AuditLog(System(environ={"KEYSTEAD_HOME": grant.folder}))
    log.record(profile, credentials, Grantee(channel, pid), lock_seconds=_LOCK_SECONDS)
