"""A shared file as text: sections, properties and where each of them stands, to the byte.

`Document` keeps the text as it is and only notes positions, so printing it gives back the bytes
it was made from, and an edit (see `keystead.text.edit`) is a cut in that text. It knows the
grammar of lines and nothing of what names mean: that is `keystead.text.dialect`. Section headers
are found in one pass; the body of a section is read when somebody asks for it, so that one
profile among thousands costs little.

The grammar, in short: lines end in LF or CRLF; blank lines and lines with ``#`` or ``;`` in
column 0 end nothing; ``[`` in column 0 begins a section; an indented line continues the property
above it, as more text of its value or, where that value is empty, as a nested ``name = value``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from keystead.errors import DocumentError, Origin

BOM = "\ufeff"
_HEADER = re.compile(r"^\[([^\n]*)", re.MULTILINE)
_INLINE_COMMENT = re.compile(r"[ \t][#;]")
_BLANKS = " \t"


class Span(NamedTuple):
    """A stretch of the text, from ``start`` up to and without ``end``."""

    start: int
    end: int


class Nested(NamedTuple):
    """One ``name = value`` line of a nested block."""

    name: str
    value: str
    line: int
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
    line: int
    span: Span
    value_span: Span
    more: tuple[Span, ...]
    nested: tuple[Nested, ...]

    @property
    def end(self) -> int:
        """Where the last line that belongs to the property ends."""
        return self.more[-1].end if self.more else self.span.end


class Section(NamedTuple):
    """One header and the stretch of text up to the next one.

    ``title`` is the inside of the brackets, trimmed; ``title_span`` where it stands.
    """

    title: str
    line: int
    start: int
    title_span: Span
    body: Span


class Splice(NamedTuple):
    """A cut: the text of ``span`` is replaced by ``text``."""

    span: Span
    text: str


class Document:
    """The text of one shared file. Immutable: an edit makes a new document.

    ``file`` names it in errors. Raises `DocumentError` with file and line for bytes that are not
    UTF-8 and for broken headers at once, for a broken body when that body is read (`check` reads
    them all).
    """

    def __init__(self, data: bytes, file: str) -> None:
        self.file = file
        try:
            decoded = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise DocumentError("a byte is not UTF-8", where=Origin(file, line)) from None
        self.has_bom = decoded.startswith(BOM)
        self.text = decoded[1:] if self.has_bom else decoded
        self._bodies: dict[int, tuple[Property, ...]] = {}
        first = _HEADER.search(self.text)
        above = Span(0, first.start() if first else len(self.text))
        for _ in self._properties(above, line=1, inside=False):
            pass  # nothing but blanks and comments may stand there; anything else raises
        found: list[Section] = []
        try:
            for section in self._scan():
                found.append(section)  # noqa: PERF402  # those before a broken header are kept
        except DocumentError:
            for section in found:  # the first broken line is the one to tell
                self.properties(section)
            raise
        self.sections: tuple[Section, ...] = tuple(found)

    def render(self) -> bytes:
        """The bytes of the file."""
        return ((BOM if self.has_bom else "") + self.text).encode("utf-8")

    def properties(self, section: Section) -> tuple[Property, ...]:
        """The settings of ``section``, in order. Raises `DocumentError` on a broken line."""
        found = self._bodies.get(section.start)
        if found is None:
            found = tuple(self._properties(section.body, section.line + 1, inside=True))
            self._bodies[section.start] = found
        return found

    def check(self) -> None:
        """Reads every section. Raises `DocumentError` for the first broken line."""
        for section in self.sections:
            self.properties(section)

    def splice(self, splices: Sequence[Splice]) -> Document:
        """The document with the cuts made; they may not overlap."""
        parts: list[str] = []
        at = 0
        for cut in sorted(splices):
            parts += [self.text[at : cut.span.start], cut.text]
            at = cut.span.end
        text = "".join([*parts, self.text[at:]])
        return Document(((BOM if self.has_bom else "") + text).encode("utf-8"), self.file)

    @property
    def newline(self) -> str:
        """The line end that the file uses, LF for one without any."""
        first = self.text.find("\n")
        return "\r\n" if first > 0 and self.text[first - 1] == "\r" else "\n"

    def lines(self, span: Span) -> Iterator[Span]:
        """The lines of a stretch, each with its line end."""
        at = span.start
        while at < span.end:
            feed = self.text.find("\n", at, span.end)
            end = span.end if feed < 0 else feed + 1
            yield Span(at, end)
            at = end

    def is_blank(self, line: Span) -> bool:
        """Whether the line holds nothing but blanks."""
        return not self.content(line).strip(_BLANKS)

    def is_comment(self, line: Span) -> bool:
        """Whether the line is a comment line."""
        return self.text.startswith(("#", ";"), line.start)

    def content(self, line: Span) -> str:
        """The line without its line end."""
        if self.text.endswith("\r\n", line.start, line.end):
            return self.text[line.start : line.end - 2]
        if self.text.endswith("\n", line.start, line.end):
            return self.text[line.start : line.end - 1]
        return self.text[line.start : line.end]

    def _error(self, message: str, line: int) -> DocumentError:
        return DocumentError(message, where=Origin(self.file, line))

    def _scan(self) -> Iterator[Section]:
        matches = list(_HEADER.finditer(self.text))
        ends = [*(match.start() for match in matches), len(self.text)][1:]
        line, counted = 1, 0
        for match, end in zip(matches, ends, strict=True):
            start = match.start()
            line += self.text.count("\n", counted, start)
            counted = start
            after = min(match.end() + 1, len(self.text))
            inside = self.content(Span(start, after))[1:]
            title, bracket, rest = inside.partition("]")
            if not bracket:
                raise self._error("a section header has no `]`", line)
            if rest.strip(_BLANKS) and not rest.lstrip(_BLANKS).startswith(("#", ";")):
                raise self._error("something other than a comment follows a section header", line)
            stripped = title.strip(_BLANKS)
            at = start + 1 + len(title) - len(title.lstrip(_BLANKS))
            span = Span(at, at + len(stripped))
            yield Section(stripped, line, start, span, Span(after, end))

    def _properties(self, body: Span, line: int, *, inside: bool) -> Iterator[Property]:
        head: Property | None = None
        more: list[tuple[int, Span]] = []
        for number, span in enumerate(self.lines(body), line):
            content = self.content(span)
            if not content.strip(_BLANKS) or content[0] in "#;":
                continue
            if content[0] in _BLANKS:
                if head is None:
                    raise self._error("an indented line has no setting above it", number)
                more.append((number, span))
                continue
            if head is not None:
                yield self._continued(head, more)
            head, more = self._first_line(span, content, number), []
            if not inside:
                raise self._error("a setting stands before any section", number)
        if head is not None:
            yield self._continued(head, more)

    def _first_line(self, span: Span, content: str, number: int) -> Property:
        name, equals, rest = content.partition("=")
        if not equals:
            raise self._error("a line is no `name = value`", number)
        name = name.strip(_BLANKS)
        if not name:
            raise self._error("a setting has no name", number)
        comment = _INLINE_COMMENT.search(rest)
        kept = rest[: comment.start()] if comment else rest
        value = kept.strip(_BLANKS)
        at = span.start + len(content) - len(rest) + len(kept) - len(kept.lstrip(_BLANKS))
        if not value:  # where a value would go: behind the `=` and the blanks that follow it
            at = span.start + len(content) - len(rest) + len(kept)
        return Property(name, value, number, span, Span(at, at + len(value)), (), ())

    def _continued(self, head: Property, lines: list[tuple[int, Span]]) -> Property:
        """``head`` with the lines that continue it, as text or, without a value, as a block."""
        more = tuple(span for _, span in lines)
        if head.value:
            texts = (self.content(span).strip(_BLANKS) for span in more)
            return head._replace(value="\n".join([head.value, *texts]), more=more)
        nested = tuple(self._nested(number, span) for number, span in lines)
        return head._replace(more=more, nested=nested)

    def _nested(self, number: int, span: Span) -> Nested:
        name, equals, value = self.content(span).partition("=")
        name = name.strip(_BLANKS)
        if not equals or not name:
            raise self._error("a line of a nested block is no `name = value`", number)
        behind = self.text.index("=", span.start) + 1
        stripped = value.strip(_BLANKS)
        at = behind + (len(value) - len(value.lstrip(_BLANKS)) if stripped else 0)
        return Nested(name, stripped, number, span, Span(at, at + len(stripped)))
