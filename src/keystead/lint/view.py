"""The input of the rules on text: one file, read past its broken lines."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from keystead.errors import DocumentError, Origin
from keystead.lint.finding import Checks, Problem
from keystead.model.validation import IDENTIFIER
from keystead.text.dialect import FileKind, Header, Reading, interpret, read_header
from keystead.text.document import Document, Grammar
from keystead.text.encoding import other_encoding
from keystead.text.pieces import Nested, Property, Section, Span
from keystead.value import NamedTuple, Value, replace

# The header of a profile, and settings whose lines no rule on text is about.
_BODY = (
    r"\]\n(?P<body>[a-z0-9_]++ = [^\s#;][^#;\r\n]*+\n(?:[a-z0-9_]++ = [^\s#;][^#;\r\n]*+\n|\n)*+)"
    r"(?=\[|\Z)"
)
_USUAL = {
    kind: re.compile(
        rf"^\[{prefix}(?!(?i:default)\]|sso-session\])(?P<name>{IDENTIFIER}){_BODY}",
        re.MULTILINE,
    )
    for kind, prefix in ((FileKind.CONFIG, "profile "), (FileKind.CREDENTIALS, ""))
}
_NAME = re.compile("^[a-z0-9_]+", re.MULTILINE)


class Block(NamedTuple):
    """A section with its parsed header and its valid settings."""

    section: Section
    header: Header
    items: tuple[Property, ...]

    @property
    def title(self) -> str:
        """The text in the brackets of its header."""
        return self.section.title

    @property
    def profile(self) -> str | None:
        """The name of its profile."""
        return self.header.name if self.header.kind == "profile" else None


class View(Value):
    """One file; ``is_open``: other users may read or write it.

    ``days`` is the number of days since it was written. ``broken`` has the error of each broken
    line by position.
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
        """The view of a file's bytes; bytes that are not UTF-8 are replaced."""
        text = "" if other_encoding(data) else data.decode("utf-8", "replace")
        broken: dict[int, DocumentError] = {}
        document = Document(text.encode(), file, broken)
        view = cls(data, document, kind, broken, is_open, days)
        _ = view.blocks  # finds all broken lines
        return view

    @property
    def file(self) -> str:
        """The path of the file."""
        return self.document.file

    @cached_property
    def _usual(self) -> list[re.Match[str]]:
        """The sections of the usual shape, which no rule on text is about."""
        found = list(_USUAL[self.kind].finditer(self.document.text))
        counts = Counter(match["name"] for match in found)
        return [
            match
            for match in found
            if counts[match["name"]] == 1
            and len(names := _NAME.findall(match["body"])) == len(set(names))
        ]

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The sections that a rule may be about, in order: all but those of the usual shape."""
        read = 0
        found: list[Block] = []
        for start, end in (*map(re.Match.span, self._usual), (len(self.document.text),) * 2):
            if read < start:
                found += self._blocks(Span(read, start))
            read = end
        # Two sections of one name may differ in shape.
        names = {block.header.name for block in found}
        for match in self._usual:
            if match["name"] in names:
                found += self._blocks(Span(match.start(), match.end()))
        return tuple(sorted(found, key=lambda block: block.section.start))

    def _blocks(self, span: Span) -> Iterator[Block]:
        return map(self._block, self.document.sections_in(span))

    @property
    def names(self) -> set[str]:
        """The names of all settings."""
        usual = (name for match in self._usual for name in _NAME.findall(match["body"]))
        return {*usual, *(item.name for block in self.blocks for item in block.items)}

    @property
    def has_sections(self) -> bool:
        """Whether there is any section."""
        return bool(self._usual or self.blocks)

    def _block(self, section: Section) -> Block:
        items = self.document.properties(section)
        sound = tuple(item for item in items if item.span.start not in self.broken)
        header = read_header(section.title, self.kind, Grammar.TOLERANT)
        return Block(section, header, sound)

    def headers(self) -> Iterator[Block]:
        """The sections with a valid header."""
        return (block for block in self.blocks if block.section.start not in self.broken)

    def settings(self) -> Iterator[tuple[Block, Property]]:
        """The settings of the sections that are not ignored."""
        for block in self.blocks:
            if block.header.kind is not None:
                yield from ((block, item) for item in block.items)

    def entries(self, item: Property) -> Iterator[Nested]:
        """The lines of a nested block that are neither broken nor comments."""
        for entry in item.nested:
            if entry.span.start not in self.broken and not entry.name.startswith(("#", ";")):
                yield entry

    def reading(self) -> Reading:
        """The file as keystead reads it, including the readable part of broken profiles."""
        document = Document(self.document.data, self.file, grammar=Grammar.TOLERANT)
        reading = interpret(document, self.kind)
        if reading.broken:
            whole = interpret(self.document, self.kind)
            for name in reading.broken:
                reading.profiles[name] = whole.profiles.get(name, {})
        return replace(reading, broken={})

    def line(self, at: int) -> int:
        """The number of the line at ``at``."""
        return bisect_left(self._ends, at) + 1

    @cached_property
    def _ends(self) -> list[int]:
        return [found.start() for found in re.finditer("\n", self.document.text)]

    def rest(self, span: Span, after: int) -> str:
        """The rest of the line of ``span`` from ``after`` on."""
        return self.document.content(span)[after - span.start :]

    def at(self, at: int, message: str, fix: str = "", block: Block | None = None) -> Problem:
        """A problem in the line at that position."""
        where = Origin(self.file, self.line(at))
        return Problem(where, message, fix, block.profile if block else None)

    def at_header(self, block: Block, message: str, fix: str = "") -> Problem:
        """A problem with the header of that section."""
        return self.at(block.section.start, message, fix, block)


CHECKS = Checks[View]()
text_rule = CHECKS.rule
"""`Checks.rule` for a function that checks a `View`."""
