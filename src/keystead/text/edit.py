"""Edits of a shared file: each takes a document and gives a new one, cut only where it must be.

Every function here leaves all bytes alone but those of the lines it names. The new text copies
the habits of its surroundings: line ends, the spacing around ``=``, indentation of nested blocks,
blank lines between sections, a missing line end at the end of the file.

What may be written (names, control characters) is decided before, in `keystead.model.rules`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from keystead.text.document import Document, Property, Section, Span, Splice

_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_INDENT = re.compile(r"[ \t]+")
_USUAL_EQUALS = " = "
_USUAL_INDENT = "    "


def set_value(document: Document, section: Section, key: str, value: str) -> Document:
    """Sets ``key`` in ``section``: in place where it stands, else behind the last setting.

    ``key`` with a dot, such as ``s3.max_concurrent_requests``, names a line of the nested block
    ``s3`` when that is how it stands or when the section has no setting of the dotted name.
    """
    item = _last(document, section, key)
    if item is not None:
        # What continued the old value goes with it; comment lines in between stay.
        cuts = [Splice(item.value_span, _padded(document, item, value))]
        return document.splice([*cuts, *(Splice(line, "") for line in item.more)])
    block, dot, name = key.partition(".")
    if dot and block and name:
        return _set_nested(document, section, block, name, value)
    return _append(document, section, [key + _equals(document, section) + value])


def unset(document: Document, section: Section, key: str) -> Document:
    """Removes every line that sets ``key`` in ``section``; nothing when there is none."""
    cuts = [
        Splice(line, "")
        for item in document.properties(section)
        if item.name.lower() == key.lower()
        for line in (item.span, *item.more)
    ]
    block, dot, name = key.partition(".")
    holder = _last(document, section, block) if dot and not cuts else None
    if holder is not None:
        doomed = [entry for entry in holder.nested if entry.name.lower() == name.lower()]
        if len(doomed) == len(holder.nested):  # an emptied block would read as an empty value
            return unset(document, section, block)
        cuts = [Splice(entry.span, "") for entry in doomed]
    return _trim_last_line_end(document, document.splice(cuts))


def add_section(document: Document, title: str, settings: Mapping[str, str]) -> Document:
    """Adds a section at the end of the file, looking like its neighbours."""
    equals = _equals(document, document.sections[-1] if document.sections else None)
    lines = [f"[{title}]", *(f"{key}{equals}{value}" for key, value in settings.items())]
    return _append_block(document, document.newline.join(lines))


def remove_section(document: Document, section: Section) -> Document:
    """Removes ``section`` with its own comments and the blank lines that part it.

    Its own comments are the lines right above its header and those that follow its settings
    without a blank line; what stands right above the next header is the next section's.
    """
    span = _extent(document, section)
    before = _blank_run_before(document, span.start)
    if before.start > 0:
        span = Span(before.start, span.end)
    else:
        span = Span(span.start, _blank_run_after(document, span.end).end)
    return _trim_last_line_end(document, document.splice([Splice(span, "")]))


def rename_section(document: Document, section: Section, title: str) -> Document:
    """Gives ``section`` another title; brackets, blanks and comments of its header stay."""
    return document.splice([Splice(section.title_span, title)])


def copy_section(document: Document, section: Section, title: str) -> Document:
    """Adds a copy of ``section`` at the end, comments included, under another title."""
    span = _extent(document, section)
    text = document.text[span.start : span.end]
    cut = section.title_span
    text = text[: cut.start - span.start] + title + text[cut.end - span.start :]
    return _append_block(document, text.rstrip("\r\n"))


def _last(document: Document, section: Section, key: str) -> Property | None:
    items = document.properties(section)
    return next((item for item in reversed(items) if item.name.lower() == key.lower()), None)


def _padded(document: Document, item: Property, value: str) -> str:
    """``value``, parted from the ``=`` when it takes the place of an empty one."""
    if item.value or not value:
        return value
    at = item.value_span.start
    return value if document.text[at - 1] in " \t" else " " + value


def _equals(document: Document, section: Section | None) -> str:
    """How the section writes ``=``: as its last setting does, else as usual."""
    items = document.properties(section) if section else ()
    if not items:
        return _USUAL_EQUALS
    item = items[-1]
    found = _EQUALS.search(document.text, item.span.start, max(item.value_span.end, item.span.end))
    if found is None or not item.value:
        return _USUAL_EQUALS
    return found.group()


def _append(document: Document, section: Section, lines: list[str]) -> Document:
    items = document.properties(section)
    at = items[-1].end if items else section.body.start
    return _insert(document, at, lines)


def _insert(document: Document, at: int, lines: list[str]) -> Document:
    newline = document.newline
    text = newline.join(lines)
    if at > 0 and document.text[at - 1] != "\n":  # the last line has no line end, nor gets one
        return document.splice([Splice(Span(at, at), newline + text)])
    return document.splice([Splice(Span(at, at), text + newline)])


def _set_nested(
    document: Document, section: Section, block: str, name: str, value: str
) -> Document:
    holder = _last(document, section, block)
    if holder is None:
        indent = _indent(document)
        line = f"{indent}{name}{_USUAL_EQUALS}{value}"
        return _append(document, section, [block + _equals(document, section).rstrip(" \t"), line])
    known = next((e for e in reversed(holder.nested) if e.name.lower() == name.lower()), None)
    if known is not None:
        return document.splice([Splice(known.value_span, value)])
    if holder.nested:
        last = holder.nested[-1]
        written = document.text[last.span.start : last.span.end]
        indent = (_INDENT.match(written) or _INDENT.match(_USUAL_INDENT) or [""])[0]
        equals = (_EQUALS.search(written) or [_USUAL_EQUALS])[0]
        return _insert(document, holder.end, [f"{indent}{name}{equals}{value}"])
    cuts = [Splice(holder.value_span, ""), *(Splice(line, "") for line in holder.more)]
    emptied = document.splice(cuts)
    line = f"{_indent(document)}{name}{_USUAL_EQUALS}{value}"
    end = holder.span.end - (holder.value_span.end - holder.value_span.start)
    return _insert(emptied, end, [line])


def _indent(document: Document) -> str:
    """How the file indents nested blocks, four blanks where it has none."""
    found = re.search(r"^([ \t]+)[^ \t\r\n]", document.text, re.MULTILINE)
    return found[1] if found else _USUAL_INDENT


def _append_block(document: Document, block: str) -> Document:
    """Puts a whole section behind the last line, parted as sections of this file are."""
    text, newline = document.text, document.newline
    if not text:
        return document.splice([Splice(Span(0, 0), block + newline)])
    end = _blank_run_before(document, len(text)).start  # blank lines at the end stay at the end
    gap = newline if _parts_by_blank_line(document) else ""
    if text[end - 1 : end] == "\n" or end == 0:
        return document.splice([Splice(Span(end, end), gap + block + newline)])
    return document.splice([Splice(Span(end, end), newline + gap + block)])


def _parts_by_blank_line(document: Document) -> bool:
    """Whether this file parts its sections by blank lines; one with a single section does."""
    later = document.sections[1:]
    starts = [_extent(document, section).start for section in later[-2:]]
    runs = [_blank_run_before(document, start) for start in starts]
    return not runs or any(run.start < run.end for run in runs)


def _extent(document: Document, section: Section) -> Span:
    """What belongs to a section: the comments right above its header, down to its last line."""
    start = _comments_above(document, section.start)
    items = document.properties(section)
    end = items[-1].end if items else section.body.start
    following = next((s.start for s in document.sections if s.start > section.start), None)
    limit = len(document.text) if following is None else _comments_above(document, following)
    for line in document.lines(Span(end, max(end, limit))):
        if not document.is_comment(line):
            break
        end = line.end
    return Span(start, end)


def _comments_above(document: Document, at: int) -> int:
    """Where the run of comment lines that ends at ``at`` begins."""
    while at > 0:
        begin = document.text.rfind("\n", 0, at - 1) + 1
        if not document.is_comment(Span(begin, at)):
            break
        at = begin
    return at


def _blank_run_before(document: Document, at: int) -> Span:
    start = at
    while start > 0:
        begin = document.text.rfind("\n", 0, start - 1) + 1
        if not document.is_blank(Span(begin, start)):
            break
        start = begin
    return Span(start, at)


def _blank_run_after(document: Document, at: int) -> Span:
    end = at
    for line in document.lines(Span(at, len(document.text))):
        if not document.is_blank(line):
            break
        end = line.end
    return Span(at, end)


def _trim_last_line_end(before: Document, after: Document) -> Document:
    """A file that did not end in a line end does not get one by losing its last line."""
    if not before.text or before.text.endswith("\n") or not after.text.endswith("\n"):
        return after
    size = 2 if after.text.endswith("\r\n") else 1
    end = len(after.text)
    return after.splice([Splice(Span(end - size, end), "")])
