"""A shared file with every secret masked, for display."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.model.settings import is_secret
from keystead.secret import MASK
from keystead.text.document import Document, Grammar
from keystead.text.pieces import Span

_AROUND = 3
"""The number of unchanged lines shown around a change."""


def masked_lines(document: Document) -> list[str]:
    """The lines of ``document``, without line ends, each secret masked to the end of its line.

    Includes settings that are commented out; broken lines are masked completely. Raises
    `DocumentError` for a file that is not text.
    """
    document = Document(document.data, document.file, grammar=Grammar.TOLERANT)
    document.check()

    hidden: dict[int, int] = {}  # start of a line -> start of the masked part
    for section in document.sections:
        for item in document.properties(section):
            if is_secret(item.name):
                hidden[item.span.start] = item.value_span.start
                hidden |= {line.start: line.start + 1 for line in item.more}
            else:
                secret = [entry for entry in item.nested if is_secret(entry.name)]
                hidden |= {entry.span.start: entry.value_span.start for entry in secret}
    lines: list[str] = []
    for line in document.lines(Span(0, len(document.text))):
        content = document.content(line)
        keep = hidden[line.start] - line.start if line.start in hidden else _shown_length(content)
        if line.start in document.broken:
            keep = 0
        content = content.encode(errors="surrogateescape").decode(errors="replace")
        lines.append(content[:keep] + MASK if content[keep:].strip() else content)
    return lines


def _shown_length(content: str) -> int:
    """The length of the part to show: all, unless the line is a secret setting commented out."""
    name, equals, _ = content.partition("=")
    is_comment = content.lstrip(" \t").startswith(("#", ";"))
    if is_comment and equals and is_secret(name.lstrip("#; \t").rstrip()):
        return len(name) + 1
    return len(content)


def shown_change(path: str, before: bytes | None, after: bytes | None) -> list[str]:
    """A change of the file at ``path`` as lines; None means that it does not exist."""
    if path.endswith(".json"):
        return [f"{path}: would be encrypted again"]  # an encrypted store, which has no text
    names = [f"--- {path if before is not None else '/dev/null'}", f"+++ {path}"]
    pair = (Document(data or b"", path, grammar=Grammar.TOLERANT) for data in (before, after))
    return [*names, *masked_diff(*pair)]


def masked_diff(before: Document, after: Document) -> Iterator[str]:
    """The lines of a unified diff of the original lines, with secrets masked.

    A changed secret is a changed line, although both sides look the same.
    """
    import difflib

    true = [
        [document.content(line) for line in document.lines(Span(0, len(document.text)))]
        for document in (before, after)
    ]
    shown = [masked_lines(document) for document in (before, after)]
    matcher = difflib.SequenceMatcher(None, true[0], true[1], autojunk=False)
    for group in matcher.get_grouped_opcodes(_AROUND):
        first, last = group[0], group[-1]
        old, new = (first[1], last[2]), (first[3], last[4])
        yield f"@@ -{_range(*old)} +{_range(*new)} @@"
        for kind, i, j, k, m in group:
            if kind == "equal":
                yield from (f" {line}" for line in shown[0][i:j])
            else:
                yield from (f"-{line}" for line in shown[0][i:j])
                yield from (f"+{line}" for line in shown[1][k:m])


def _range(start: int, end: int) -> str:
    """The range of lines in the header of a hunk."""
    size = end - start
    return f"{start + 1 if size else start},{size}"
