"""What the rules on text look at: one file, read on beyond every line that is broken."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from keystead.errors import DocumentError, Origin
from keystead.lint.finding import Finding
from keystead.lint.table import finding
from keystead.text.dialect import FileKind, Header, read_header
from keystead.text.document import Document, Grammar
from keystead.text.pieces import Property, Section, Span


class Block(NamedTuple):
    """A section with what its header means and the settings whose lines are not broken."""

    section: Section
    header: Header
    items: tuple[Property, ...]

    @property
    def profile(self) -> str | None:
        """The name of the profile that it belongs to."""
        return self.header.name if self.header.kind == "profile" else None


@dataclass(frozen=True)
class View:
    """One file; ``open`` says whether others may read or write it.

    ``broken`` has an error for each broken line, by the position at which it begins.
    """

    document: Document
    kind: FileKind
    broken: dict[int, DocumentError]
    open: bool

    @classmethod
    def of(cls, text: str, kind: FileKind, file: str, *, is_open: bool) -> View:
        """The view of a file's text."""
        broken: dict[int, DocumentError] = {}
        view = cls(Document(text.encode(), file, broken), kind, broken, is_open)
        _ = view.blocks  # only now every broken line is known
        return view

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

    def line(self, at: int) -> int:
        """The number of the line that ``at`` is in."""
        return bisect_left(self._ends, at) + 1

    @cached_property
    def _ends(self) -> list[int]:
        return [found.start() for found in re.finditer("\n", self.document.text)]

    def rest(self, span: Span, after: int) -> str:
        """What stands in the line of ``span`` from ``after`` on."""
        return self.document.content(span)[after - span.start :]

    def found(
        self, rule: str, at: int | None, message: str, fix: str, block: Block | None = None
    ) -> Finding:
        """The finding of that rule in the line of that position, None for the file as a whole."""
        where = Origin(self.document.file, None if at is None else self.line(at))
        return finding(rule, where, message, fix=fix, profile=block.profile if block else None)
