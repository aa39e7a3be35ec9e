"""The width of text in columns of a terminal, and shortening text to a width."""

from __future__ import annotations

from collections.abc import Collection

ELLIPSIS = "…"


def display_width(text: str) -> int:
    """The width of printable ``text``: wide characters count two, combining ones nothing."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


def shortened(text: str, width: int) -> str:
    """``text``, cut and ended by an ellipsis where it is wider than ``width``."""
    if display_width(text) <= width:
        return text
    if width < 1:
        return ""
    left, end = width - 1, 0
    for char in text:
        left -= _char_width(char)
        if left < 0:
            break
        end += 1
    return text[:end] + ELLIPSIS


def padded(text: str, width: int, *, right: bool = False) -> str:
    """``text`` with blanks up to ``width``, before it for ``right``."""
    length = width - display_width(text) + len(text)
    return text.rjust(length) if right else text.ljust(length)


def widest(lines: Collection[str]) -> int:
    """The width of the widest line."""
    return max(map(len if _is_ascii(lines) else display_width, lines))


def padded_all(lines: Collection[str], width: int, *, right: bool = False) -> list[str]:
    """Each line `padded`."""
    if _is_ascii(lines):
        return [line.rjust(width) if right else line.ljust(width) for line in lines]
    return [padded(line, width, right=right) for line in lines]


def _is_ascii(lines: Collection[str]) -> bool:
    return "".join(lines).isascii()


def fitting(widths: list[int], total: int) -> list[int]:
    """The widths of columns that take ``total`` at most, each at least 1: the widest shrink."""
    found = list(widths)
    excess = sum(found) - total
    while excess > 0 and max(found) > 1:
        widest = max(found)
        at = [number for number, width in enumerate(found) if width == widest]
        below = max((width for width in found if width < widest), default=1)
        step = min(widest - max(below, 1), max(1, excess // len(at)))
        for number in reversed(at):
            if excess > 0:
                found[number] -= step
                excess -= step
    return found


def _char_width(char: str) -> int:
    import unicodedata

    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
