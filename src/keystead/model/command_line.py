"""Splits a command line into words by the quoting rules of the platform's shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

_SHELL = re.compile(r"^(?:[|&;]|\d?[<>])|;$|\$[({A-Za-z_]|`|^~(?:/|$)")


def split_posix(command: str) -> list[str]:
    """The words by POSIX quoting. Raises `ValueError` for a quote that does not end."""
    return shlex.split(command)


def split_windows(command: str) -> list[str]:
    r"""The words by the rules of Microsoft's C library, which Windows programs go by.

    Blanks and tabs part words, but not between double quotes. Backslashes are plain unless a
    quote follows: two of them are then one, and an odd one makes the quote plain. Two quotes
    between quotes are one. Raises `ValueError` for a quote that does not end.
    """
    words: list[str] = []
    word: list[str] | None = None
    quoted = False
    at = 0
    while at < len(command):
        char = command[at]
        if char in " \t" and not quoted:
            if word is not None:
                words.append("".join(word))
            word = None
            at += 1
            continue
        word = [] if word is None else word
        slashes = len(command) - at - len(command[at:].lstrip("\\"))
        at += slashes
        if command[at : at + 1] == '"':
            word.append("\\" * (slashes // 2))
            if slashes % 2:
                word.append('"')
            elif quoted and command[at + 1 : at + 2] == '"':
                word.append('"')
                at += 1
            else:
                quoted = not quoted
            at += 1
        elif slashes:
            word.append("\\" * slashes)
        else:
            word.append(char)
            at += 1
    if quoted:
        raise ValueError("No closing quotation")
    if word is not None:
        words.append("".join(word))
    return words


def needs_shell(words: Sequence[str]) -> bool:
    """Whether a word has shell syntax, which is not supported."""
    return any(_SHELL.search(word) for word in words)
