"""The command line of a plain command for storing and display, without secrets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from keystead.model.setting import Group
from keystead.model.settings import SETTINGS
from keystead.secret import holds_key

OMITTED = "…"
"""Replaces a part that may be a secret."""

_OPTION = re.compile(r"--?[a-z][a-z-]*")
# Both are shorter than a secret.
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,24}")
_ORDINARY = re.compile(r"[a-z][a-z0-9]{0,15}(?:[_.][a-z0-9]{1,15})*")


def shown(words: Sequence[str]) -> str:
    """``keystead`` and its words, on one line.

    A value of ``KEY=VALUE`` is shown only if the setting is neither secret nor encrypted in the
    encrypted store and the value is valid for it or a short word.
    """
    return f"keystead {_joined(map(_word, words))}"


def _joined(words: Iterable[str]) -> str:
    return " ".join(OMITTED if word == OMITTED else _quoted(word) for word in words)


def _quoted(word: str) -> str:
    name, equals, value = word.partition("=")
    return f"{name}={OMITTED}" if equals and value == OMITTED else shlex.quote(word)


def _word(word: str) -> str:
    name, equals, value = word.partition("=")
    if holds_key(name):
        return OMITTED
    if not equals:
        return word
    if _OPTION.fullmatch(name):
        return OMITTED if holds_key(value) else word
    row = SETTINGS.get(name.lower())
    if row is None and not _ORDINARY.fullmatch(name.lower()):
        return OMITTED
    is_open = row is not None and not (row.secret or row.sealed or row.group is Group.KEYS)
    is_known = row is not None and bool(_WORD.fullmatch(value) or (row.shape and row.fits(value)))
    if is_open and is_known and not holds_key(value):
        return word
    return f"{name}={OMITTED}"
