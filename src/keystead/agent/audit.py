"""The lines of the audit log for the answers that the agent gives."""

from __future__ import annotations

import contextlib
from datetime import datetime

from keystead.agent.holder import Told
from keystead.errors import FileProblem
from keystead.model.credentials import Credentials
from keystead.stores.audit import AuditLog, Grant
from keystead.system import System


def note(profile: str, told: Told | None, way: str, pid: int | None) -> None:
    """Notes that the process got the answer; ``told`` None: nobody knows what was in it.

    Nobody reads what an agent says, so a log that cannot be written is passed over in silence;
    the next command that goes the full way warns of it.
    """
    if told is None:
        return
    ends = datetime.fromisoformat(told.expires_at) if told.expires_at else None
    credentials = Credentials(told.access_key_id, "", expires_at=ends, source=told.source)
    # The log of who asked: one folder for everything is how its own is named.
    log = AuditLog(System(environ={"KEYSTEAD_HOME": told.folder}))
    with contextlib.suppress(FileProblem):
        log.record(Grant.to(pid, None, profile, way, credentials))
