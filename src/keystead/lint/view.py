"""What the rules on text look at: one file, read on beyond every line that is broken."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from keystead.errors import DocumentError, Origin
from keystead.lint.finding import Checks, Problem
from keystead.text.dialect import FileKind, Header, Reading, interpret, read_header
from keystead.text.document import Document, Grammar
from keystead.text.encoding import other_encoding
from keystead.text.pieces import Nested, Property, Section, Span


class Block(NamedTuple):
    """A section with what its header means and the settings whose lines are not broken."""

    section: Section
    header: Header
    items: tuple[Property, ...]

    @property
    def title(self) -> str:
        """What its header has in brackets."""
        return self.section.title

    @property
    def profile(self) -> str | None:
        """The name of the profile that it belongs to."""
        return self.header.name if self.header.kind == "profile" else None


@dataclass(frozen=True)
class View:
    """One file; ``is_open`` says whether others may read or write it.

    ``data`` are its bytes as found, ``days`` is how long ago it was last written. ``broken`` has an
    error for each broken line, by the position at which it begins.
    """

    data: bytes
    document: Document
    kind: FileKind
    broken: dict[int, DocumentError]
    is_open: bool
    days: int

    @classmethod
    def of(
        cls, kind: FileKind, file: str, data: bytes, *, is_open: bool = False, days: int = 0
    ) -> View:
        """The view of a file's bytes; bytes that are not UTF-8 hide nothing but themselves."""
        text = "" if other_encoding(data) else data.decode("utf-8", "replace")
        broken: dict[int, DocumentError] = {}
        document = Document(text.encode(), file, broken)
        view = cls(data, document, kind, broken, is_open, days)
        _ = view.blocks  # only now every broken line is known
        return view

    @property
    def file(self) -> str:
        """The path of the file."""
        return self.document.file

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The sections in order."""
        return tuple(map(self._block, self.document.sections))

    def _block(self, section: Section) -> Block:
        items = self.document.properties(section)
        sound = tuple(item for item in items if item.span.start not in self.broken)
        header = read_header(section.title, self.kind, Grammar.TOLERANT)
        return Block(section, header, sound)

    def headers(self) -> Iterator[Block]:
        """The sections whose header is not broken."""
        return (block for block in self.blocks if block.section.start not in self.broken)

    def settings(self) -> Iterator[tuple[Block, Property]]:
        """The settings of the sections that mean something."""
        for block in self.blocks:
            if block.header.kind is not None:
                yield from ((block, item) for item in block.items)

    def entries(self, item: Property) -> Iterator[Nested]:
        """The lines of a nested block that are neither broken nor comments."""
        for entry in item.nested:
            if entry.span.start not in self.broken and not entry.name.startswith(("#", ";")):
                yield entry

    def reading(self) -> Reading:
        """What the file says to keystead; a broken profile as far as it can be read."""
        document = Document(self.document.data, self.file, grammar=Grammar.TOLERANT)
        reading = interpret(document, self.kind)
        whole = interpret(self.document, self.kind)
        for name in reading.broken:
            reading.profiles[name] = whole.profiles.get(name, {})
        return replace(reading, broken={})

    def line(self, at: int) -> int:
        """The number of the line that ``at`` is in."""
        return bisect_left(self._ends, at) + 1

    @cached_property
    def _ends(self) -> list[int]:
        return [found.start() for found in re.finditer("\n", self.document.text)]

    def rest(self, span: Span, after: int) -> str:
        """The rest of the line of ``span`` from ``after`` on."""
        return self.document.content(span)[after - span.start :]

    def at(self, at: int, message: str, fix: str = "", block: Block | None = None) -> Problem:
        """A problem in the line of that position."""
        where = Origin(self.file, self.line(at))
        return Problem(where, message, fix, block.profile if block else None)

    def at_header(self, block: Block, message: str, fix: str = "") -> Problem:
        """A problem of the header of that section."""
        return self.at(block.section.start, message, fix, block)


CHECKS = Checks[View]()
text_rule = CHECKS.rule
"""`Checks.rule` for a function that looks at a `View`."""
