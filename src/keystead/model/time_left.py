"""How long something is still valid, in words: for lists and for prompts. Pure."""

from __future__ import annotations

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_DAYS_SHOWN = 2 * _DAY
"""From here on, days are exact enough."""


def time_left(seconds: float) -> str:
    """The time until the end, rounded down: ``in 47 min``, ``in 2 h 05 min``, ``in 3 days``."""
    if seconds < _MINUTE:
        return "in less than a minute"
    if seconds < _HOUR:
        return f"in {seconds // _MINUTE:.0f} min"
    if seconds < _DAYS_SHOWN:
        return f"in {seconds // _HOUR:.0f} h {seconds % _HOUR // _MINUTE:02.0f} min"
    return f"in {seconds // _DAY:.0f} days"


def with_time_left(text: str, seconds: float | None) -> str:
    """The text of a prompt with the time left: ``prod 45s``, ``prod 47m``, ``prod 2h05m``,
    ``prod 3d``; alone where ``seconds`` is None.
    """
    if seconds is None:
        return text
    if seconds < _MINUTE:
        left = f"{seconds // 1:.0f}s"
    elif seconds < _HOUR:
        left = f"{seconds // _MINUTE:.0f}m"
    elif seconds < _DAYS_SHOWN:
        left = f"{seconds // _HOUR:.0f}h{seconds % _HOUR // _MINUTE:02.0f}m"
    else:
        left = f"{seconds // _DAY:.0f}d"
    return f"{text} {left}"
