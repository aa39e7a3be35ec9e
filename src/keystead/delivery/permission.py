"""The rules that a profile sets for its use: ask a person first, or only certain programs.

They guard against use by mistake, or by a program that merely lists profiles. A program of the
same user that means harm gets round them. An agent holds no answer of a profile with a rule.
"""

from __future__ import annotations

from collections.abc import Sequence

from keystead.errors import UseRefused
from keystead.model.profile import Profile
from keystead.system import System

RULES = ("confirm", "programs")
"""The settings that are rules."""

_HINT = "run it on a terminal, or take the setting `confirm` away"


def has_rule(profile: Profile) -> bool:
    """Whether its use is not simply everybody's."""
    return any(profile.has(setting) for setting in RULES)


def require(profile: Profile, programs: Sequence[str], system: System) -> None:
    """Lets one of ``programs`` use the profile, by its rules; these are names of one program.

    A program that ``programs`` of the profile names may; any other one may not, or with
    ``confirm`` only when a person says so. Raises `UseRefused`, `InteractionRequired`.
    """
    named = profile.text("programs")
    confirm = (profile.text("confirm") or "").lower() == "true"
    if named is not None and set(named.replace(",", " ").split()) & set(programs):
        return
    who = f"`{programs[-1]}`" if programs else "an unknown program"
    if confirm:
        question = f"let {who} use the profile `{profile.name}`?"
        if not system.terminal.confirm(question, hint=_HINT):
            raise UseRefused(f"the use of the profile `{profile.name}` was not allowed")
    elif named is not None:
        raise UseRefused(
            f"the profile `{profile.name}` is not for {who}",
            hint="its setting `programs` names those it is for",
            where=profile.where("programs"),
        )
