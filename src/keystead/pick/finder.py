"""Finding rows by a few typed letters: which ones match a query, and in what order. Pure.

Each word of the query has to match: its letters in their order in the name of a row, or as a whole
in another cell. Letter case counts in a word with a capital letter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

_EXACT, _BEGINS, _BEGINS_WORD, _INSIDE, _ELSEWHERE, _SCATTERED = range(6)
"""How well a word matches, the best first; scattered letters are worse by the gaps in them."""
_WORST_GAP = 255
_END = "\x1f"
"""Separates the name of a row from its other cells."""


class Finder:
    """Rows of cells, in the order in which equally good ones are found; the first is the name.

    A query that continues an earlier one looks at what that one found. ``examined`` is how many
    rows the last query looked at.
    """

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self._rows = rows
        self._found: dict[str, Sequence[int]] = {"": range(len(rows))}
        self.examined = 0

    def prepare(self) -> None:
        """Do now what the first query takes longer for than others."""
        _ = self._lowered

    @cached_property
    def _written(self) -> Sequence[str]:
        return [f"{row[0]}{_END}{' '.join(filter(None, row[1:]))}" for row in self._rows]

    @cached_property
    def _lowered(self) -> Sequence[str]:
        return [_lowered(text) for text in self._written]

    def find(self, query: str) -> Sequence[int]:
        """The numbers of the rows that match, the best first."""
        self._found = {text: found for text, found in self._found.items() if query.startswith(text)}
        before = self._found[max(self._found, key=len)]
        words = query.split()
        if not words:
            return self._found[""]
        rows, ranks = self._rows, dict.fromkeys(before, 0)
        self.examined = len(before)
        for word in words:
            texts = self._lowered if word == _lowered(word) else self._written
            ranks = {
                number: rank + own
                for number, rank in ranks.items()
                if (own := rank_of(word, texts[number], len(rows[number][0]))) >= 0
            }
        self._found[query] = [*ranks]
        by_rank: dict[int, list[int]] = defaultdict(list)
        for number, rank in ranks.items():
            by_rank[rank].append(number)
        return [number for rank in sorted(by_rank) for number in by_rank[rank]]


def rank_of(word: str, text: str, end: int) -> int:
    """How well a word matches a text whose first ``end`` characters are the name, 0 the best;
    negative if it does not.
    """
    at = text.find(word)
    if at >= 0:
        if at + len(word) > end:
            return _ELSEWHERE
        if at == 0:
            return _EXACT if len(word) == end else _BEGINS
        return _INSIDE if text[at - 1].isalnum() else _BEGINS_WORD
    places = _scattered(word, text, end)
    return _SCATTERED + min(places[-1] - places[0] + 1 - len(word), _WORST_GAP) if places else -1


def matched_places(query: str, name: str) -> set[int]:
    """The places of the characters in a name that match a query."""
    lowered = _lowered(name)
    found: set[int] = set()
    for word in query.split():
        text = lowered if word == _lowered(word) else name
        at = text.find(word)
        spread = range(at, at + len(word)) if at >= 0 else _scattered(word, text, len(text))
        found.update(spread)
    return found


def _scattered(word: str, text: str, end: int) -> Sequence[int]:
    """The places of the letters of ``word`` in their order before ``end``, close together; empty
    for none.
    """
    last = -1
    for letter in word:
        last = text.find(letter, last + 1, end)
        if last < 0:
            return ()
    last += 1
    places = []
    for letter in reversed(word):
        last = text.rindex(letter, 0, last)
        places.append(last)
    return places[::-1]


def _lowered(text: str) -> str:
    """``text`` in lower case, with each character at its place."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(char if len(char.lower()) > 1 else char.lower() for char in text)
