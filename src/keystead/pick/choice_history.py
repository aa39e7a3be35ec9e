"""What was chosen before, so that recent and frequent choices are offered first.

Each name has one number, its moment: the time of its last choice, moved later by earlier ones, of
which each counts half as much after `_HALF_LIFE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp2, log2
from pathlib import Path

from keystead.errors import FileProblem
from keystead.outside import number, parse_json
from keystead.system import System

_HALF_LIFE = 7 * 86400.0
_MOST = 500
"""How many names are recorded."""
_FURTHEST = 20 * _HALF_LIFE
"""How far a moment may be after now, for a clock that was set back."""


class ChoiceHistory:
    """The choices of the user, in a file of the state folder."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._path: Path = system.folders.choices

    def moments(self) -> Mapping[str, float]:
        """The moment of each name, in seconds since 1970; empty where nothing can be read."""
        try:
            data = self._system.files.read(self._path, private=True).data
            chosen = parse_json(data)["chosen"] if data else {}
            return {str(name): number(at, 0, 1e12) for name, at in chosen.items()}
        except (FileProblem, ValueError, LookupError, TypeError, AttributeError):
            return {}

    def add(self, name: str) -> None:
        """Record a choice, if the file can be written."""
        now = self._system.clock().timestamp()
        moments = {**self.moments()}
        moments[name] = after_choice(moments.get(name), now)
        latest = sorted(moments.items(), key=lambda row: -row[1])[:_MOST]
        import json  # not for the first drawing

        try:
            self._system.files.put(self._path, json.dumps({"chosen": dict(latest)}).encode())
        except FileProblem:
            return  # it only changes an order


def after_choice(moment: float | None, now: float) -> float:
    """The moment of a name that is chosen now."""
    if moment is None:
        return now
    earlier = min(moment, now + _FURTHEST)
    return now + _HALF_LIFE * log2(1 + exp2((earlier - now) / _HALF_LIFE))
