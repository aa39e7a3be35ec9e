"""Commands that get credentials from keystead or the AWS CLI, detected by their text. Pure.

Such as ``credential_process = keystead process other``. `keystead.resolve.ring` detects the others
when they run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from keystead.errors import KeysteadError, ProfileCycle
from keystead.model import command_line
from keystead.model.plan import Plan, make_plan, require_short
from keystead.model.profile import ProfileSource
from keystead.model.sources.process import SETTING, Process

FIX = "name a profile in it that has its own credentials"

_SHELLS = frozenset({"sh", "bash", "dash", "ksh", "zsh"})
_PYTHON = re.compile(r"python[\d.]*")
_ENDS = frozenset({"|", "||", "&&", ";", "&"})
"""What ends the first command of a line of a shell."""


def asked_profile(command: str) -> str | None:
    """The profile whose credentials a helper asks for; None where its command does not show one, or
    names other files for it.
    """
    # A backslash parts folders where it is not in front of a quote.
    split = command_line.split_windows if "\\" in command else command_line.split_posix
    try:
        return _asked(split(command))
    except ValueError:
        return None


def _asked(words: Sequence[str]) -> str | None:
    program, rest = (_name(words[0]), list(words[1:])) if words else ("", [])
    if program in _SHELLS and len(rest) > 1 and rest[0] == "-c":
        return _asked(_first_command(rest[1]))
    if _PYTHON.fullmatch(program):
        while rest and re.fullmatch("-[A-Z]+", rest[0]):
            del rest[0]
        return _asked(rest[1:]) if rest[:2] == ["-m", "keystead"] else None
    if program == "keystead-process" and len(rest) == 1:
        return rest[0]
    if program == "keystead" and rest[:1] == ["process"]:
        named = rest[2:] if rest[1:2] == ["--"] else rest[1:]
        return named[0] if len(named) == 1 else None  # an option may name another file
    if program == "aws" and rest[:2] == ["configure", "export-credentials"]:
        return _option(rest, "--profile")
    return None


def _first_command(script: str) -> list[str]:
    words = command_line.split_posix(script)
    end = next((at for at, word in enumerate(words) if word in _ENDS), len(words))
    return words[1:end] if words[:1] == ["exec"] else words[:end]


def _option(words: Sequence[str], option: str) -> str | None:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == option:
            return following or None
        if word.startswith(f"{option}="):
            return word.partition("=")[2] or None
    return None


def _name(program: str) -> str:
    return re.split(r"[/\\]", program)[-1].lower().removesuffix(".exe")


def require_no_ring(plan: Plan, source: ProfileSource) -> None:
    """Raises `ProfileCycle` where the helper of a plan, or of a profile that it asks for, leads
    back to a profile on the way. ``source`` is searched as by a keystead that a helper starts.
    """
    path: list[str] = []
    while isinstance(plan.base, Process):
        path += plan.profiles
        helped = source.find(plan.base.profile)
        require_short(path, helped, SETTING)
        asked = asked_profile(helped.text(SETTING) or "")
        if asked is None:
            return
        if asked in path:
            ring = " > ".join([*path[path.index(asked) :], asked])
            raise ProfileCycle(
                f"`{SETTING}` asks for credentials that need its own output: {ring}",
                id="credential-process-cycle",
                hint=FIX,
                where=helped.where(SETTING),
            )
        try:
            plan = make_plan(asked, source)
        except KeysteadError:
            return  # the helper will say so
