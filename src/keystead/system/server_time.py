"""The offset of the servers' clocks from this machine's, by their ``Date`` headers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=1)
"""Smaller offsets count as zero: they may be network latency."""


class ServerTime:
    """The offset in the last answer; zero before the first one."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        """Server time minus local time."""

    def learn(self, date: str | None, now: datetime) -> None:
        """Sets the offset by the ``Date`` header of an answer received at ``now``."""
        import email.utils

        try:
            parsed = email.utils.parsedate_to_datetime(date or "")
        except (ValueError, OverflowError):
            return
        server = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        ahead = server - now
        self.ahead = ahead if abs(ahead) > TOLERANCE else timedelta(0)

    def here(self, moment: datetime) -> datetime:
        """The local time at the server time ``moment``."""
        return moment - self.ahead
