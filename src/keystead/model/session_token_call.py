"""A session of a user's own keys: STS's GetSessionToken, with a code of an MFA device or without.

AWS has such a session without a code call everything but IAM, and of STS nothing but AssumeRole
and GetCallerIdentity: a rule of GetSessionToken.
"""

from __future__ import annotations

from keystead.model.mfa import mfa_answer
from keystead.model.profile import Profile
from keystead.model.sources.static import TOKEN
from keystead.value import Value


class SessionTokenCall(Value, kw_only=True):
    """One GetSessionToken call with the keys of the base ``profile``.

    With a code of the device ``mfa_serial`` it is an *MFA session*: it assumes every role that asks
    for that device, so a person is asked once for all of them. ``mfa_answer`` is the setting that
    gives the code, None for a person. ``region`` is the profile's own.
    """

    profile: str
    mfa_serial: str | None = None
    region: str | None = None
    mfa_answer: str | None = None

    @property
    def name(self) -> str:
        """Its name in a source label."""
        return self.mfa_serial or "session"


def session_of_keys(profile: Profile) -> SessionTokenCall | None:
    """The session in place of the keys of ``profile``; None if they are a session already.

    For a program this is known only after it has run: a session that it prints is used directly.
    """
    if profile.has(TOKEN):
        return None
    serial = profile.text("mfa_serial")
    answer = mfa_answer([profile]) if serial else None
    return SessionTokenCall(
        profile=profile.name,
        mfa_serial=serial,
        region=profile.region,
        mfa_answer=answer[1] if answer else None,
    )
