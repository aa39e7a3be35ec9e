"""Suggestions for misspelt names."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 100
"""The longest name to compare; the time is quadratic."""


def near_names(name: str, known: Iterable[str], *, likeness: float = 0.6) -> list[str]:
    """Up to three ``known`` names similar to ``name``, ignoring case, most similar first.

    ``likeness`` is the least similarity, from 0 to 1.
    """
    import difflib  # completion does not need it and must be quick

    lowered = {other.lower(): other for other in known}
    wanted = name.lower()[:_LONGEST]
    found = difflib.get_close_matches(wanted, lowered, n=3, cutoff=likeness)
    return [lowered[match] for match in found]


def either(names: Iterable[str], mark: str = "") -> str:
    """The names joined by `or`, each prefixed by ``mark``."""
    return " or ".join(f"`{mark}{name}`" for name in names)


def did_you_mean(names: Iterable[str], mark: str = "", *, otherwise: str = "") -> str:
    """The hint that suggests ``names``, each prefixed by ``mark``; ``otherwise`` for none."""
    offered = either(names, mark)
    return f"did you mean {offered}" if offered else otherwise
