"""MFA codes: from ``KEYSTEAD_MFA_CODE`` once, else from the person at the terminal."""

from __future__ import annotations

import re

from keystead.errors import InteractionRequired
from keystead.system import System

VARIABLE = "KEYSTEAD_MFA_CODE"


class MfaCodes:
    """Hands out one-time codes. Keep one for each process: it knows which were used."""

    def __init__(self, system: System) -> None:
        self._terminal = system.terminal
        self._given = system.environ.get(VARIABLE)

    def code(self, mfa_serial: str, profile: str) -> str:
        """A code of the device ``mfa_serial``, as six digits.

        A code works once at AWS, so the one in the environment is handed out once; a second
        device, or a refresh, is a question to a person. Raises `InteractionRequired` when there
        is nobody to ask, or when the answer is no code.
        """
        hint = f"set {VARIABLE} to the code, for one command that needs one code"
        given, self._given = self._given, None
        code = given or self._terminal.ask_secret(
            f"MFA code of {mfa_serial} for profile `{profile}`", hint=hint
        )
        if not re.fullmatch(r"\d{6}", code.strip(), re.ASCII):
            raise InteractionRequired("an MFA code is six digits, and this one is not", hint=hint)
        return code.strip()
