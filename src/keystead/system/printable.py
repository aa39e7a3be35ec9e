"""Text from outside as a terminal, a log or a line may show it: what could drive them is escaped.

Control characters, bidirectional ones and everything else without a shape of its own are foreign
in names, paths and messages; one function decides on them.
"""

from __future__ import annotations

from collections.abc import Callable


def escape(char: str) -> str:
    r"""``char`` as Python writes it: ``\x1b``, ``\u202e``; an undecoded byte as ``\xff``."""
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004  # what surrogateescape made of a byte
        return f"\\x{code - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()


def printable(text: str, keep: str = "\n\t", escaped: Callable[[str], str] = escape) -> str:
    """``text`` with each character that does not print by ``escaped``, except those in ``keep``."""
    if text.isprintable():
        return text
    return text.translate(_Escapes(keep, escaped))


def one_line(text: str) -> str:
    """The same on one line, line feeds and tabs escaped too."""
    return printable(text, keep="")


class _Escapes(dict[int, str]):
    """What stands for each character, found when it first occurs."""

    def __init__(self, keep: str, escaped: Callable[[str], str]) -> None:
        super().__init__((ord(char), char) for char in keep)
        self._escaped = escaped

    def __missing__(self, code: int) -> str:
        char = chr(code)
        found = char if char.isprintable() else self._escaped(char)
        self[code] = found
        return found
