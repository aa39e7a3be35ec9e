"""Suggestions for misspelt names."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence

_LONGEST = 100
"""The longest name to compare; the time is quadratic."""
_MOST = 500
"""The most names to compare."""


def near_names(name: str, known: Iterable[str], *, likeness: float = 0.6) -> list[str]:
    """Up to three ``known`` names similar to ``name``, ignoring case, most similar first.

    ``likeness`` is the least similarity, from 0 to 1. Of many names, those are compared that begin
    or end most alike.
    """
    import difflib  # completion does not need it and must be quick

    lowered = {other.lower(): other for other in known}
    wanted = name.lower()[:_LONGEST]
    found = difflib.get_close_matches(wanted, _alike(wanted, lowered), n=3, cutoff=likeness)
    return [lowered[match] for match in found]


def _alike(wanted: str, names: Mapping[str, object]) -> Iterable[str]:
    """Those of many names that begin or end most like ``wanted``, in their order."""
    if len(names) <= _MOST:
        return names
    endings = _next_to(wanted[::-1], [name[::-1] for name in names])
    chosen = {*_next_to(wanted, names), *(name[::-1] for name in endings)}
    return filter(chosen.__contains__, names)


def _next_to(wanted: str, names: Iterable[str]) -> Sequence[str]:
    """The names next to ``wanted`` in alphabetical order."""
    ordered = sorted(names)
    at = bisect(ordered, wanted)
    return ordered[max(0, at - _MOST // 4) : at + _MOST // 4]


def either(names: Iterable[str], mark: str = "") -> str:
    """The names joined by `or`, each prefixed by ``mark``."""
    return " or ".join(f"`{mark}{name}`" for name in names)


def did_you_mean(names: Iterable[str], mark: str = "", *, otherwise: str = "") -> str:
    """The hint that suggests ``names``, each prefixed by ``mark``; ``otherwise`` for none."""
    offered = either(names, mark)
    return f"did you mean {offered}" if offered else otherwise
