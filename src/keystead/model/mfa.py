"""Where the codes of an MFA device may come from in place of a person."""

from __future__ import annotations

from collections.abc import Iterable

from keystead.model.profile import Profile

MFA_VARIABLE = "KEYSTEAD_MFA_CODE"
"""The variable with a code, which takes precedence over all others and is good for one command."""

MFA_PROCESS = "mfa_process"
_ANSWERS = (MFA_PROCESS, "mfa_totp_secret")
"""The settings that give a code in place of a person, the first one first."""


def mfa_answer(profiles: Iterable[Profile]) -> tuple[Profile, str] | None:
    """The setting that answers for the device of those profiles, and which one has it."""
    for profile in profiles:
        for setting in _ANSWERS:
            if profile.has(setting):
                return profile, setting
    return None
