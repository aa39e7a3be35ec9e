"""A session: temporary credentials, and how long they serve.

The windows are botocore's: from 15 minutes before the end somebody tries to renew, from 10 minutes
before it nobody is content with the old one. A session shorter than an hour has them in proportion.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from keystead.model.credentials import Credentials

_ADVISORY = timedelta(minutes=15)
_MANDATORY = timedelta(minutes=10)
_USUAL = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Session:
    """Credentials that STS made at ``made``; ``expires_at`` of them is not None."""

    credentials: Credentials
    made: datetime

    @property
    def expires_at(self) -> datetime:
        """The end of life."""
        assert self.credentials.expires_at is not None  # noqa: S101  # else it is no session
        return self.credentials.expires_at

    def alive(self, now: datetime) -> bool:
        """Whether the credentials still work."""
        return now < self.expires_at

    def serves(self, now: datetime) -> bool:
        """Whether they may be handed out: the mandatory window has not begun."""
        return now + self._scaled(_MANDATORY) < self.expires_at

    def fresh(self, now: datetime) -> bool:
        """Whether nobody has to think of renewing: the advisory window has not begun."""
        return now + self._scaled(_ADVISORY) < self.expires_at

    def _scaled(self, window: timedelta) -> timedelta:
        life = self.expires_at - self.made
        return window * min(1.0, max(0.0, life / _USUAL))
