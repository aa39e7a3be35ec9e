"""MFA codes: from the calling program's function, else from ``KEYSTEAD_MFA_CODE`` once, else from a
program, a seed or a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from keystead import caller
from keystead.errors import KeysteadError, MalformedMfaCode, ProfileInvalid, WrongMfaCode
from keystead.model.mfa import MFA_VARIABLE, mfa_answer
from keystead.model.profile import Profile
from keystead.prompts import MfaFunction, MfaRequest, answer, until_accepted
from keystead.system import System
from keystead.value import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    _T = TypeVar("_T")

_CODE = re.compile(r"\d{6}", re.ASCII)
_TOTP_SECONDS = 30


class SpentCodes(Protocol):
    """The codes that were used, by any process: none works twice."""

    def spent(self, mfa_serial: str, code: str) -> bool:
        """Whether it was used."""

    def spend(self, mfa_serial: str, code: str) -> None:
        """Keeps it as used, where that can be done."""


class MfaCodes:
    """Hands out one-time codes. Keep one for each process."""

    def __init__(self, system: System, codes: SpentCodes) -> None:
        self._system = system
        self._codes = codes
        self._given = system.environ.get(MFA_VARIABLE)

    def use(self, mfa_serial: str, profiles: Sequence[Profile], call: Callable[[str], _T]) -> _T:
        """What ``call`` returns for a code, six digits, of the device ``mfa_serial``.

        ``profiles`` are the one of the role and the one whose keys call; the first of them that
        has ``mfa_process`` or ``mfa_totp_secret`` gives the code. AWS accepts a code once, so the
        one in the environment, which takes precedence over these, is used for one call. A function
        of the calling program takes precedence over all. It and a person are asked again for a code
        that ``call`` refuses with `WrongMfaCode`.

        Raises what ``call`` raises, `InteractionRequired` when there is nobody to ask,
        `MalformedMfaCode` when the answer is not a code or was used before, and `ProviderError`
        when the program fails.
        """
        if self._system.prompts.mfa:
            asker = profiles[0].name if profiles else ""
            return self._answered(self._system.prompts.mfa, mfa_serial, asker, call)
        given, self._given = self._given, None
        if given:
            caller.process.require_own_process()  # a second run would be refused the code
            hint = f"wait for the device's next code and set {MFA_VARIABLE} to it, for one command"
            code = self._checked(mfa_serial, given, f"the code in {MFA_VARIABLE}", hint)
            return _used(code, call, f"in {MFA_VARIABLE}", hint)
        found = mfa_answer(profiles)
        if found and found[1] == "mfa_process":
            hint = f"check that the program prints the current code of `{mfa_serial}`"
            return _used(self._by_process(found[0]), call, "printed by `mfa_process`", hint)
        if found:
            code = self._by_seed(mfa_serial, found[0])
            hint = f"check that the seed belongs to `{mfa_serial}`, and the clock of this machine"
            return _used(code, call, "made from `mfa_totp_secret`", hint)
        asker = f" for profile `{profiles[0].name}`" if profiles else ""
        return self._typed(mfa_serial, f"MFA code of {mfa_serial}{asker}", call)

    def _answered(
        self, function: MfaFunction, mfa_serial: str, profile: str, call: Callable[[str], _T]
    ) -> _T:
        hint = f"check that the codes are those of `{mfa_serial}`, and the clock of that device"

        def attempt(number: int) -> _T:
            text = answer(function, MfaRequest(mfa_serial, profile, number), "mfa")
            code = self._checked(mfa_serial, text, "the code", hint)
            return _used(code, call, "that the program gave", hint)

        return until_accepted(attempt, (MalformedMfaCode, WrongMfaCode))

    def _typed(self, mfa_serial: str, question: str, call: Callable[[str], _T]) -> _T:
        terminal = self._system.terminal
        no_terminal = f"set {MFA_VARIABLE} to the code, for one command that needs one code"
        hint = f"check that the codes are those of `{mfa_serial}`, and the clock of that device"

        def attempt() -> _T:
            typed = terminal.ask_secret(question, hint=no_terminal)
            code = self._checked(mfa_serial, typed, "the code", hint)
            return _used(code, call, "typed", hint)

        return terminal.until_accepted(attempt, (MalformedMfaCode, WrongMfaCode))

    def spend(self, mfa_serial: str, code: str) -> None:
        """Record that AWS has seen the code."""
        self._codes.spend(mfa_serial, code)

    def _checked(self, mfa_serial: str, text: str, what: str, hint: str) -> str:
        code = text.strip()
        if not _CODE.fullmatch(code):
            raise MalformedMfaCode(f"{what} is not an MFA code, which is six digits", hint=hint)
        if self._codes.spent(mfa_serial, code):
            raise MalformedMfaCode(
                f"{what} was used before, and AWS accepts each one once", hint=hint
            )
        return code

    def _by_process(self, profile: Profile) -> str:
        from keystead.resolve.program import Program

        program = Program("mfa_process", profile)
        text = program.output(self._system).decode("ascii", "replace").strip()
        if not _CODE.fullmatch(text):
            raise program.refused(
                "did not print a code of six digits",
                "run it by hand: it must print the code and nothing else",
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
        raise KeysteadError(
            "the clock is not advancing, so no new MFA code is available", id="clock-stopped"
        )


def _used(code: str, call: Callable[[str], _T], origin: str, hint: str) -> _T:
    """What ``call`` returns for the code; an error of STS says where a refused code came from."""
    try:
        return call(code)
    except WrongMfaCode as error:
        text = f"the MFA code {origin} is wrong or was used before: {error.message}"
        raise WrongMfaCode(text, hint=hint, code=error.code) from None


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
            id="mfa-secret-invalid",
            hint="it is the text that AWS shows when a virtual MFA device is made",
        ) from None
    # AWS's seeds have 64 characters; shorter ones of other places are taken as they are.
    return TOTP(seed, 6, SHA1(), _TOTP_SECONDS, enforce_key_length=False).generate(now).decode()  # noqa: S303  # the RFC's
