"""A shared file as text: sections and properties with their exact positions.

`Document` never changes the bytes and only records positions, so an edit (`keystead.text.edit`)
replaces spans. It parses lines; `keystead.text.dialect` interprets names. Parsing is lazy, so that
reading one profile among thousands is cheap: `outline` and `plain_settings` match many lines of the
usual shape with one pattern; `properties` and `sections` are the full grammar with its errors.

The grammar: lines end in LF or CRLF; blank lines and lines with ``#`` or ``;`` in column 0 end
nothing; ``[`` in column 0 begins a section; an indented line continues the property above it, as
text of its value or, if that value is empty, as a nested ``name = value``.

`Grammar.STRICT` is exactly that. `Grammar.TOLERANT` also accepts what botocore and the .NET SDK
both read: indented headers, settings and comments, a carriage return alone as a line end, other
white space around values; and a broken line invalidates its section, not the file. A file that is
valid in the strict grammar has the same sections in both, except that an indented header below a
setting, which readers interpret differently, is a broken line.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cached_property

from keystead.errors import DocumentError, Origin
from keystead.text.encoding import refuse_other_encoding
from keystead.text.pieces import (
    Nested,
    Numbered,
    PlainSettings,
    Property,
    Section,
    Span,
    Splice,
)

# A header of the usual shape, a subset of what `_header` accepts.
_PLAIN_HEADER = re.compile(r"\[([^\]\s]+(?: [^\]\s]+)*)\]\n")
# One line and the empty ones below it: name and value of a setting, or the title of a header; the
# last group has every line of another shape.
_LINE = re.compile(
    r"([a-z0-9_]++) *+= *+([^#;\t\r\n]*+)(?:\n++|\r\n|\Z)"
    r"|\[([^\]\n]++)\](?:\n++|\r\n|\Z)"
    r"|[#;].*+\n?|[ \t]*+\r?\n|(.++)\n?"
)
# Lines that are valid whatever surrounds them: plain settings and headers, comments, blank lines;
# limited in number so that backtracking is cheap.
_PLAIN_LINES = (
    r"(?:[A-Za-z0-9_]++[ \t]*+=.*+\n++|\[[^\]\n]*+\]\r?\n++|[#;].*+\n++|[ \t]*+\r?\n){1,500}"
)
_ENDS_A_NAME = b"] \t'\"\r\n"
_INLINE_COMMENT = r"[ \t][#;]"
# As above but not within quotes: a program's arguments may contain ` #`.
_UNQUOTED_COMMENT = r"""(?:(?>"(?:[^"\\]|\\.)*+"|'[^']*+'|.))*?(?P<comment>[ \t][#;])"""
_BLANKS = " \t"
WRITE_A_SETTING = "write `name = value`"
# A header whose line does not end at its bracket.
_ODD_HEADER = r"\n\[[^\]\n]*+(?!\](?:\n|\Z))"
# White space for both Python's `str.strip` and .NET's `String.Trim`, without line ends.
_ALL_BLANKS = (
    " \t\v\f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_INDENTED_HEADER = r"(?m)^[ \t]+\["
# The .NET SDK and JS v3 begin a section at such a line anywhere.
_HEADER_TO_SOME = r"[ \t]+\[[^\]]+\][ \t]*"
_UNDECODED = "[\udc80-\udcff]"
_LONE_RETURN = r"\r(?!\n)"
# In such files the lines that mention a name do not show which of them are headers.
_ODD = rb"(?m)(?:^|[\r\n])[ \t]+\[|\r(?!\n)"


class Grammar(Enum):
    """Which lines a `Document` accepts; see the module's docstring."""

    STRICT = "strict"
    TOLERANT = "tolerant"


class Document:
    """One shared file, immutable. ``file`` is its name in errors.

    Raises `DocumentError` for UTF-16 or UTF-32 and, on reading them, for bytes that are not UTF-8
    and broken headers or lines (`check` reads everything). With ``broken``, and in the tolerant
    grammar, broken headers and lines are recorded in `broken` and skipped instead.
    """

    def __init__(
        self,
        data: bytes,
        file: str,
        broken: dict[int, DocumentError] | None = None,
        grammar: Grammar = Grammar.STRICT,
    ) -> None:
        self.data = data
        self.file = file
        self.grammar = grammar
        self._tolerant = grammar is Grammar.TOLERANT
        self._broken = {} if self._tolerant and broken is None else broken
        self._numbered = Numbered(0, 1)
        self._located = self._begin, 0  # a byte and its position in the text, by `_position`
        self._bodies: dict[int, tuple[Property, ...]] = {}
        self._naming: dict[str, tuple[Section, ...]] = {}
        refuse_other_encoding(data, "the file", Origin(file, 1), DocumentError)

    @property
    def has_bom(self) -> bool:
        """Whether the file begins with a byte-order mark, which `text` does not include."""
        return self.data.startswith(codecs.BOM_UTF8)

    @property
    def broken(self) -> Mapping[int, DocumentError]:
        """The errors recorded so far, by the position at which the broken line begins."""
        return self._broken or {}

    def error_in(self, section: Section) -> DocumentError | None:
        """The first broken line of ``section``. Reads the section."""
        at, plain_lines = section.below, re.compile(_PLAIN_LINES)
        while at < section.end and (plain := plain_lines.match(self.text, at, section.end)):
            at = plain.end()
        if at < section.end or self._has_undecoded:
            self.properties(section)
        lines = self.lines(Span(section.start, section.end)) if self.broken else ()
        return next((self.broken[line.start] for line in lines if line.start in self.broken), None)

    def broken_above(self) -> list[DocumentError]:
        """The broken lines above the first section, in order."""
        if not self.broken:
            return []
        first = self.sections[0].start if self.sections else len(self.text)
        return [self.broken[at] for at in sorted(self.broken) if at < first]

    @cached_property
    def stray_error(self) -> DocumentError | None:
        """The first broken line that is not in a section with a valid header.

        The section that it belongs to, or was to begin, is unknown; the same is true for an
        indented header within a section. Reads the headers, and all lines if any of them is odd.
        """
        self._above()
        if self.text.startswith("["):
            self.section_at(0)
        odd = self._indents_headers or self._has_undecoded or re.search(_ODD_HEADER, self.text)
        if odd or self.broken:
            self.check()
        if not self.broken:
            return None
        first = self.sections[0].start if self.sections else len(self.text)
        headers = {section.start for section in self.sections}
        found = (
            at
            for at in self.broken
            if at < first or at in headers or re.compile(_INDENTED_HEADER).match(self.text, at)
        )
        at = min(found, default=None)
        return None if at is None else self.broken[at]

    @cached_property
    def written(self) -> str:
        """The text of the file, unchanged; all positions refer to it."""
        return self._decoded(self._begin, len(self.data))

    @cached_property
    def text(self) -> str:
        """The text of the file as parsed: the tolerant grammar converts its line ends to LF."""
        if self._tolerant and self._has_lone_return:
            return re.sub(_LONE_RETURN, "\n", self.written)
        return self.written

    @property
    def _has_lone_return(self) -> bool:
        """Whether a CR without LF ends a line for some programs only."""
        returns = self.data.count(b"\r") if b"\r" in self.data else 0
        return returns != 0 and returns != self.data.count(b"\r\n")

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All sections, in order. Raises `DocumentError` for the first broken line above them."""
        found: list[Section] = []
        try:
            for section in self.sections_in(Span(0, len(self.text))):
                found.append(section)  # noqa: PERF402  # keeps those before a broken header
        except DocumentError:
            for section in found:  # report the first broken line
                self.properties(section)
            raise
        return tuple(found)

    def sections_in(self, span: Span) -> Iterator[Section]:
        """The sections with a line in ``span``, which begins at a line. Reads no other section."""
        start = self._last_header(span.start)
        if start is None:
            start = self._above().end
        while start < span.end:
            section = self.section_at(start)
            yield section
            start = section.end

    def last_sections(self, count: int) -> list[Section]:
        """The last ``count`` sections, or all, in order. Reads no other section."""
        found: list[Section] = []
        at: int | None = len(self.text)
        while at and len(found) < count and (at := self._last_header(at - 1)) is not None:
            found.append(self.section_at(at))
        return found[::-1]

    def naming(self, name: str) -> tuple[Section, ...]:
        """The sections whose title ends in ``name``, quoted or not, and possibly some others.

        Reads no other header and no body.
        """
        found = self._naming.get(name)
        if found is None:
            spans = self._mentions(name)
            if spans is None:
                found = tuple(section for section in self.sections if name in section.title)
            else:
                found = tuple(self.section_at(*map(self._position, span)) for span in spans)
            self._naming[name] = found
        return found

    def line(self, at: int) -> int:
        """The number of the line at ``at``; counted from the position of the previous call."""
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

    def plain_settings(self, section: Section) -> PlainSettings | None:
        """Each setting's name, value and position, much faster than `properties`.

        None where `properties` is required.
        """
        found: PlainSettings = []
        if self._has_undecoded:
            return None
        for line in _LINE.finditer(self.text, section.below, section.end):
            name, value, _, other = line.groups()
            if other:
                return None
            if name:
                found.append((name, value.strip(self._trimmed), line.start()))
        return found

    def outline(self, name: str | None = None) -> Iterator[tuple[str, int, PlainSettings | None]]:
        """Each section's title and position, with its `plain_settings` if its header is plain too.

        ``name`` selects sections as in `naming`. Raises `DocumentError` for the first broken line.
        """
        above = self._above() if name is None else None
        if above is None or self._odd_headers or self._has_undecoded:
            sections = self.sections if name is None else self.naming(name)
            for section in sections:
                broken = section.start in self.broken
                yield section.title, section.start, None if broken else self.plain_settings(section)
            return
        trimmed = self._trimmed
        start, title, settings = -1, "", PlainSettings()
        is_plain = True
        for line in _LINE.finditer(self.text, above.end):
            key, value, header, other = line.groups()
            if key:
                settings.append((key, value.strip(trimmed), line.start()))
            elif header or other:
                if header or other[0] == "[":
                    if start >= 0:
                        yield title, start, settings if is_plain else self._read(start)
                    start, settings, is_plain = line.start(), [], True
                    title = header.strip(_BLANKS) if header else self.section_at(start).title
                is_plain = is_plain and not other
        if start >= 0:
            yield title, start, settings if is_plain else self._read(start)

    def _read(self, start: int) -> PlainSettings | None:
        """None, after reading the section at ``start`` for its broken lines."""
        self.properties(self.section_at(start))
        return None

    def check(self) -> None:
        """Read every line. Raises `DocumentError` for the first broken one."""
        _ = self._checked

    @cached_property
    def _checked(self) -> None:
        at = self._above().end
        while at < len(self.text):
            plain = re.compile(_PLAIN_LINES).match(self.text, at)
            if plain and not self._has_undecoded:
                at = plain.end()
                continue
            if self._odd_headers or self._has_undecoded:
                for section in self.sections:
                    self.properties(section)
                return
            start = at if self.text[at] == "[" else self.text.rfind("\n[", 0, at) + 1
            section = self.section_at(start)
            self.properties(section)
            at = section.end

    def is_strict(self) -> bool:
        """Whether the strict grammar accepts the file too, with the same lines."""
        try:
            Document(self.data, self.file).check()
        except DocumentError:
            return False
        return not self._has_lone_return

    def splice(self, splices: Sequence[Splice]) -> Document:
        """The document with the splices applied; they must not overlap."""
        parts: list[str] = []
        at = 0
        for cut in sorted(splices):
            parts += [self.written[at : cut.span.start], cut.text]
            at = cut.span.end
        text = "".join([*parts, self.written[at:]])
        mark = codecs.BOM_UTF8 if self.has_bom else b""
        data = mark + text.encode(errors=self._undecodable)
        return Document(data, self.file, grammar=self.grammar)

    @property
    def newline(self) -> str:
        """The line end that the file uses, else LF."""
        first = self.text.find("\n")
        if first > 0 and self.text[first - 1] == "\r":
            return "\r\n"
        return self.written[first] if first >= 0 else "\n"

    def lines(self, span: Span) -> Iterator[Span]:
        """The lines of a span, each with its line end."""
        at = span.start
        while at < span.end:
            feed = self.text.find("\n", at, span.end)
            end = span.end if feed < 0 else feed + 1
            yield Span(at, end)
            at = end

    def is_blank(self, line: Span) -> bool:
        """Whether the line has only blanks."""
        return not self.content(line).strip(self._blanks)

    def is_comment(self, line: Span) -> bool:
        """Whether the line is a comment line."""
        return self._says_comment(self.content(line))

    def _says_comment(self, content: str) -> bool:
        return (content.lstrip(_BLANKS) if self._tolerant else content).startswith(("#", ";"))

    def indent(self, line: Span) -> str:
        """The blanks at the beginning of the line."""
        content = self.content(line)
        return content[: len(content) - len(content.lstrip(_BLANKS))]

    def content(self, line: Span) -> str:
        """The line without its line end."""
        if self.text.endswith("\r\n", line.start, line.end):
            return self.text[line.start : line.end - 2]
        if self.text.endswith("\n", line.start, line.end):
            return self.text[line.start : line.end - 1]
        return self.text[line.start : line.end]

    def _refuse(self, message: str, at: int, hint: str | None = None) -> None:
        error = DocumentError(message, hint=hint, where=Origin(self.file, self.line(at)))
        if self._broken is None:
            raise error
        self._broken.setdefault(at, error)

    @property
    def _undecodable(self) -> str:
        """The error handler for bytes that are not UTF-8."""
        return "surrogateescape" if self._tolerant else "strict"

    @property
    def _blanks(self) -> str:
        return _ALL_BLANKS if self._tolerant else _BLANKS

    @cached_property
    def _trimmed(self) -> str:
        return self._trimmed_in(self.text)

    def _trimmed_in(self, text: str) -> str:
        """The white space to strip from values in ``text``: blanks and tabs if it has no other."""
        usual = text.isascii() and "\v" not in text and "\f" not in text
        return _BLANKS if usual else self._blanks

    @property
    def _begin(self) -> int:
        return len(codecs.BOM_UTF8) if self.has_bom else 0

    def _decoded(self, start: int, end: int) -> str:
        try:
            return self.data[start:end].decode()
        except UnicodeDecodeError as error:
            if not self._tolerant:
                line = self.data.count(b"\n", 0, start + error.start) + 1
                raise DocumentError(
                    "a byte is not UTF-8", id="not-utf8", where=Origin(self.file, line)
                ) from None
        return self.data[start:end].decode(errors=self._undecodable)

    def _position(self, at: int) -> int:
        """The position in the text of the line that begins at byte ``at``."""
        if len(self.text) == len(self.data):  # ASCII only
            return at
        known, position = self._located if self._located[0] <= at else (self._begin, 0)
        position += len(self.data[known:at].decode(errors=self._undecodable))
        self._located = at, position
        return position

    def _above(self) -> Span:
        """The blanks and comments above the first section. Raises for anything else."""
        above = Span(0, 0 if self.text.startswith("[") else self._first_header())
        for _ in self._properties(above, inside=False):
            pass
        return above

    def _first_header(self) -> int:
        """The position of the first header in a text that does not begin with one, else the end."""
        first = self.text.find("\n[") + 1 or len(self.text)
        if self._tolerant and re.search(_INDENTED_HEADER, self.text[:first]):
            return min([first, *self._odd_headers])
        return first

    def _next_header(self, at: int) -> int:
        """The position of the first header after a line end at or after ``at``, else the end."""
        usual = self.text.find("\n[", at) + 1 or len(self.text)
        odd = self._odd_headers
        return min(usual, odd[found]) if (found := bisect_left(odd, at)) < len(odd) else usual

    def _last_header(self, at: int) -> int | None:
        """The position of the last header that begins at or before ``at``; None above the first."""
        usual = self.text.rfind("\n[", 0, at + 1) + 1
        number = bisect_right(self._odd_headers, at)
        found = max(usual, self._odd_headers[number - 1] if number else 0)
        return found if found or self.text.startswith("[") or number else None

    @cached_property
    def _indents_headers(self) -> bool:
        """Whether an indented line may be a header."""
        return self.text[:1] in {" ", "\t"} or bool(re.search(r"\n[ \t]++\[", self.text))

    @cached_property
    def _odd_headers(self) -> tuple[int, ...]:
        """The positions of indented headers in the tolerant grammar.

        botocore reads such a line as a header unless it continues a setting above it.
        """
        if not self._tolerant or not self._indents_headers:
            return ()
        text = self.text
        found: list[int] = []
        head, read = -1, 0  # the indent of the setting above, if any; what has been read
        for match in re.finditer(_INDENTED_HEADER, text):
            at = match.start()
            read = max(read, text.rfind("\n[", read, at) + 1)
            for line in self.lines(Span(read, at)):
                indent = len(self.indent(line))
                if text.startswith("[", line.start):
                    head = -1
                elif not (indent > head >= 0 or self.is_blank(line) or self.is_comment(line)):
                    head = indent
            read = at
            if head < 0 or len(match[0]) - 1 <= head:
                found.append(at)
                head, read = -1, text.find("\n", at) + 1 or len(text)
        return tuple(found)

    def _mentions(self, name: str) -> list[Span] | None:
        """The spans of the sections of `naming` in the bytes; decodes nothing else.

        None where, in the tolerant grammar, all sections must be read.
        """
        data, needle = self.data, name.encode(errors="surrogatepass")
        found: list[Span] = []
        at = data.find(needle) if needle else -1
        while at >= 0:
            behind = at + len(needle)
            if data[behind : behind + 1] not in _ENDS_A_NAME:
                at = data.find(needle, at + 1)
                continue
            start = max(data.rfind(b"\n", 0, at) + 1, self._begin)
            if data.startswith(b"[", start):
                end = data.find(b"\n[", at) + 1 or len(data)
                found.append(Span(start, end))
            else:
                end = data.find(b"\n", at) + 1 or len(data)
            if self._tolerant and re.compile(_ODD).search(data, start, end):
                return None
            at = data.find(needle, end)
        return found

    def section_at(self, start: int, end: int | None = None) -> Section:
        """The section that begins at ``start``; ``end`` is its end, if that is known.

        Raises `DocumentError` for a broken header.
        """
        plain = _PLAIN_HEADER.match(self.text, start)
        if plain and not self._has_undecoded:
            title, title_start, below = plain[1], start + 1, plain.end()
        else:
            feed = self.text.find("\n", start)
            below = feed + 1 if feed >= 0 else len(self.text)
            content = self.content(Span(start, below))
            self._check_decoded(content, start)
            bracket_at = start + len(content) - len(content.lstrip(_BLANKS))
            inside, bracket, rest = content.lstrip(_BLANKS)[1:].partition("]")
            if not bracket:
                self._refuse("a section header has no `]`", start, "close the header with a `]`")
            if rest.strip(_BLANKS) and not rest.lstrip(_BLANKS).startswith(("#", ";")):
                message = "something other than a comment follows a section header"
                self._refuse(message, start, "put what follows the `]` on a separate line")
            title = inside.strip(_BLANKS)
            title_start = bracket_at + 1 + len(inside) - len(inside.lstrip(_BLANKS))
        end = self._next_header(below - 1) if end is None else end
        return Section(title, start, title_start, below, end)

    def _properties(self, body: Span, *, inside: bool) -> Iterator[Property]:
        head: Property | None = None
        head_indent = -1 if self._tolerant else 0
        more: list[Span] = []
        for span in self.lines(body):
            content = self.content(span)
            self._check_decoded(content, span.start)
            if not content.strip(self._blanks) or self._says_comment(content):
                continue
            indent = len(content) - len(content.lstrip(_BLANKS))
            if indent > head_indent >= 0:
                if head is None:
                    message = "an indented line has no setting above it"
                    self._refuse(message, span.start, "let the line begin in column 0")
                    continue
                if self._tolerant and re.fullmatch(_HEADER_TO_SOME, content):
                    message = "not all readers begin a section at an indented header"
                    self._refuse(message, span.start)
                more.append(span)
                continue
            if head is not None:
                yield self._continued(head, more)
            head, more = self._first_line(span, content), []
            head_indent = indent if self._tolerant else 0
            if not inside:
                message = "a setting is above the first section"
                self._refuse(message, span.start, "put a header such as `[default]` above it")
        if head is not None:
            yield self._continued(head, more)

    def _first_line(self, span: Span, content: str) -> Property:
        name, equals, rest = content.partition("=")
        if not equals:
            hint = f"{WRITE_A_SETTING}, or make it a comment with `#` in column 0"
            self._refuse("a line is not `name = value`", span.start, hint)
        name = name.strip(self._blanks)
        if not name:
            self._refuse("a setting has no name", span.start, "write the name before the `=`")
        uncommented = rest[: self._comment_at(rest)]
        value = uncommented.strip(self._blanks)
        at = (
            span.start
            + len(content)
            - len(rest)
            + len(uncommented)
            - len(uncommented.lstrip(self._blanks))
        )
        if not value:  # an empty span after the `=` and the blanks that follow it
            at = span.start + len(content) - len(rest) + len(uncommented)
        return Property(name, value, span, Span(at, at + len(value)), (), ())

    def _comment_at(self, rest: str) -> int | None:
        """The position of the comment after a value, including the blank before it."""
        if "#" not in rest and ";" not in rest:
            return None
        if not self._tolerant:
            found = re.search(_INLINE_COMMENT, rest)
            return found.start() if found else None
        quoted = re.match(_UNQUOTED_COMMENT, rest)
        return quoted.start("comment") if quoted else None

    @cached_property
    def _has_undecoded(self) -> bool:
        """Whether the tolerant grammar must look for bytes that are not UTF-8."""
        if not self._tolerant or self.text.isascii():
            return False
        try:
            self.data.decode()
        except UnicodeDecodeError:
            return True
        return False

    def _check_decoded(self, content: str, at: int) -> None:
        """Refuse a line with a byte that is not UTF-8, unless it is a comment."""
        if (
            self._has_undecoded
            and re.search(_UNDECODED, content)
            and not self._says_comment(content)
        ):
            self._refuse("a byte is not UTF-8", at)

    def _continued(self, head: Property, more: list[Span]) -> Property:
        """``head`` with its continuation lines, as text or, without a value, as a nested block."""
        if head.value:
            texts = (self.content(span).strip(self._blanks) for span in more)
            return head._replace(value="\n".join([head.value, *texts]), more=tuple(more))
        return head._replace(more=tuple(more), nested=tuple(map(self._nested, more)))

    def _nested(self, span: Span) -> Nested:
        content = self.content(span)
        name, equals, value = content.partition("=")
        name = name.strip(self._blanks)
        if not equals or not name:
            hint = f"{WRITE_A_SETTING}; a comment begins in column 0"
            self._refuse("a line of a nested block is not `name = value`", span.start, hint)
        behind = span.start + len(content) - len(value)
        stripped = value.strip(self._blanks)
        at = behind + (len(value) - len(value.lstrip(self._blanks)) if stripped else 0)
        return Nested(name, stripped, span, Span(at, at + len(stripped)))
