"""Names that a misspelt one may have been meant as, and the hint that offers them."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 100
"""No name that keystead knows is longer; the time of a comparison grows with the square."""


def near_names(name: str, known: Iterable[str], *, likeness: float = 0.6) -> list[str]:
    """Up to three of the ``known`` names that are like ``name`` in any letter case, nearest first.

    ``likeness`` is how much they have in common at least, from 0 to 1.
    """
    import difflib  # of no use to completion, which shall be quick

    lowered = {other.lower(): other for other in known}
    wanted = name.lower()[:_LONGEST]
    found = difflib.get_close_matches(wanted, lowered, n=3, cutoff=likeness)
    return [lowered[match] for match in found]


def either(names: Iterable[str], mark: str = "") -> str:
    """The names as a choice, each with ``mark`` before it."""
    return " or ".join(f"`{mark}{name}`" for name in names)


def did_you_mean(names: Iterable[str], mark: str = "", *, otherwise: str = "") -> str:
    """The hint that offers ``names``, each with ``mark`` before it; ``otherwise`` for none."""
    offered = either(names, mark)
    return f"did you mean {offered}" if offered else otherwise
