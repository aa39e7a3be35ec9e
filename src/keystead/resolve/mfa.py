"""MFA codes: from ``KEYSTEAD_MFA_CODE`` once, else from a program, a seed or a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from keystead.errors import InteractionRequired, KeysteadError, ProfileInvalid
from keystead.model.mfa import MFA_VARIABLE, mfa_answer
from keystead.model.profile import Profile
from keystead.system import System

_CODE = re.compile(r"\d{6}", re.ASCII)
_TOTP_SECONDS = 30


class SpentCodes(Protocol):
    """The codes that were used, by any process: none works twice."""

    def spent(self, mfa_serial: str, code: str) -> bool:
        """Whether it was used."""
        ...

    def spend(self, mfa_serial: str, code: str) -> None:
        """Keeps it as used, where that can be done."""
        ...


class MfaCodes:
    """Hands out one-time codes. Keep one for each process."""

    def __init__(self, system: System, codes: SpentCodes) -> None:
        self._system = system
        self._codes = codes
        self._given = system.environ.get(MFA_VARIABLE)

    def code(self, mfa_serial: str, profiles: Sequence[Profile] = ()) -> str:
        """A code of the device ``mfa_serial``, as six digits.

        ``profiles`` are the one of the role and the one whose keys call; the first of them that
        has ``mfa_process`` or ``mfa_totp_secret`` answers. A code works once at AWS, so the one in
        the environment goes before those for one call; then it is a question to a program, a seed
        or a person again.

        Raises `InteractionRequired` when there is nobody to ask, when the answer is no code, or
        when the code of the environment was used by an earlier command; `ProviderError` when the
        program fails.
        """
        given, self._given = self._given, None
        if given:
            return self._checked(mfa_serial, given)
        found = mfa_answer(profiles)
        if found and found[1] == "mfa_process":
            return self._by_process(found[0])
        if found:
            return self._by_seed(mfa_serial, found[0])
        asker = f" for profile `{profiles[0].name}`" if profiles else ""
        question = f"MFA code of {mfa_serial}{asker}"
        hint = f"set {MFA_VARIABLE} to the code, for one command that needs one code"
        return self._shaped(self._system.terminal.ask_secret(question, hint=hint))

    def spend(self, mfa_serial: str, code: str) -> None:
        """Says that AWS has seen the code."""
        self._codes.spend(mfa_serial, code)

    def _checked(self, mfa_serial: str, given: str) -> str:
        code = self._shaped(given)
        if self._codes.spent(mfa_serial, code):
            raise InteractionRequired(
                f"the code in {MFA_VARIABLE} was used before, and AWS takes each one once",
                hint="wait for the next code of the device and set it for one command",
            )
        return code

    def _shaped(self, text: str) -> str:
        if not _CODE.fullmatch(text.strip()):
            raise InteractionRequired(
                "an MFA code is six digits, and this one is not",
                hint=f"type the six digits that the device shows, or set {MFA_VARIABLE} to them",
            )
        return text.strip()

    def _by_process(self, profile: Profile) -> str:
        from keystead.resolve.process import Program

        setting = "mfa_process"
        program = Program(setting, profile.text(setting) or "", profile.where(setting))
        text = program.output(self._system).decode("ascii", "replace").strip()
        if not _CODE.fullmatch(text):
            raise program.refused(
                "printed something else than a code of six digits",
                "run it by hand: it is to print the code and nothing else",
            )
        return text

    def _by_seed(self, mfa_serial: str, profile: Profile) -> str:
        """The code of this half minute; when that one was used, of the next."""
        for _ in range(3):
            now = (self._system.clock() + self._system.server_time.ahead).timestamp()
            code = _totp(profile, int(now))
            if not self._codes.spent(mfa_serial, code):
                return code
            self._system.terminal.tell("keystead: the MFA code was used; waiting for the next one")
            self._system.sleep(_TOTP_SECONDS - now % _TOTP_SECONDS)
        raise KeysteadError("the clock does not go on, so there is no new MFA code")


def _totp(profile: Profile, now: int) -> str:
    """The code by RFC 6238: SHA-1, six digits, half a minute each, as AWS has them."""
    import base64
    import binascii

    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

    text = (profile.text("mfa_totp_secret") or "").replace(" ", "").rstrip("=").upper()
    try:
        seed = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        raise ProfileInvalid(
            f"`mfa_totp_secret` of profile `{profile.name}` is not base32",
            hint="it is the text that AWS shows when a virtual MFA device is made",
        ) from None
    # AWS's seeds have 64 characters; shorter ones of other places are taken as they are.
    return TOTP(seed, 6, SHA1(), _TOTP_SECONDS, enforce_key_length=False).generate(now).decode()  # noqa: S303  # the RFC's
