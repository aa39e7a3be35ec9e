"""Time that a test lets pass, for this machine and for a server: both see the same hour."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Passing:
    """The real time and ``ahead`` of it."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def clock(self) -> datetime:
        """The time of day."""
        return datetime.now(UTC) + self.ahead

    def uptime(self) -> float:
        """Seconds that the machine has run."""
        return time.monotonic() + self.ahead.total_seconds()
