"""The offset of the servers' clocks from this machine's, by their ``Date`` headers."""

from __future__ import annotations

import re
from functools import cached_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime, timedelta

TOLERANCE = 60.0
"""Seconds; smaller offsets count as zero: they may be network latency."""


class ServerTime:
    """The offset in the last answer; zero before the first one."""

    @cached_property
    def ahead(self) -> timedelta:
        """Server time minus local time."""
        from datetime import timedelta

        return timedelta(0)

    def learn(self, date: str | None, now: datetime) -> None:
        """Sets the offset by the ``Date`` header of an answer received at ``now``."""
        if not date:
            return
        from datetime import timedelta

        try:
            ahead = _moment(date) - now
        except (ValueError, OverflowError):
            return
        self.ahead = ahead if abs(ahead).total_seconds() > TOLERANCE else timedelta(0)

    def here(self, moment: datetime) -> datetime:
        """The local time at the server time ``moment``."""
        return moment - self.ahead


_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_DATE = r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT"


def _moment(date: str) -> datetime:
    """The time that a header ``Date`` says. Raises `ValueError`, `OverflowError`."""
    from datetime import UTC, datetime

    found = re.fullmatch(_DATE, date, re.ASCII)
    if found and found[2] in _MONTHS:
        month = _MONTHS.index(found[2]) // 3 + 1
        day, year, hour, minute, second = map(int, found.group(1, 3, 4, 5, 6))
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    import email.utils  # for the obsolete forms, since it is slow to load

    parsed = email.utils.parsedate_to_datetime(date)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
