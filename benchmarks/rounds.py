"""The number of rounds: that of the benchmark, or fewer if its argument says so."""

from __future__ import annotations

import sys


def rounds(usual: int) -> int:
    """``usual``, at most the first argument of the program: ``make bench ROUNDS=2``."""
    return min(usual, int(sys.argv[1])) if sys.argv[1:] else usual
