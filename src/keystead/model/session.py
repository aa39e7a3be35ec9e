"""A session: temporary credentials, and how long they serve.

The windows are botocore's: from 15 minutes before the expiry a renewal is tried, from 10 minutes
before it the old one is not used any more. A session shorter than an hour has them in proportion.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from keystead.model.credentials import Credentials

_ADVISORY = timedelta(minutes=15)
_MANDATORY = timedelta(minutes=10)
USUAL = timedelta(hours=1)
"""The life of a session for which the windows are meant."""

SHARED = timedelta(minutes=1)
_DRIFT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """Credentials that were got at ``made``, when the machine had run for ``uptime`` seconds.

    Credentials without an expiry are for those who asked meanwhile, and are dropped after a minute.
    """

    credentials: Credentials
    made: datetime
    uptime: float = 0.0

    @property
    def expires_at(self) -> datetime:
        """The end of life."""
        return self.credentials.expires_at or self.made + SHARED

    @property
    def has_expiry(self) -> bool:
        """Whether the credentials have an expiry, so that later requests may use them."""
        return self.credentials.expires_at is not None

    def alive(self, now: datetime) -> bool:
        """Whether the credentials still work."""
        return now < self.expires_at

    def renew_at(self, *, by_person: bool) -> datetime:
        """When it is to be renewed: as late as it may be where that takes a person."""
        return self.expires_at - self._scaled(_MANDATORY if by_person else _ADVISORY)

    def serves(self, now: datetime) -> bool:
        """Whether they may be handed out: the mandatory window has not begun."""
        return now < self.renew_at(by_person=True)

    def fresh(self, now: datetime) -> bool:
        """Whether nobody has to think of renewing: the advisory window has not begun."""
        return now < self.renew_at(by_person=False)

    def clock_consistent(self, now: datetime, uptime: float) -> bool:
        """Whether the clock that says ``now`` can be compared with the one that said `made`.

        It cannot when it was set meanwhile: it went further, or less far, than the machine ran.
        After a start of the machine, which resets ``uptime``, all that shows is a clock that
        went back.
        """
        since = now - self.made
        if uptime < self.uptime:
            return since >= timedelta(0)
        return abs(since - timedelta(seconds=uptime - self.uptime)) < _DRIFT

    def _scaled(self, window: timedelta) -> timedelta:
        life = self.expires_at - self.made
        return window * min(1.0, max(0.0, life / USUAL))
