"""Credentials: the key triple that signs requests, with its end of life."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from keystead.secret import MASK


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys that sign AWS requests. Frozen: a refresh makes a new value.

    ``expires_at`` is the exact end of life with its time zone, None for keys that do not expire.
    ``source`` says where the keys came from, such as ``profile dev > role arn:...``.
    The text form shows the access key id and masks the rest.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    account_id: str | None = None
    source: str = ""

    def __str__(self) -> str:
        return f"{self.access_key_id} {MASK}"

    def fresh(self, now: datetime, window: timedelta = timedelta(0)) -> bool:
        """Whether the keys live on for at least ``window`` after ``now``."""
        return self.expires_at is None or now + window < self.expires_at
