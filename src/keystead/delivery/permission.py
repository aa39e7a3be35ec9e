"""The rules of a profile for its use: ask the user first, or only certain programs.

They prevent use by mistake. A malicious program of the same user can bypass them. The agent caches
no answer of a profile with a rule.
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
    """Whether the profile has a rule."""
    return any(profile.has(setting) for setting in RULES)


def require(profile: Profile, program: Executable | None, system: System) -> None:
    """Raises unless ``program`` (None: an unknown one) may use the profile.

    A program in the setting ``programs`` may. Any other one may not, or with ``confirm`` only if
    the user agrees. Raises `UseRefused`, `InteractionRequired`, or `ProfileInvalid` for a rule
    that names an interpreter.
    """
    named = named_programs(profile)
    confirm = (profile.text("confirm") or "").lower() == "true"
    for rule in filter(is_interpreter, named):
        raise ProfileInvalid(
            f"`{SETTING}` of profile `{profile.name}` names `{rule}`, which can run any program",
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
            hint=f"its setting `{SETTING}` lists the allowed programs",
            where=profile.where(SETTING),
        )
