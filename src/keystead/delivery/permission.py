"""The rules that a profile sets for its use: ask a person first, or only certain programs.

They guard against use by mistake, or by a program that merely lists profiles. A program of the
same user that means harm gets round them. An agent holds no answer of a profile with a rule.
"""

from __future__ import annotations

from keystead.errors import ProfileInvalid, UseRefused
from keystead.model.profile import Profile
from keystead.model.programs import SETTING, is_interpreter, named_programs
from keystead.system import System
from keystead.system.executable import Executable

RULES = ("confirm", SETTING)
"""The settings that are rules."""

_HINT = "run it on a terminal, or remove the setting `confirm`"


def has_rule(profile: Profile) -> bool:
    """Whether its use is not simply everybody's."""
    return any(profile.has(setting) for setting in RULES)


def require(profile: Profile, program: Executable | None, system: System) -> None:
    """Lets ``program`` (None: an unknown one) use the profile, by its rules.

    A program that ``programs`` of the profile names may; any other one may not, or with
    ``confirm`` only when a person says so. Raises `UseRefused`, `InteractionRequired`, or
    `ProfileInvalid` for a rule that names an interpreter.
    """
    named = named_programs(profile)
    confirm = (profile.text("confirm") or "").lower() == "true"
    for rule in filter(is_interpreter, named):
        raise ProfileInvalid(
            f"`{SETTING}` of profile `{profile.name}` names `{rule}`, which runs any program that "
            "it is given",
            id="program-rule-invalid",
            hint="name the path of the program itself, or use `confirm`",
            where=profile.where(SETTING),
        )
    if program and any(program.is_named_by(rule) for rule in named):
        return
    who = f"`{program.name}`" if program else "an unknown program"
    if confirm:
        question = f"let {who} use the profile `{profile.name}`?"
        if not system.terminal.confirm(question, hint=_HINT):
            raise UseRefused(f"the use of the profile `{profile.name}` was not allowed")
    elif profile.has(SETTING):
        raise UseRefused(
            f"the profile `{profile.name}` is not for {who}",
            hint=f"its setting `{SETTING}` names those it is for",
            where=profile.where(SETTING),
        )
