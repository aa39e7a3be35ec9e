"""Edits of a shared file: each takes a document and returns a new one.

Only the bytes of the edited lines change. New text follows the style around it: line ends, the
spacing around ``=``, indentation of nested blocks, blank lines between sections, a missing line
end at the end of the file.

``sections`` are all sections of one name, in order: readers merge them, the last value winning.
Names and values have been validated by `keystead.model.validation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from keystead.text.document import Document
from keystead.text.pieces import Nested, Property, Section, Span, Splice

_EQUALS = r"[ \t]*=[ \t]*"
_INDENTED = r"(?m)^([ \t]+)[^ \t\r\n]"
_USUAL_EQUALS = " = "
_USUAL_INDENT = "    "


def set_value(document: Document, sections: Sequence[Section], key: str, value: str) -> Document:
    """Set ``key`` wherever it is set already, else after the last setting.

    Readers use the first or the last of duplicate sections and settings, so all of them get the
    value; a new setting is added to the first section, which all readers read.

    ``key`` with a dot, such as ``s3.max_concurrent_requests``, names a line of the nested block
    ``s3``, unless there is a setting of the dotted name.
    """
    block, _, name = key.partition(".")
    if block and name and not _items(document, sections, key):
        return set_nested(document, sections, block, name, value)
    return change(document, [(sections, {key: value})])


def change(
    document: Document, changes: Iterable[tuple[Sequence[Section], Mapping[str, str | None]]]
) -> Document:
    """Set settings of several names as `set_value` does, and remove those with the value None."""
    cuts: list[Splice] = []
    for sections, settings in changes:
        new: list[str] = []
        for key, value in settings.items():
            for item in (found := _items(document, sections, key)):
                # Continuation lines of the old value are removed; comment lines in between stay.
                first = Splice(item.span, "") if value is None else None
                cuts.append(first or _value_splice(document, item, value or ""))
                cuts += [Splice(line, "") for line in item.more]
            if value is not None and not found:
                new.append(key + _equals(document, sections[0]) + value)
        if new:
            cuts.append(_appended(document, sections[0], new))
    return _trim_last_line_end(document, document.splice(cuts))


def set_nested(
    document: Document, sections: Sequence[Section], block: str, name: str, value: str
) -> Document:
    """Set ``name`` in the nested block ``block``, which replaces a text value."""
    holder = _last(document, sections, block)
    if holder is None:
        lines = _block(document, block, _equals(document, sections[0]), {name: value})
        return _append(document, sections[0], lines)
    known = next((e for e in reversed(holder.nested) if _same(e.name, name)), None)
    if known is not None:
        return document.splice([_value_splice(document, known, value)])
    if holder.nested:
        last = holder.nested[-1]
        indent = document.indent(last.span)
        line = f"{indent}{name}{_equals_of(document, last, len(indent))}{value}"
        return _insert(document, holder.end, [line])
    line = f"{document.indent(holder.span)}{_indent(document)}{name}{_USUAL_EQUALS}{value}"
    cuts = [Splice(holder.value_span, ""), *(Splice(line, "") for line in holder.more)]
    emptied = _trim_last_line_end(document, document.splice(cuts))
    end = holder.span.end - (holder.value_span.end - holder.value_span.start)
    return _insert(emptied, min(end, len(emptied.text)), [line])


def unset(document: Document, sections: Sequence[Section], key: str) -> Document:
    """Remove every line that sets ``key``.

    A dotted key works as in `set_value`; an empty nested block is removed.
    """
    block, _, name = key.partition(".")
    if block and name and not _items(document, sections, key):
        return unset_nested(document, sections, block, name)
    return change(document, [(sections, {key: None})])


def unset_nested(
    document: Document, sections: Sequence[Section], block: str, name: str
) -> Document:
    """Remove ``name`` from the nested block ``block``, and the block if it is then empty."""
    holder = _last(document, sections, block)
    doomed = [entry for entry in holder.nested if _same(entry.name, name)] if holder else []
    if holder and doomed and len(doomed) == len(holder.nested):
        return unset(document, sections, block)  # emptied, it would read as an empty value
    cuts = [Splice(entry.span, "") for entry in doomed]
    return _trim_last_line_end(document, document.splice(cuts))


def add_section(
    document: Document, title: str, key: str, value: str | Mapping[str, str]
) -> Document:
    """Add a section with one setting at the end of the file, in the style of the others.

    ``value`` may be a nested block; a dotted key works as in `set_value`.
    """
    equals = _equals(document, next(iter(document.last_sections(1)), None))
    block, _, name = key.partition(".")
    if isinstance(value, str) and block and name:
        key, value = block, {name: value}
    if isinstance(value, str):
        lines = [key + equals + value]
    else:
        lines = _block(document, key, equals, value)
    return _append_block(document, document.newline.join([f"[{title}]", *lines]))


def add_sections(document: Document, sections: Mapping[str, Mapping[str, str]]) -> Document:
    """Add sections by their titles, with settings without blocks, as `add_section` does."""
    if not sections:
        return document
    equals = _equals(document, next(iter(document.last_sections(1)), None))
    end = _blank_run_before(document, len(document.text)).start
    gap = document.newline * (1 + _parts_by_blank_line(document, end))
    blocks = (
        document.newline.join([f"[{title}]", *(key + equals + settings[key] for key in settings)])
        for title, settings in sections.items()
    )
    return _append_block(document, gap.join(blocks))


def remove(document: Document, sections: Sequence[Section]) -> Document:
    """Remove ``sections``, in order, each with its comments and the blank lines that separate it.

    Its comments are the lines directly above its header and those that follow its settings without
    a blank line. Lines directly above the next header belong to the next section, the comment at
    the top of the file to the file.
    """
    runs: list[Span] = []
    for span in (_removed_with(document, section) for section in sections):
        if runs and _blank_run_before(document, span.start).start <= runs[-1].end:
            runs[-1] = Span(runs[-1].start, span.end)
        else:
            runs.append(span)
    cuts = []
    for span in runs:
        before = _blank_run_before(document, span.start)
        after = _blank_run_after(document, span.end)
        if before.start == 0:
            cuts.append(Splice(Span(span.start, after.end), ""))
        elif after.end > after.start or span.end == len(document.text):
            cuts.append(Splice(Span(before.start, span.end), ""))
        else:  # the blank lines above now separate its neighbours
            cuts.append(Splice(span, ""))
    return _trim_last_line_end(document, document.splice(cuts))


def rename(document: Document, sections: Sequence[Section], title: str) -> Document:
    """Change the title of ``sections``; brackets, blanks and comments of the headers stay."""
    return document.splice([Splice(section.title_span, title) for section in sections])


def copy(document: Document, sections: Sequence[Section], title: str) -> Document:
    """Add a copy at the end, comments included, under another title.

    It is one section without duplicates: the last of ``sections``, followed by the settings that
    only the others have.
    """
    own = sections[-1]
    items = document.properties(own)
    values = {_folded(i.name): i for section in sections for i in document.properties(section)}
    lent = [item for item in values.values() if item.span.start < own.start]
    lines = [document.content(line) for item in lent for line in (item.span, *item.more)]
    cuts = [
        Splice(line, "")
        for item in items
        if values[_folded(item.name)] is not item
        for line in (item.span, *item.more)
    ]
    # Indented, the header would continue the setting above it.
    indent = document.indent(Span(own.start, own.below))
    cuts.append(Splice(Span(own.start, own.start + len(indent)), ""))
    draft = _append(document, own, lines) if lines else document
    draft = draft.splice([Splice(own.title_span, title), *cuts])
    span = _extent(draft, next(draft.sections_in(Span(own.start, own.start + 1))))
    last = list(draft.lines(span))[-1]
    return _append_block(document, draft.written[span.start : last.start] + draft.content(last))


def _folded(name: str) -> str:
    """The name in lower case, unless it is not ASCII and so not valid."""
    return name.lower() if name.isascii() else name


def _same(name: str, key: str) -> bool:
    return _folded(name) == _folded(key)


def _items(document: Document, sections: Iterable[Section], key: str) -> list[Property]:
    return [i for s in sections for i in document.properties(s) if _same(i.name, key)]


def _last(document: Document, sections: Sequence[Section], key: str) -> Property | None:
    return next(reversed(_items(document, sections, key)), None)


def _value_splice(document: Document, item: Property | Nested, value: str) -> Splice:
    """The splice that changes the value of ``item``, spaced from its ``=`` in its style."""
    at = item.value_span.start
    part = ""
    if value and not item.value and document.text[at - 1] == "=" and document.text[at - 2] in " \t":
        part = " "
    return Splice(item.value_span, part + value)


def _equals(document: Document, section: Section | None) -> str:
    """The section's spacing around ``=``: that of its last setting with a value, else the usual."""
    items = document.properties(section) if section else ()
    if not items:
        return _USUAL_EQUALS
    item = next((i for i in reversed(items) if i.value), items[-1])
    return _equals_of(document, item, len(document.indent(item.span)))


def _equals_of(document: Document, item: Property | Nested, indent: int) -> str:
    """The spacing around ``=`` in ``item``; without a value, that on the left is used twice."""
    behind_name = item.span.start + indent + len(item.name)
    if not item.value:
        return "=" if document.text[behind_name] == "=" else _USUAL_EQUALS
    found = re.match(_EQUALS, document.text[behind_name : item.value_span.start])
    return found.group() if found else _USUAL_EQUALS


def _block(document: Document, key: str, equals: str, block: Mapping[str, str]) -> list[str]:
    """The lines of a new nested block."""
    indent = _indent(document)
    lines = (f"{indent}{name}{_USUAL_EQUALS}{value}" for name, value in block.items())
    return [key + equals.rstrip(" \t"), *lines]


def _indent(document: Document) -> str:
    """The file's indentation of nested blocks, else four blanks."""
    found = re.search(_INDENTED, document.text)
    return found[1] if found else _USUAL_INDENT


def _append(document: Document, section: Section, lines: list[str]) -> Document:
    return document.splice([_appended(document, section, lines)])


def _appended(document: Document, section: Section, lines: list[str]) -> Splice:
    """The splice that adds ``lines`` after the last setting of ``section``."""
    items = document.properties(section)
    if not items:
        return _inserted(document, section.body.start, lines)
    # Among indented settings, a line in column 0 would for some readers end the ones below it.
    indent = document.indent(items[-1].span)
    return _inserted(document, items[-1].end, [indent + line for line in lines])


def _insert(document: Document, at: int, lines: list[str]) -> Document:
    return document.splice([_inserted(document, at, lines)])


def _inserted(document: Document, at: int, lines: list[str]) -> Splice:
    text = document.newline.join(lines)
    if at > 0 and document.text[at - 1] != "\n":  # the last line has no line end and gets none
        before = document.text[document.text.rfind("\n", 0, at) + 1 : at]
        text = _line_end(document, before) + text
    else:
        text += _line_end(document, text)
    return Splice(Span(at, at), text)


def _line_end(document: Document, text: str) -> str:
    """The line end after ``text``; a CR at its end is part of a value and must remain so."""
    return "\r\n" if text.endswith("\r") else document.newline


def _append_block(document: Document, block: str) -> Document:
    """Add a section after the last line, separated as sections of this file are."""
    text = document.text
    end = _blank_run_before(document, len(text)).start  # blank lines at the end stay at the end
    gap = document.newline if end > 0 and _parts_by_blank_line(document, end) else ""
    if text[end - 1 : end] == "\n" or end == 0:
        addition = gap + block + _line_end(document, block)
    else:
        addition = _line_end(document, text) + gap + block
    return document.splice([Splice(Span(end, end), addition)])


def _parts_by_blank_line(document: Document, end: int) -> bool:
    """Whether to separate a section added at ``end`` by a blank line.

    As the last sections of this file are; yes for a file with one section, and after a comment,
    which would otherwise belong to the new section.
    """
    if _comments_above(document, end) < end:
        return True
    later = document.last_sections(3)[1:]
    starts = [_comments_above(document, section.start) for section in later]
    runs = [_blank_run_before(document, start) for start in starts]
    return not runs or any(run.start < run.end for run in runs)


def _extent(document: Document, section: Section) -> Span:
    """A section from the comments directly above its header to its last line."""
    items = document.properties(section)
    end = items[-1].end if items else section.body.start
    limit = section.body.end
    if limit < len(document.text):
        limit = _comments_above(document, limit)
    for line in document.lines(Span(end, max(end, limit))):
        if not document.is_comment(line):
            break
        end = line.end
    return Span(_comments_above(document, section.start), end)


def _removed_with(document: Document, section: Section) -> Span:
    """The `_extent` of a section without a comment at the top of the file."""
    start, end = _extent(document, section)
    return Span(start if _blank_run_before(document, start).start else section.start, end)


def _comments_above(document: Document, at: int) -> int:
    """The start of the run of comment lines that ends at ``at``."""
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
    """Remove a line end at the end of the file if there was none before, unless the last line is
    blank.
    """
    if not before.text or before.text.endswith("\n") or not after.text.endswith("\n"):
        return after
    end = len(after.text)
    last = Span(after.text.rfind("\n", 0, end - 1) + 1, end)
    if after.is_blank(last):
        return after
    content_end = last.start + len(after.content(last))
    return after.splice([Splice(Span(content_end, end), "")])
