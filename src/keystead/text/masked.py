"""A shared file with every secret masked, for display."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from keystead.model.settings import is_secret
from keystead.secret import MASK
from keystead.text.document import Document, Grammar
from keystead.text.pieces import Span

_AROUND = 3
"""The number of unchanged lines shown around a change."""


class MaskedText:
    """The lines of the shared file ``data``, without line ends; `shown` masks its secrets.

    Raises `DocumentError` for a file that is not text.
    """

    def __init__(self, data: bytes, file: str) -> None:
        self._document = Document(data, file, grammar=Grammar.TOLERANT)
        *lines, last = self._document.text.split("\n")
        written = [*lines, last] if last else lines
        self._lengths = list(accumulate(map(len, written), initial=0))
        self._sections: set[int] = set()
        self._hidden: dict[int, int] = {}  # start of a line -> start of the masked part
        self.lines = [line.removesuffix("\r") for line in written]
        """The original lines."""

    def shown(self, first: int, end: int) -> Iterator[str]:
        """The lines from ``first`` to ``end``, each secret masked to the end of its line.

        Includes settings that are commented out; broken lines are masked completely.
        """
        # The last line may have no line end.
        end_of_span = min(self._start(end), len(self._document.text))
        self._read(Span(self._start(first), end_of_span))
        for number, content in enumerate(self.lines[first:end], first):
            start = self._start(number)
            keep = self._hidden.get(start, start + _shown_length(content)) - start
            if start in self._document.broken:
                keep = 0
            text = content.encode(errors="surrogateescape").decode(errors="replace")
            yield text[:keep] + MASK if text[keep:].strip() else text

    def _start(self, number: int) -> int:
        return self._lengths[number] + number

    def _read(self, span: Span) -> None:
        """Find what to mask in the sections of ``span``."""
        for section in self._document.sections_in(span):
            if section.start in self._sections:
                continue
            self._sections.add(section.start)
            for item in self._document.properties(section):
                if is_secret(item.name):
                    self._hidden[item.span.start] = item.value_span.start
                    self._hidden |= {line.start: line.start + 1 for line in item.more}
                else:
                    secret = [entry for entry in item.nested if is_secret(entry.name)]
                    self._hidden |= {entry.span.start: entry.value_span.start for entry in secret}


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
    return [*names, *_masked_diff(*(MaskedText(data or b"", path) for data in (before, after)))]


def _masked_diff(before: MaskedText, after: MaskedText) -> Iterator[str]:
    """The lines of a unified diff of the original lines, with secrets masked.

    A changed secret is a changed line, although both sides look the same.
    """
    from keystead.text.line_diff import LineDiff

    for group in LineDiff(before.lines, after.lines).get_grouped_opcodes(_AROUND):
        first, last = group[0], group[-1]
        old, new = (first[1], last[2]), (first[3], last[4])
        yield f"@@ -{_range(*old)} +{_range(*new)} @@"
        for kind, i, j, k, m in group:
            if kind == "equal":
                yield from (f" {line}" for line in before.shown(i, j))
            else:
                yield from (f"-{line}" for line in before.shown(i, j))
                yield from (f"+{line}" for line in after.shown(k, m))


def _range(start: int, end: int) -> str:
    """The range of lines in the header of a hunk."""
    size = end - start
    return f"{start + 1 if size else start},{size}"
