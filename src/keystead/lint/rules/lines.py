"""Rules on lines: broken ones, carriage returns, comments and continuation lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keystead.lint.finding import ERROR, REFUSED, WARNING, Problem, Readers
from keystead.lint.subject import shown
from keystead.lint.view import View, text_rule
from keystead.model.validation import is_identifier
from keystead.text.document import WRITE_A_SETTING
from keystead.text.pieces import Span

_COLON = re.compile(r"[ \t]*[A-Za-z0-9_]+[ \t]*:")
_COMMENT = re.compile(r"[ \t][#;]")
_OWN_LINE = "put the comment on a separate line, with its `#` in column 0"


@text_rule(
    "syntax",
    ERROR,
    "a line breaks the grammar of the files",
    readers=Readers(REFUSED, "whole file refused but for some lines", "line skipped", REFUSED),
)
def syntax(view: View) -> Iterator[Problem]:
    for at, error in view.broken.items():
        if not _has_colon(view, at):
            yield view.at(at, error.message, error.hint or "")


@text_rule(
    "colon-separator",
    ERROR,
    "a setting is written `key : value`",
    fix=WRITE_A_SETTING,
    readers=Readers(REFUSED, "accepted", "line skipped", REFUSED, "Go: accepted"),
)
def colon_separator(view: View) -> Iterator[Problem]:
    message = "a colon is used in place of `=`"
    yield from (view.at(at, message) for at in view.broken if _has_colon(view, at))
    for block in view.blocks:
        for item in block.items:
            if ":" in item.name and not is_identifier(item.name):
                yield view.at(item.span.start, message, block=block)


def _has_colon(view: View, at: int) -> bool:
    """Whether the broken line at ``at`` has a colon in place of its `=`."""
    text = view.document.text
    content = text[at : text.find("\n", at) + 1 or len(text)]
    return "=" not in content and _COLON.match(content) is not None


@text_rule(
    "lone-carriage-return",
    WARNING,
    "a carriage return is within a line",
    fix="remove it, or end the line there with a line feed",
    readers=Readers(
        "part of the line",
        "ends the line",
        "part of the line",
        "ends the line",
        "keystead: ends the line",
    ),
)
def lone_carriage_return(view: View) -> Iterator[Problem]:
    text = view.document.text
    for span in view.document.lines(Span(0, len(text))) if "\r" in text else ():
        if "\r" in view.document.content(span):
            yield view.at(span.start, "a carriage return is within the line")


@text_rule(
    "inline-comment",
    WARNING,
    "a comment follows a value",
    fix=_OWN_LINE,
    readers=Readers("cut off", "part of the value", "cut off", "part of the value", "Go: cut off"),
)
def inline_comment(view: View) -> Iterator[Problem]:
    for block, item in view.settings():
        if view.rest(item.span, item.value_span.end).strip(" \t"):
            message = f"a comment follows the value of {shown(item.name)}"
            yield view.at(item.span.start, message, block=block)


@text_rule(
    "nested-comment",
    WARNING,
    "a comment follows a value in a nested block",
    fix=_OWN_LINE,
    readers=Readers("part of the value", "part of the value", "cut off", "part of the value"),
)
def nested_comment(view: View) -> Iterator[Problem]:
    for block, item in view.settings():
        for entry in view.entries(item):
            if _COMMENT.search(f" {entry.value}"):
                message = f"some readers see a comment after {shown(entry.name)}"
                yield view.at(entry.span.start, message, block=block)


@text_rule(
    "indented-comment",
    WARNING,
    "a comment is indented, so it continues the setting above it",
    fix=_OWN_LINE,
    readers=Readers(
        "part of the value above", "a comment", "a comment", "a comment", "keystead: a comment"
    ),
)
def indented_comment(view: View) -> Iterator[Problem]:
    for block, item in view.settings():
        for span in item.more:
            if span.start not in view.broken and _is_comment(view, span):
                message = f"this comment is indented, so it continues {shown(item.name)} above"
                yield view.at(span.start, message, block=block)


@text_rule(
    "continuation-line",
    WARNING,
    "a value continues on an indented line",
    fix="write the value on one line",
    readers=Readers(
        "joined",
        "joined",
        "dropped, or a separate setting",
        "a separate setting with a `=`, a header in brackets, else whole file refused",
    ),
)
def continuation_line(view: View) -> Iterator[Problem]:
    for block, item in view.settings():
        more = (s for s in item.more if s.start not in view.broken and not _is_comment(view, s))
        first = next(more, None)
        if item.value and first:
            message = f"the value of {shown(item.name)} continues on this line"
            yield view.at(first.start, message, block=block)


def _is_comment(view: View, line: Span) -> bool:
    return view.document.content(line).strip(" \t").startswith(("#", ";"))
