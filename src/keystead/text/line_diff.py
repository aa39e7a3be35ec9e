"""The equal lines of two texts, as `difflib` finds them, in time that grows with the change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher
from itertools import pairwise

_CHEAP = 40_000
"""The product of two numbers of lines that `difflib` compares in milliseconds."""

Lines = Sequence[str]


class LineDiff(SequenceMatcher[str]):
    """A `SequenceMatcher` for long files.

    `difflib` compares each line with all that equal it, which takes minutes where thousands of
    sections have the same settings. So the longer one of the equal ends is matched first, as it
    does itself, then that of the rest; a long rest is divided at the lines that occur once in both.
    """

    def __init__(self, before: Lines, after: Lines, cheap: int = _CHEAP) -> None:
        super().__init__()
        self._pair = before, after
        self._cheap = cheap

    def get_matching_blocks(self) -> list[Match]:
        """The blocks of equal lines in order, adjacent ones joined, then an empty one."""
        ends = (*map(len, self._pair), 0)
        found: list[Match] = []
        for block in [*self._blocks(*self._pair, 0, 0), Match(*ends)]:
            i, j, size = found[-1] if found else (-1, -1, 0)
            if (i + size, j + size) == block[:2] and block.size:
                found[-1] = Match(i, j, size + block.size)
            else:
                found.append(block)
        return found

    def _blocks(self, before: Lines, after: Lines, i: int, j: int) -> Iterator[Match]:
        """The blocks of equal lines in two parts, which begin at the lines ``i`` and ``j``."""
        if not before or not after:
            return
        if len(before) * len(after) <= self._cheap:
            matcher = SequenceMatcher(None, before, after, autojunk=False)
            blocks = matcher.get_matching_blocks()[:-1]
            yield from (Match(i + block.a, j + block.b, block.size) for block in blocks)
            return
        cuts = _longer_end(before, after) or _lines_that_occur_once(before, after)
        if not cuts:
            return  # shown as replaced
        cuts = [Match(0, 0, 0), *cuts, Match(len(before), len(after), 0)]
        for (a, b, size), (next_a, next_b, next_size) in pairwise(cuts):
            rest = before[a + size : next_a], after[b + size : next_b]
            yield from self._blocks(*rest, i + a + size, j + b + size)
            if next_size:
                yield Match(i + next_a, j + next_b, next_size)


def _longer_end(before: Lines, after: Lines) -> list[Match]:
    """The equal lines at the beginning or at the end, whichever are more; as a list."""
    head, tail = _common(before, after), _common(before[::-1], after[::-1])
    if head >= tail:
        return [Match(0, 0, head)] if head else []
    return [Match(len(before) - tail, len(after) - tail, tail)]


def _common(before: Lines, after: Lines) -> int:
    pairs = enumerate(zip(before, after, strict=False))
    return next((n for n, (one, other) in pairs if one != other), min(len(before), len(after)))


def _lines_that_occur_once(before: Lines, after: Lines) -> list[Match]:
    """The lines that occur once in each, such as headers, without those that were moved."""
    counts = Counter(before), Counter(after)
    once = {line for line, count in counts[0].items() if count == counts[1][line] == 1}
    places = [[n for n, line in enumerate(lines) if line in once] for lines in (before, after)]
    old, new = [before[n] for n in places[0]], [after[n] for n in places[1]]
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return [
        Match(places[0][a + n], places[1][b + n], 1) for a, b, size in blocks for n in range(size)
    ]
