"""What a shared file is made of: sections, settings, nested lines, each with where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Values = dict[str, str | Mapping[str, str]]
"""Settings by name in lower case: text, or a nested block."""


class Span(NamedTuple):
    """A stretch of the text, from ``start`` up to and without ``end``."""

    start: int
    end: int


class Nested(NamedTuple):
    """One ``name = value`` line of a nested block."""

    name: str
    value: str
    span: Span
    value_span: Span


class Property(NamedTuple):
    """One setting as it is written: its spelling, its value and the lines it takes.

    ``value`` has continuation lines joined by a line feed and inline comments cut off; it is
    empty when a nested block follows. ``span`` is the first line with its line end, ``value_span``
    the value in it, ``more`` the lines that continue it.
    """

    name: str
    value: str
    span: Span
    value_span: Span
    more: tuple[Span, ...]
    nested: tuple[Nested, ...]

    @property
    def end(self) -> int:
        """Where the last line that belongs to the property ends."""
        return self.more[-1].end if self.more else self.span.end


class Section(NamedTuple):
    """One header and the stretch of text up to the next one, from ``start`` to ``end``.

    ``title`` is the inside of the brackets, trimmed, and stands at ``title_start``; the line
    below the header begins at ``below``.
    """

    title: str
    start: int
    title_start: int
    below: int
    end: int

    @property
    def title_span(self) -> Span:
        """Where the title stands."""
        return Span(self.title_start, self.title_start + len(self.title))

    @property
    def body(self) -> Span:
        """What stands below the header."""
        return Span(self.below, self.end)


class Splice(NamedTuple):
    """A cut: the text of ``span`` is replaced by ``text``."""

    span: Span
    text: str


class Numbered(NamedTuple):
    """A position and the number of the line that it is in, from 1."""

    at: int
    line: int
