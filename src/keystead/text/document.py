"""A shared file as text: sections, properties and where each of them stands, to the byte.

`Document` keeps the bytes as they are and only notes positions, so an edit (see
`keystead.text.edit`) is a cut in them. It knows the grammar of lines and nothing of what names
mean: that is `keystead.text.dialect`. Nothing is read before somebody asks for it, and then no
more than that, so that one profile among thousands costs little. Lines of the usual shape are
taken by one pattern, thousands at a time (`outline`, `plain_settings`); the grammar itself, for
all lines and with its errors, is in `properties` and `sections`.

The grammar, in short: lines end in LF or CRLF; blank lines and lines with ``#`` or ``;`` in
column 0 end nothing; ``[`` in column 0 begins a section; an indented line continues the property
above it, as more text of its value or, where that value is empty, as a nested ``name = value``.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from keystead.errors import DocumentError, Origin
from keystead.text.pieces import Nested, Numbered, Property, Section, Span, Splice, Values

# A header of the usual shape. It is a subset of what `_header` accepts.
_PLAIN_HEADER = re.compile(r"\[([^\]\s]+(?: [^\]\s]+)*)\]\n")
# One line and the empty ones below it. A line of the usual shape gives name and value of its
# setting or the title of its header, a comment gives nothing; the last group has every other line.
_LINE = re.compile(
    r"([a-z0-9_]++) *+= *+([^#;\t\r\n]*+)(?:\n++|\r\n|\Z)"
    r"|\[([^\]\n]++)\](?:\n++|\r\n|\Z)"
    r"|[#;].*+\n?|[ \t]*+\r?\n|(.++)\n?"
)
_BLOCK = 1 << 16
"""So many characters are split into lines at once; it bounds the memory that takes."""
# Lines that no line around them can make wrong: plain settings and headers, comments, blanks.
# So many at once as are quick to step back over.
_PLAIN_LINES = re.compile(
    r"(?:[A-Za-z0-9_]++[ \t]*+=.*+\n++|\[[^\]\n]*+\]\r?\n++|[#;].*+\n++|[ \t]*+\r?\n){1,500}"
)
_ENDS_A_NAME = b"] \t'\""
_INLINE_COMMENT = re.compile(r"[ \t][#;]")
_BLANKS = " \t"


class Document:
    """One shared file. Immutable: an edit makes a new document.

    ``data`` is the bytes of the file, ``file`` names it in errors. Raises `DocumentError` with
    file and line for bytes that are not UTF-8, a broken header or a broken line when it comes to
    them (`check` reads them all). With ``broken`` it raises nothing for a broken header or line:
    it notes there which they are, and reads on as if they were not.
    """

    def __init__(
        self, data: bytes, file: str, broken: dict[int, DocumentError] | None = None
    ) -> None:
        self.data = data
        self.file = file
        self._broken = broken
        self._numbered = Numbered(0, 1)
        self._bodies: dict[int, tuple[Property, ...]] = {}
        self._naming: dict[str, tuple[Section, ...]] = {}

    @property
    def has_bom(self) -> bool:
        """Whether the file begins with a byte-order mark, which is no part of its text."""
        return self.data.startswith(codecs.BOM_UTF8)

    @cached_property
    def text(self) -> str:
        """The text of the file; all positions are positions in it."""
        return self._decoded(self._begin, len(self.data))

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
            starts = [self._position(span.start) for span in self._mentions(name)]
            found = self._naming[name] = tuple(map(self._header, starts))
        return found

    def line(self, at: int) -> int:
        """The number of the line that ``at`` is in; it costs what lies between it and the last."""
        known, line = self._numbered
        line += self.text.count("\n", known, at) - self.text.count("\n", at, known)
        self._numbered = Numbered(at, line)
        return line

    def properties(self, section: Section) -> tuple[Property, ...]:
        """The settings of ``section``, in order. Raises `DocumentError` on a broken line."""
        found = self._bodies.get(section.start)
        if found is None:
            found = tuple(self._properties(section.body, inside=True))
            self._bodies[section.start] = found
        return found

    def plain_settings(self, section: Section) -> list[tuple[str, str, int]] | None:
        """Each setting's name, value and where it stands, for readers that want no more.

        It is many times as fast as `properties`, and None where only that can tell.
        """
        found: list[tuple[str, str, int]] = []
        for line in _LINE.finditer(self.text, section.below, section.end):
            name, value, _, other = line.groups()
            if other:
                return None
            if name:
                found.append((name, value.rstrip(" "), line.start()))
        return found

    def outline(self, name: str | None = None) -> Iterator[tuple[str, Values | Section]]:
        """Every section in one pass: its title with its settings, the last of a name winning.

        In place of the settings stands the section itself where only `properties` can tell.
        ``name`` leaves out the sections that `naming` does, without a look at them.
        """
        values: Values = {}
        count = 0
        for part in self._blocks() if name is None else self._parts_naming(name):
            found: list[tuple[str, Values | Section]] = []
            unclear: set[int] = set()
            for key, value, title, other in _LINE.findall(part):
                if key:
                    values[key] = value.rstrip(" ")
                elif title or other:
                    if title or other[0] == "[":
                        values = {}
                        found.append((title.strip(_BLANKS), values))
                    if other:
                        unclear.add(len(found) - 1)
            for number in unclear:
                section = (self.sections if name is None else self.naming(name))[count + number]
                found[number] = (section.title, section)
            yield from found
            count += len(found)

    def check(self) -> None:
        """Reads every line. Raises `DocumentError` for the first broken one."""
        at = self._above().end
        while at < len(self.text):
            plain = _PLAIN_LINES.match(self.text, at)
            if plain:
                at = plain.end()
                continue
            start = at if self.text[at] == "[" else self.text.rfind("\n[", 0, at) + 1
            section = self._header(start)
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
        return Document(text.encode("utf-8-sig" if self.has_bom else "utf-8"), self.file)

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

    def _refuse(self, message: str, at: int) -> None:
        error = DocumentError(message, where=Origin(self.file, self.line(at)))
        if self._broken is None:
            raise error
        self._broken.setdefault(at, error)

    @property
    def _begin(self) -> int:
        return len(codecs.BOM_UTF8) if self.has_bom else 0

    def _decoded(self, start: int, end: int) -> str:
        try:
            return self.data[start:end].decode()
        except UnicodeDecodeError as error:
            line = self.data.count(b"\n", 0, start + error.start) + 1
            raise DocumentError("a byte is not UTF-8", where=Origin(self.file, line)) from None

    def _position(self, at: int) -> int:
        """The position in the text of what stands at ``at`` in the bytes."""
        if len(self.text) == len(self.data):  # all is ASCII
            return at
        return len(self.data[:at].decode("utf-8-sig"))

    def _above(self) -> Span:
        """What stands above the first section: blanks and comments, or it raises."""
        first = 0 if self.text.startswith("[") else self.text.find("\n[") + 1
        above = Span(0, first or (0 if self.text.startswith("[") else len(self.text)))
        for _ in self._properties(above, inside=False):
            pass
        return above

    def _scan(self) -> Iterator[Section]:
        start = self._above().end
        while start < len(self.text):
            section = self._header(start)
            yield section
            start = section.end

    def _blocks(self) -> Iterator[str]:
        at = self._above().end
        while at < len(self.text):
            end = self.text.find("\n[", at + _BLOCK) + 1 or len(self.text)
            yield self.text[at:end]
            at = end

    def _parts_naming(self, name: str) -> Iterator[str]:
        return (self._decoded(*span) for span in self._mentions(name))

    def _mentions(self, name: str) -> Iterator[Span]:
        """Where in the bytes the sections of `naming` stand; nothing else is decoded for it."""
        data, needle = self.data, name.encode(errors="surrogatepass")
        at = data.find(needle) if needle else -1
        while at >= 0:
            behind = at + len(needle)
            if data[behind : behind + 1] not in _ENDS_A_NAME:
                at = data.find(needle, at + 1)
                continue
            start = max(data.rfind(b"\n", 0, at) + 1, self._begin)
            if data.startswith(b"[", start):
                end = data.find(b"\n[", at) + 1 or len(data)
                yield Span(start, end)
            else:
                end = data.find(b"\n", at) + 1 or len(data)
            at = data.find(needle, end)

    def _header(self, start: int) -> Section:
        """The section that begins at ``start``. Raises `DocumentError` for a broken header."""
        plain = _PLAIN_HEADER.match(self.text, start)
        if plain:
            title, title_start, below = plain[1], start + 1, plain.end()
        else:
            feed = self.text.find("\n", start)
            below = feed + 1 if feed >= 0 else len(self.text)
            inside, bracket, rest = self.content(Span(start, below))[1:].partition("]")
            if not bracket:
                self._refuse("a section header has no `]`", start)
            if rest.strip(_BLANKS) and not rest.lstrip(_BLANKS).startswith(("#", ";")):
                self._refuse("something other than a comment follows a section header", start)
            title = inside.strip(_BLANKS)
            title_start = start + 1 + len(inside) - len(inside.lstrip(_BLANKS))
        end = self.text.find("\n[", below - 1) + 1 or len(self.text)
        return Section(title, start, title_start, below, end)

    def _properties(self, body: Span, *, inside: bool) -> Iterator[Property]:
        head: Property | None = None
        more: list[Span] = []
        for span in self.lines(body):
            content = self.content(span)
            if not content.strip(_BLANKS) or content[0] in "#;":
                continue
            if content[0] in _BLANKS:
                if head is None:
                    self._refuse("an indented line has no setting above it", span.start)
                else:
                    more.append(span)
                continue
            if head is not None:
                yield self._continued(head, more)
            head, more = self._first_line(span, content), []
            if not inside:
                self._refuse("a setting stands before any section", span.start)
        if head is not None:
            yield self._continued(head, more)

    def _first_line(self, span: Span, content: str) -> Property:
        name, equals, rest = content.partition("=")
        if not equals:
            self._refuse("a line is no `name = value`", span.start)
        name = name.strip(_BLANKS)
        if not name:
            self._refuse("a setting has no name", span.start)
        comment = _INLINE_COMMENT.search(rest)
        kept = rest[: comment.start()] if comment else rest
        value = kept.strip(_BLANKS)
        at = span.start + len(content) - len(rest) + len(kept) - len(kept.lstrip(_BLANKS))
        if not value:  # where a value would go: behind the `=` and the blanks that follow it
            at = span.start + len(content) - len(rest) + len(kept)
        return Property(name, value, span, Span(at, at + len(value)), (), ())

    def _continued(self, head: Property, more: list[Span]) -> Property:
        """``head`` with the lines that continue it, as text or, without a value, as a block."""
        if head.value:
            texts = (self.content(span).strip(_BLANKS) for span in more)
            return head._replace(value="\n".join([head.value, *texts]), more=tuple(more))
        return head._replace(more=tuple(more), nested=tuple(map(self._nested, more)))

    def _nested(self, span: Span) -> Nested:
        content = self.content(span)
        name, equals, value = content.partition("=")
        name = name.strip(_BLANKS)
        if not equals or not name:
            self._refuse("a line of a nested block is no `name = value`", span.start)
        behind = span.start + len(content) - len(value)
        stripped = value.strip(_BLANKS)
        at = behind + (len(value) - len(value.lstrip(_BLANKS)) if stripped else 0)
        return Nested(name, stripped, span, Span(at, at + len(stripped)))
