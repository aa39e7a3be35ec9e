"""How many calls may run at once, by what a service answers: as TCP finds its rate. Pure.

Additive increase, multiplicative decrease: one more after each round of answers, half after a
refusal.
"""

from __future__ import annotations

MOST = 32
_FIRST = 4.0


class AdaptiveLimit:
    """The number of calls at once, from 1 to ``most``."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._limit = min(_FIRST, most)
        self._begun = 0
        self._refused = 0
        self._lowered = 0
        """The calls that had begun when the limit was lowered: they were sent at the old rate."""

    @property
    def at_once(self) -> int:
        """The number of calls that may run at once."""
        return int(self._limit)

    def begin(self) -> int:
        """The number of a call that begins."""
        self._begun += 1
        return self._begun

    def succeeded(self) -> None:
        """A call was answered."""
        self._limit = min(self._most, self._limit + 1 / self._limit)
        self._refused = 0

    def throttled(self, number: int) -> int:
        """The call ``number`` was refused because there are too many.

        Returns which time in a row that happens to a call that began as the only one; 0 for others.
        """
        if number <= self._lowered:
            return 0
        self._lowered = self._begun
        self._refused = self._refused + 1 if self.at_once == 1 else 0
        self._limit = max(1.0, self._limit / 2)
        return self._refused
