"""Escaping of control, bidirectional and other unprintable characters in text from outside."""

from __future__ import annotations

from collections.abc import Callable


def escape(char: str) -> str:
    r"""``char`` as Python writes it: ``\x1b``, ``\u202e``; an undecoded byte as ``\xff``."""
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004  # a byte decoded by surrogateescape
        return f"\\x{code - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()


def printable(text: str, keep: str = "\n\t", escaped: Callable[[str], str] = escape) -> str:
    """``text`` with each unprintable character but those in ``keep`` replaced by ``escaped``."""
    if text.isprintable():
        return text
    return text.translate(_Escapes(keep, escaped))


def one_line(text: str) -> str:
    """`printable` with line feeds and tabs escaped too."""
    return printable(text, keep="")


class _Escapes(dict[int, str]):
    """The replacement of each character, computed when it first occurs."""

    def __init__(self, keep: str, escaped: Callable[[str], str]) -> None:
        super().__init__((ord(char), char) for char in keep)
        self._escaped = escaped

    def __missing__(self, code: int) -> str:
        char = chr(code)
        found = char if char.isprintable() else self._escaped(char)
        self[code] = found
        return found
