"""The command line of a plain command as it may be stored and shown: without anything secret."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from keystead.model.setting import Group
from keystead.model.settings import SETTINGS
from keystead.secret import holds_key

LEFT_OUT = "…"
"""Replaces a part that may be secret."""

_OPTION = re.compile(r"--?[a-z][a-z-]*")
# Both are shorter than a secret.
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,24}")
_ORDINARY = re.compile(r"[a-z][a-z0-9]{0,15}(?:[_.][a-z0-9]{1,15})*")


def shown(words: Sequence[str]) -> str:
    """``keystead`` and its words, on one line.

    Of ``KEY=VALUE`` the value stays where the setting is not a secret, the encrypted store does not
    seal it, and the value has the setting's shape or is a short word. Any other one is left out.
    """
    return f"keystead {_joined(map(_word, words))}"


def _joined(words: Iterable[str]) -> str:
    return " ".join(LEFT_OUT if word == LEFT_OUT else _quoted(word) for word in words)


def _quoted(word: str) -> str:
    name, equals, value = word.partition("=")
    return f"{name}={LEFT_OUT}" if equals and value == LEFT_OUT else shlex.quote(word)


def _word(word: str) -> str:
    name, equals, value = word.partition("=")
    if holds_key(name):
        return LEFT_OUT
    if not equals:
        return word
    if _OPTION.fullmatch(name):
        return LEFT_OUT if holds_key(value) else word
    row = SETTINGS.get(name.lower())
    if row is None and not _ORDINARY.fullmatch(name.lower()):
        return LEFT_OUT
    is_open = row is not None and not (row.secret or row.sealed or row.group is Group.KEYS)
    is_known = row is not None and bool(_WORD.fullmatch(value) or (row.shape and row.fits(value)))
    if is_open and is_known and not holds_key(value):
        return word
    return f"{name}={LEFT_OUT}"
