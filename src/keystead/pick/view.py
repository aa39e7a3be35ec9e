"""The list of candidates as lines of a terminal. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from keystead.display_width import ELLIPSIS, display_width, padded, shortened
from keystead.pick.finder import matched_places
from keystead.printable import one_line
from keystead.value import NamedTuple

_PROMPT = "> "
_MOST_PREVIEW_LINES = 8
_LEAST_WITH_PREVIEW = 12
"""The height of a terminal below which there is no preview."""

_BOLD, _REVERSE, _RESET = "\x1b[1m", "\x1b[7m", "\x1b[0m"


class Size(NamedTuple):
    """The size of a terminal in characters."""

    columns: int
    lines: int


class Layout(NamedTuple):
    """How many lines of a terminal are for what, from the top."""

    has_headings: bool
    rows: int
    preview: int

    @classmethod
    def of(cls, size: Size, *, with_preview: bool) -> Layout:
        """The layout for a terminal; the first line is the query."""
        left = max(size.lines - 1, 0)
        preview = 0
        if with_preview and size.lines >= _LEAST_WITH_PREVIEW:
            preview = min(_MOST_PREVIEW_LINES, size.lines // 3)
        has_headings = left - preview > 1
        return cls(has_headings, left - preview - has_headings, preview)


class Line(NamedTuple):
    """A query that is edited: its text, and the number of characters before the cursor."""

    text: str = ""
    cursor: int = 0

    def inserted(self, text: str) -> Line:
        """With ``text`` at the cursor."""
        return Line(
            self.text[: self.cursor] + text + self.text[self.cursor :], self.cursor + len(text)
        )

    def without(self, start: int, end: int) -> Line:
        """Without the characters from ``start`` to ``end``."""
        start, end = max(start, 0), min(end, len(self.text))
        return Line(self.text[:start] + self.text[end:], start)

    def at(self, cursor: int) -> Line:
        """With the cursor at another place."""
        return Line(self.text, min(max(cursor, 0), len(self.text)))

    def word_start(self) -> int:
        """Where the word at or before the cursor begins."""
        return self.text[: self.cursor].rstrip().rfind(" ") + 1


class ColumnWidths:
    """The widths of the columns, which grow with what is shown and never shrink."""

    def __init__(self, headings: Sequence[str]) -> None:
        self.headings = headings
        self._widths = [0] * len(headings)

    def shown(self, rows: Sequence[Sequence[str]], total: int) -> list[int]:
        """The width of each column in lines of ``total``; 0 for one that finds no place.

        The name is shortened where it is too long; a column after it is shown whole or not at all.
        """
        for number, heading in enumerate(self.headings):
            widest = max((display_width(one_line(row[number])) for row in rows), default=0)
            if widest:
                self._widths[number] = max(self._widths[number], widest, len(heading))
        name, *others = self._widths
        found = [min(name, total)]
        left = total - found[0]
        for width in others:
            fits = 0 < width < left
            found.append(width if fits else 0)
            left -= width + 1 if fits else 0
        return found


def query_line(query: Line, note: str, width: int) -> tuple[str, int]:
    """The line of the query with ``note`` at its right, and the column of the cursor."""
    before, after = one_line(query.text[: query.cursor]), one_line(query.text[query.cursor :])
    room = width - len(_PROMPT) - 1
    if room < 1:
        return shortened(_PROMPT, width), max(width - 1, 0)
    while display_width(before) > room:
        before = before[1:]
    text = _PROMPT + before
    cursor = display_width(text)
    text = shortened(text + after, width)
    blanks = width - display_width(text) - display_width(note)
    return (text + " " * blanks + note if blanks > 0 and note else text), cursor


def row_line(
    cells: Sequence[str], widths: Sequence[int], *, query: str, selected: bool, styled: bool
) -> str:
    """One row; the name is the first of the ``cells``, which are as in files."""
    name, *others = cells
    text = _name(name, widths[0], query if styled else "")
    shown = [
        padded(one_line(cell), width)
        for cell, width in zip(others, widths[1:], strict=True)
        if width
    ]
    line = " ".join([text, *shown]).rstrip()
    if styled and selected:
        return _REVERSE + line.replace(_RESET, _RESET + _REVERSE) + _RESET
    return line


def _name(name: str, width: int, query: str) -> str:
    """The name in its column, with what matches the query in bold."""
    places = matched_places(query, name) if query else set()
    parts: list[str] = []
    left = width
    whole = display_width(one_line(name)) <= width
    for number, char in enumerate(name):
        shown = one_line(char)
        needed = display_width(shown)
        if needed > left - (not whole):
            break
        parts.append(f"{_BOLD}{shown}{_RESET}" if number in places else shown)
        left -= needed
    if not whole and left:
        parts.append(ELLIPSIS)
        left -= 1
    return "".join(parts) + " " * left


def heading_line(headings: Sequence[str], widths: Sequence[int], width: int) -> str:
    """The headings of the columns that are shown."""
    shown = [padded(text, size) for text, size in zip(headings, widths, strict=True) if size]
    return shortened(" ".join(shown).rstrip(), width)


def preview_lines(text: str, count: int, width: int) -> list[str]:
    """The preview below a rule, in ``count`` lines."""
    lines = [shortened(one_line(line), width) for line in text.splitlines()][: count - 1]
    return ["-" * width, *lines, *[""] * (count - 1 - len(lines))]
