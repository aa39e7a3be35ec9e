"""The offset of the servers' clocks from this machine's, by their ``Date`` headers."""

from __future__ import annotations

import re
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
        if not date:
            return
        try:
            ahead = _moment(date) - now
        except (ValueError, OverflowError):
            return
        self.ahead = ahead if abs(ahead) > TOLERANCE else timedelta(0)

    def here(self, moment: datetime) -> datetime:
        """The local time at the server time ``moment``."""
        return moment - self.ahead


_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_DATE = re.compile(
    r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII
)


def _moment(date: str) -> datetime:
    """The time that a header ``Date`` says. Raises `ValueError`, `OverflowError`."""
    found = _DATE.fullmatch(date)
    if found and found[2] in _MONTHS:
        month = _MONTHS.index(found[2]) // 3 + 1
        day, year, hour, minute, second = map(int, found.group(1, 3, 4, 5, 6))
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    import email.utils  # for the obsolete forms, since it is slow to load

    parsed = email.utils.parsedate_to_datetime(date)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
