"""How far this machine's clock is from that of the servers, learned from the dates they send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=1)
"""Below this a difference may as well be the way of the answer: it counts as none."""


class ServerTime:
    """The difference as the last answer showed it; zero until there is one that differs."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        """What is added to this machine's time to get the servers'."""

    def learn(self, date: str | None, now: datetime) -> None:
        """Takes the header ``Date`` of an answer that came at ``now``."""
        import email.utils

        try:
            said = email.utils.parsedate_to_datetime(date or "")
        except (ValueError, OverflowError):
            return
        told = said if said.tzinfo else said.replace(tzinfo=UTC)
        found = told - now
        self.ahead = found if abs(found) > TOLERANCE else timedelta(0)

    def here(self, moment: datetime) -> datetime:
        """What this machine's clock will say when the servers' say ``moment``."""
        return moment - self.ahead
