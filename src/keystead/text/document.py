"""A shared file as text: sections, properties and where each of them stands, to the byte.

`Document` keeps the text as it is and only notes positions, so printing it gives back the bytes
it was made from, and an edit (see `keystead.text.edit`) is a cut in that text. It knows the
grammar of lines and nothing of what names mean: that is `keystead.text.dialect`. Nothing is read
before somebody asks for it, and then no more than that, so that one profile among thousands
costs little. Lines of the usual shape are taken by one pattern each; the grammar itself, for all
lines and with its errors, is in `_properties` and `_header`.

The grammar, in short: lines end in LF or CRLF; blank lines and lines with ``#`` or ``;`` in
column 0 end nothing; ``[`` in column 0 begins a section; an indented line continues the property
above it, as more text of its value or, where that value is empty, as a nested ``name = value``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from keystead.errors import DocumentError, Origin

BOM = "\ufeff"
# A header of the usual shape. It is a subset of what `_header` accepts.
_PLAIN_HEADER = re.compile(r"\[([^\]\s]+(?: [^\]\s]+)*)\]\n")
# The name of a setting up to its `=`, as nearly all are written.
_PLAIN_NAME = re.compile(r"([a-z0-9_]+) *")
# Lines that no line around them can make wrong: plain settings and headers, blanks, comments.
# So many at once as are quick to step back over.
_PLAIN_LINES = re.compile(r"(?:[A-Za-z0-9_]+[ \t]*=[^\n]*\n|\n|\[[^\]\n]*\]\n|[#;][^\n]*\n){1,500}")
_ENDS_A_NAME = "] \t'\""
_INLINE_COMMENT = re.compile(r"[ \t][#;]")
_BLANKS = " \t"

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
    """One header and the stretch of text up to the next one, from ``start`` to ``end``.

    ``title`` is the inside of the brackets, trimmed, and stands at ``title_start``; the line
    below the header begins at ``below``.
    """

    title: str
    line: int
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


class Document:
    """The text of one shared file. Immutable: an edit makes a new document.

    ``data`` is the file's bytes, or its text. ``file`` names it in errors. Raises `DocumentError`
    with file and line for bytes that are not UTF-8 at once, for a broken header or line when it
    is read (`check` reads them all).
    """

    def __init__(self, data: bytes | str, file: str) -> None:
        self.file = file
        try:
            decoded = data if isinstance(data, str) else data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise DocumentError("a byte is not UTF-8", where=Origin(file, line)) from None
        self.has_bom = decoded.startswith(BOM)
        self.text = decoded[1:] if self.has_bom else decoded
        self._bodies: dict[int, tuple[Property, ...]] = {}
        self._naming: dict[str, tuple[Section, ...]] = {}

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections, in order. Raises `DocumentError` for the first broken line above them."""
        found: list[Section] = []
        try:
            for section in self._scan():
                found.append(section)  # noqa: PERF402  # those before a broken header are kept
        except DocumentError:
            for section in found:  # the first broken line is the one to tell
                self.properties(section)
            raise
        return tuple(found)

    def naming(self, name: str) -> tuple[Section, ...]:
        """The sections whose title ends in ``name``, quoted or not, and maybe some others.

        It looks at no other header and no body.
        """
        found = self._naming.get(name)
        if found is None:
            found = self._naming[name] = tuple(self._search(name))
        return found

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

    def plain_settings(self, section: Section) -> list[tuple[str, str]] | None:
        """Name and value of each line below the header, empty where it sets nothing.

        It is for readers that want no positions: many times as fast as `properties`, and None
        where only that can tell.
        """
        return _plain(self.text[section.below : section.end], {})

    def outline(self) -> Iterator[tuple[str, Values | Section]]:
        """Every section in one pass: its title with its settings, the last of a name winning.

        In place of the settings stands the section itself where only `properties` can tell.
        Raises `DocumentError` for a broken header.
        """
        start = self._above().end
        if start == len(self.text):
            return
        names: dict[str, str] = {}
        for number, chunk in enumerate(self.text[start + 1 :].split("\n[")):
            title, bracket, body = chunk.partition("]\n")
            plain = _plain(body, names)
            if plain is None or not bracket or "]" in title or "\n" in title or _ends_blank(title):
                section = self.sections[number]
                yield section.title, section
            else:
                values: Values = dict(plain)
                values.pop("", None)
                yield title, values

    def check(self) -> None:
        """Reads every line. Raises `DocumentError` for the first broken one."""
        at = self._above().end
        line, counted = 1, 0
        while at < len(self.text):
            plain = _PLAIN_LINES.match(self.text, at)
            if plain:
                at = plain.end()
                continue
            start = at if self.text[at] == "[" else self.text.rfind("\n[", 0, at) + 1
            line += self.text.count("\n", counted, start)
            counted = start
            section = self._header(start, line)
            self.properties(section)
            at = section.end

    def splice(self, splices: Sequence[Splice]) -> Document:
        """The document with the cuts made; they may not overlap."""
        parts: list[str] = []
        at = 0
        for cut in sorted(splices):
            parts += [self.text[at : cut.span.start], cut.text]
            at = cut.span.end
        text = "".join([*parts, self.text[at:]])
        return Document((BOM if self.has_bom else "") + text, self.file)

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

    def _above(self) -> Span:
        """What stands above the first section: blanks and comments, or it raises."""
        first = 0 if self.text.startswith("[") else self.text.find("\n[") + 1
        above = Span(0, first or (0 if self.text.startswith("[") else len(self.text)))
        for _ in self._properties(above, line=1, inside=False):
            pass
        return above

    def _scan(self) -> Iterator[Section]:
        start = self._above().end
        line = self.text.count("\n", 0, start) + 1
        while start < len(self.text):
            section = self._header(start, line)
            yield section
            line += self.text.count("\n", start, section.end)
            start = section.end

    def _search(self, name: str) -> Iterator[Section]:
        text = self.text
        at = text.find(name, self._above().end) if name else -1
        while at >= 0:
            behind = at + len(name)
            if text[behind : behind + 1] not in _ENDS_A_NAME:
                at = text.find(name, at + 1)
                continue
            start = text.rfind("\n", 0, at) + 1
            if text.startswith("[", start):
                yield self._header(start, text.count("\n", 0, start) + 1)
            feed = text.find("\n", at)
            at = text.find(name, feed) if feed >= 0 else -1

    def _header(self, start: int, line: int) -> Section:
        """The section that begins at ``start``. Raises `DocumentError` for a broken header."""
        plain = _PLAIN_HEADER.match(self.text, start)
        if plain:
            title, title_start, below = plain[1], start + 1, plain.end()
        else:
            feed = self.text.find("\n", start)
            below = feed + 1 if feed >= 0 else len(self.text)
            inside, bracket, rest = self.content(Span(start, below))[1:].partition("]")
            if not bracket:
                raise self._error("a section header has no `]`", line)
            if rest.strip(_BLANKS) and not rest.lstrip(_BLANKS).startswith(("#", ";")):
                raise self._error("something other than a comment follows a section header", line)
            title = inside.strip(_BLANKS)
            title_start = start + 1 + len(inside) - len(inside.lstrip(_BLANKS))
        end = self.text.find("\n[", below - 1) + 1 or len(self.text)
        return Section(title, line, start, title_start, below, end)

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


def _plain(body: str, names: dict[str, str]) -> list[tuple[str, str]] | None:
    """Name and value of each line, empty for a blank one; None unless all are plain settings.

    ``names`` keeps which names are plain from one call to the next.
    """
    if "\n " in body or "#" in body or ";" in body or "\t" in body or "\r" in body:
        return None
    if body.startswith(" "):
        return None
    found: list[tuple[str, str]] = []
    for line in body.split("\n"):
        written, equals, value = line.partition("=")
        name = names.get(written)
        if name is None or not equals:
            match = _PLAIN_NAME.fullmatch(written)
            if match and equals:
                name = names[written] = match[1]
            elif line:
                return None
            else:
                name = ""
        found.append((name, value.strip(" ")))
    return found


def _ends_blank(title: str) -> bool:
    return title.strip(_BLANKS) != title
