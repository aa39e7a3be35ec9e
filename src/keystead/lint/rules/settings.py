"""Rules on settings as they are written: spelling, comments, lines that go on, blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keystead.lint.finding import Finding
from keystead.lint.subject import shown
from keystead.lint.view import Block, View
from keystead.model.validation import is_identifier
from keystead.text.pieces import Nested, Property

_COMMENT = re.compile(r"[ \t][#;]")
_OWN_LINE = "put the comment on a line of its own, with its `#` in column 0"
_ONE_LINE = "write the value on one line"
_LOWER = "write it in lower case"


def colons(view: View) -> Iterator[Finding]:
    """Keys with a colon, also where they mean nothing: some readers refuse the file for one."""
    for block in view.blocks:
        for item in block.items:
            if ":" in item.name:
                rule, message = "colon-separator", "a colon stands where a `=` belongs"
                if is_identifier(item.name):
                    rule, message = "colon-in-key", "a key has a colon, which ends it for some"
                yield view.found(rule, item.span.start, message, "write `name = value`", block)


def keys(view: View) -> Iterator[Finding]:
    """Keys that not all readers find."""
    for block, item in view.settings():
        if is_identifier(item.name) or ":" not in item.name:
            yield from _key(view, block, item)
        for entry in _entries(view, item):
            yield from _key(view, block, entry)


def _key(view: View, block: Block, item: Property | Nested) -> Iterator[Finding]:
    if not is_identifier(item.name):  # it is not told, for it may be a secret with a `=` in it
        message = "the name of a setting is not valid, so the setting is skipped"
        fix = "use letters, digits and _ - / . % @ : + for the name"
        yield view.found("invalid-key", item.span.start, message, fix, block)
    elif item.name != item.name.lower():
        message = f"{shown(item.name)} has upper-case letters"
        yield view.found("upper-case-key", item.span.start, message, _LOWER, block)


def _entries(view: View, item: Property) -> Iterator[Nested]:
    """The lines of a nested block that are neither broken nor comments."""
    for entry in item.nested:
        if entry.span.start not in view.broken and not entry.name.startswith(("#", ";")):
            yield entry


def repeated(view: View) -> Iterator[Finding]:
    """Keys that stand twice in one section or block."""
    for block in view.blocks:
        first: dict[str, Property | Nested] = {}
        for item in block.items:
            known = first.setdefault(item.name.lower(), item)
            if known is not item:
                rule = "duplicate-key" if known.name == item.name else "key-spelling"
                yield _again(view, rule, block, known, item)
    for block, item in view.settings():
        inner: dict[str, Property | Nested] = {}
        for entry in _entries(view, item):
            known = inner.setdefault(entry.name.lower(), entry)
            if known is not entry:
                yield _again(view, "duplicate-nested-key", block, known, entry)


def _again(
    view: View, rule: str, block: Block, known: Property | Nested, item: Property | Nested
) -> Finding:
    first, line = (view.line(found.span.start) for found in (known, item))
    message = f"{shown(item.name)} stands in line {first} already"
    if known.name != item.name:
        message = f"{shown(item.name)} and {shown(known.name)} of line {first} are one"
    fix = f"keep one of the lines {first} and {line}"
    return view.found(rule, item.span.start, message, fix, block)


def values(view: View) -> Iterator[Finding]:
    """Comments behind values, and keys without a value."""
    for block, item in view.settings():
        if view.rest(item.span, item.value_span.end).strip(" \t"):
            message = f"a comment stands behind the value of {shown(item.name)}"
            yield view.found("inline-comment", item.span.start, message, _OWN_LINE, block)
        if not item.value and not item.nested:
            yield _no_value(view, block, item)
        for entry in _entries(view, item):
            if _COMMENT.search(f" {entry.value}"):
                message = f"to some readers a comment stands behind {shown(entry.name)}"
                yield view.found("nested-comment", entry.span.start, message, _OWN_LINE, block)
            if not entry.value:
                yield _no_value(view, block, entry)


def _no_value(view: View, block: Block, item: Property | Nested) -> Finding:
    message, fix = f"{shown(item.name)} has no value", "give it one, or take the line out"
    return view.found("empty-value", item.span.start, message, fix, block)


def continued(view: View) -> Iterator[Finding]:
    """Indented lines: comments that are none, and values that go on."""
    for block, item in view.settings():
        goes_on = False
        for span in item.more:
            content = view.document.content(span).strip(" \t")
            if span.start in view.broken:
                continue
            if content.startswith(("#", ";")):
                message = f"this comment is indented, so it goes on with {shown(item.name)} above"
                yield view.found("indented-comment", span.start, message, _OWN_LINE, block)
            elif item.value and not goes_on:
                goes_on = True
                message = f"the value of {shown(item.name)} goes on in this line"
                yield view.found("continuation-line", span.start, message, _ONE_LINE, block)
