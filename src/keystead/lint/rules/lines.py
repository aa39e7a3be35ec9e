"""Rules on lines, whatever they mean: marks, broken ones, carriage returns, who may read them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from operator import itemgetter

from keystead.lint.finding import Finding
from keystead.lint.view import View
from keystead.model.settings import is_secret
from keystead.text.dialect import FileKind
from keystead.text.pieces import Span

_COLON = re.compile(r"[ \t]*[A-Za-z0-9_]+[ \t]*:")
_WRITE = "write `name = value`"

# What to do about a broken line, by what `Document` says of it.
_FIXES = {
    "a section header has no `]`": "close the header with a `]`",
    "something other than a comment follows a section header": (
        "put what follows the `]` on a line of its own"
    ),
    "an indented line has no setting above it": "let the line begin in column 0",
    "a setting stands before any section": "put a header such as `[default]` above it",
    "a line is not `name = value`": f"{_WRITE}, or make it a comment with `#` in column 0",
    "a setting has no name": "write the name before the `=`",
    "a line of a nested block is not `name = value`": f"{_WRITE}; a comment begins in column 0",
}


def mark(view: View) -> Iterator[Finding]:
    """A byte-order mark."""
    if view.document.has_bom:
        message, fix = "a byte-order mark begins the file", "save it as UTF-8 without such a mark"
        yield view.found("byte-order-mark", 0, message, fix)


def broken(view: View) -> Iterator[Finding]:
    """Lines that break the grammar."""
    text = view.document.text
    for at, error in sorted(view.broken.items(), key=itemgetter(0)):
        content = text[at : text.find("\n", at) + 1 or len(text)]
        if "=" not in content and _COLON.match(content):
            message = "a colon stands where a `=` belongs"
            yield view.found("colon-separator", at, message, _WRITE)
        else:
            yield view.found("syntax", at, error.message, _FIXES[error.message])


def carriage_returns(view: View) -> Iterator[Finding]:
    """Carriage returns that are not part of a line end."""
    text = view.document.text
    if "\r" not in text:
        return
    for span in view.document.lines(Span(0, len(text))):
        if "\r" in view.document.content(span):
            message = "a carriage return stands within the line"
            fix = "take it out, or end the line there with a line feed"
            yield view.found("lone-carriage-return", span.start, message, fix)


def access(view: View) -> Iterator[Finding]:
    """A file with keys, or one made for them, that other users may read or write."""
    keys = any(is_secret(item.name) for block in view.blocks for item in block.items)
    if view.open and (keys or (view.kind is FileKind.CREDENTIALS and view.blocks)):
        message = "other users of this machine may read or write the file"
        fix = f"`chmod 600 {shlex.quote(view.document.file)}`"
        yield view.found("open-file", None, message, fix)
