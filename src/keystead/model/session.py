"""A session: temporary credentials and their refresh windows.

The windows are botocore's: from 15 minutes before the expiry renewal is attempted, from 10 minutes
before it the session is no longer used. They are proportional for sessions under an hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from keystead.model.credentials import Credentials
from keystead.value import Value

_ADVISORY = timedelta(minutes=15)
_MANDATORY = timedelta(minutes=10)
USUAL = timedelta(hours=1)
"""The duration of a session for which the windows apply in full."""

SHARED = timedelta(minutes=1)
_DRIFT = timedelta(minutes=1)


class Session(Value):
    """Credentials retrieved at ``made``, when the machine had been up for ``uptime`` seconds.

    Without an expiry they are only shared with concurrent requests, and dropped after a minute.
    """

    credentials: Credentials
    made: datetime
    uptime: float = 0.0

    @property
    def expires_at(self) -> datetime:
        """The expiry, or the end of that minute."""
        return self.credentials.expires_at or self.made + SHARED

    @property
    def has_expiry(self) -> bool:
        """Whether the credentials have an expiry, so that later requests can use them."""
        return self.credentials.expires_at is not None

    def alive(self, now: datetime) -> bool:
        """Whether the credentials have not expired."""
        return now < self.expires_at

    def renew_at(self, *, by_person: bool) -> datetime:
        """When to renew it: as late as possible if renewal prompts a person."""
        return self.expires_at - self._scaled(_MANDATORY if by_person else _ADVISORY)

    def serves(self, now: datetime) -> bool:
        """Whether the credentials may be delivered: before the mandatory window."""
        return now < self.renew_at(by_person=True)

    def fresh(self, now: datetime) -> bool:
        """Whether renewal is not needed: before the advisory window."""
        return now < self.renew_at(by_person=False)

    def clock_consistent(self, now: datetime, uptime: float) -> bool:
        """Whether the clock was not set between `made` and ``now``, compared with the uptime.

        After a reboot, which resets ``uptime``, only a clock that was set back is detected.
        """
        since = now - self.made
        if uptime < self.uptime:
            return since >= timedelta(0)
        return abs(since - timedelta(seconds=uptime - self.uptime)) < _DRIFT

    def _scaled(self, window: timedelta) -> timedelta:
        life = self.expires_at - self.made
        return window * min(1.0, max(0.0, life / USUAL))
