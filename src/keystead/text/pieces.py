"""The parts of a shared file: sections, settings and nested lines with their positions."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.value import NamedTuple

Values = dict[str, str | Mapping[str, str]]
"""Settings by name in lower case: text, or a nested block."""


PlainSetting = tuple[str, str, int]
"""A setting's name, value and position."""
PlainSettings = list[PlainSetting]


class Span(NamedTuple):
    """A range of the text from ``start`` to ``end``, exclusive."""

    start: int
    end: int


class Nested(NamedTuple):
    """One ``name = value`` line of a nested block."""

    name: str
    value: str
    span: Span
    value_span: Span


class Property(NamedTuple):
    """One setting as written.

    ``value`` has continuation lines joined by a line feed, without inline comments; it is empty
    before a nested block. ``span`` is the first line with its line end, ``value_span`` the value
    in it, ``more`` the continuation lines.
    """

    name: str
    value: str
    span: Span
    value_span: Span
    more: tuple[Span, ...]
    nested: tuple[Nested, ...]

    @property
    def end(self) -> int:
        """The end of the last line of the property."""
        return self.more[-1].end if self.more else self.span.end


class Section(NamedTuple):
    """One header and the text up to the next one, from ``start`` to ``end``.

    ``title`` is the text in the brackets, trimmed; ``title_start`` is its position, ``below`` that
    of the line after the header.
    """

    title: str
    start: int
    title_start: int
    below: int
    end: int

    @property
    def title_span(self) -> Span:
        """The span of the title."""
        return Span(self.title_start, self.title_start + len(self.title))

    @property
    def body(self) -> Span:
        """The span below the header."""
        return Span(self.below, self.end)


class Splice(NamedTuple):
    """A replacement of the text of ``span`` by ``text``."""

    span: Span
    text: str


class Numbered(NamedTuple):
    """A position and its line number, from 1."""

    at: int
    line: int
