"""References of a profile to other profiles, which a rename or a removal would break.

That is `source_profile`, and the command lines of `credential_process` and `mfa_process` where
they are of keystead (``keystead process NAME``) or of the AWS CLI (``aws ... --profile NAME``).
``sso_session`` and ``services`` name sections of other kinds, ``login_session`` an identity.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from keystead.model.profile import Profile
from keystead.value import NamedTuple

SOURCE = "source_profile"
_COMMANDS = ("credential_process", "mfa_process")

_WORD = r"""(?:[^\s"']|"[^"]*"|'[^']*')+"""
_PLAIN = r"[A-Za-z0-9_\-/.%@:+]+"
_KEYSTEAD = r"(?i:keystead(?:\.exe)?)"
_PYTHON = r"(?i:(?:python[0-9.]*|py)(?:\.exe)?)"
_AWS = r"(?i:aws(?:\.exe|\.cmd)?)"
_PROFILE = "--profile"


class Reference(NamedTuple):
    """A setting and the name in it; ``start`` and ``end`` are the place of the name in its text."""

    setting: str
    name: str
    start: int
    end: int


class _Word(NamedTuple):
    text: str
    start: int
    end: int


def references(profile: Profile) -> Iterator[Reference]:
    """The names of other profiles, and of the profile itself, that the profile's settings have."""
    source = profile.settings.get(SOURCE)
    if isinstance(source, str) and source:
        yield Reference(SOURCE, source, 0, len(source))
    for setting in _COMMANDS:
        command = profile.settings.get(setting)
        if isinstance(command, str):
            yield from (Reference(setting, *word) for word in _named(command) if word.text)


def renamed(profile: Profile, names: Collection[str], new: str) -> dict[str, str]:
    """The settings that name one of ``names``, with ``new`` in its place."""
    found: dict[str, str] = {}
    for setting, name, start, end in references(profile):
        if name in names:
            text = profile.text(setting) or ""
            written = new if setting == SOURCE or re.fullmatch(_PLAIN, new) else f'"{new}"'
            found[setting] = text[:start] + written + text[end:]
    return found


def _named(command: str) -> Iterator[_Word]:
    words = [_word(match) for match in re.finditer(_WORD, command)]
    if not words:
        return
    program, rest = words[0], words[1:]
    name = re.split(r"[/\\]", program.text)[-1]
    if re.fullmatch(_PYTHON, name) and [word.text for word in rest[:2]] == ["-m", "keystead"]:
        name, rest = "keystead", rest[2:]
    if re.fullmatch(_KEYSTEAD, name):
        yield from _of_keystead(rest)
    elif re.fullmatch(_AWS, name):
        yield from _of_aws(rest)


def _word(match: re.Match[str]) -> _Word:
    return _Word(re.sub("[\"']", "", match[0]), match.start(), match.end())


def _of_keystead(words: list[_Word]) -> Iterator[_Word]:
    """The NAME of ``process [OPTION VALUE ...] NAME``, unless it is of another file."""
    texts = [word.text for word in words]
    if texts[:1] != ["process"] or any(text.startswith("--location") for text in texts):
        return
    at = 1
    while at < len(words) and texts[at].startswith("-"):
        at += 1 if "=" in texts[at] or texts[at] == "--" else 2
    yield from words[at : at + 1]


def _of_aws(words: list[_Word]) -> Iterator[_Word]:
    for word, following in zip(words, [*words[1:], None], strict=True):
        if word.text == _PROFILE and following is not None:
            yield following
        elif word.text.startswith(f"{_PROFILE}="):
            length = len(_PROFILE) + 1
            yield _Word(word.text[length:], word.start + length, word.end)
