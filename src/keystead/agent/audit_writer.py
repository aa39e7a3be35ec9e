"""The lines of the audit log for the answers that the agent gives."""

from __future__ import annotations

from keystead.agent.answer_cache import GrantRecord
from keystead.audit.grantee import Grantee
from keystead.audit.log import AuditLog
from keystead.model.credentials import Credentials
from keystead.outside import parse_moment
from keystead.system import System

_LOCK_SECONDS = 0.1
"""How long others that write are waited for: all clients wait meanwhile."""


def note(profile: str, told: GrantRecord, channel: str, pid: int | None) -> None:
    """Notes that the process is handed the answer. Raises `FileProblem`."""
    ends = parse_moment(told.expires_at) if told.expires_at else None
    credentials = Credentials(told.access_key_id, "", expires_at=ends, source=told.source)
    # The log of who asked: one folder for everything is how its own is named.
    log = AuditLog(System(environ={"KEYSTEAD_HOME": told.folder}))
    log.record(profile, credentials, Grantee(channel, pid), lock_seconds=_LOCK_SECONDS)
