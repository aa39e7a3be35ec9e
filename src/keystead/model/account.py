"""The AWS account that credentials belong to, as far as it is known without a call. Pure.

A profile says by `SETTING` whose credentials it gives. Where the account is known, credentials of
another one are refused before anything is handed out.
"""

from __future__ import annotations

from keystead.errors import ProfileInvalid
from keystead.model.credentials import Credentials
from keystead.model.profile import Profile

SETTING = "aws_account_id"
"""The account whose credentials the profile itself gives: of a role, the role's account."""

FIX = f"correct `{SETTING}`, or where the profile's credentials come from"
"""What to do about another account's credentials."""

_PREFIXES = ("AKIA", "ASIA")
_ID_LENGTH = 20
_MASK, _SHIFT = 0x7FFF_FFFF_FF80, 7
_ENCODES = 1 << 47
_MOST = 10**12


def account_of_key(access_key_id: str) -> str | None:
    """The account that an access key id encodes, None for one that does not.

    Behind ``AKIA`` or ``ASIA`` an id is base32. Since March 2019 the first of its 80 bits is 1 and
    the 40 bits after it are the number of the account; older ids begin with a 0 there (letters up
    to ``P``, such as in AWS's documented example) and say nothing.
    """
    import base64
    import binascii

    if len(access_key_id) != _ID_LENGTH or not access_key_id.startswith(_PREFIXES):
        return None
    try:
        first = int.from_bytes(base64.b32decode(access_key_id[4:])[:6])
    except binascii.Error:
        return None
    number = (first & _MASK) >> _SHIFT
    return f"{number:012}" if first & _ENCODES and number < _MOST else None


def account_of_arn(arn: str) -> str | None:
    """The account in an ARN, None where there is none."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 4 and parts[0] == "arn" and is_account(parts[4]) else None  # noqa: PLR2004  # the field's number


def is_account(text: str) -> bool:
    """Whether it is the number of an account."""
    return len(text) == 12 and text.isascii() and text.isdecimal()  # noqa: PLR2004  # digits


def settings_mismatch(profile: Profile) -> str | None:
    """What is wrong where the settings that give the credentials of a profile name another account
    than the one it is for: an ARN, an account number or an access key id. A value that is not the
    number of an account is wrong whatever they name. Sealed settings are not opened.
    """
    expected = profile.text(SETTING)
    if expected and not is_account(expected):
        return f"`{SETTING}` of profile `{profile.name}` is not the 12 digits of an account"
    setting = profile.type.account if profile.type else None
    value = profile.settings.get(setting) if setting else None
    if not isinstance(value, str):
        return None
    found = value if is_account(value) else account_of_arn(value) or account_of_key(value)
    return mismatch(profile, found, f"its `{setting}`")


def mismatch(profile: Profile, found: str | None, whose: str) -> str | None:
    """What is wrong where ``found``, the account of ``whose``, is not the one that the profile is
    for; None where it is, or where one of the two is not known.
    """
    expected = profile.text(SETTING)
    if not expected or not found or expected == found:
        return None
    return (
        f"profile `{profile.name}` is for account {expected} (`{SETTING}`), and {whose} belongs to "
        f"account {found}"
    )


def require_account(profile: Profile, problem: str | None) -> None:
    """Raises `ProfileInvalid` where there is a mismatch, ``problem``."""
    if problem:
        raise ProfileInvalid(
            problem, id="invalid-setting-value", hint=FIX, where=profile.where(SETTING)
        )


def require_account_of(profile: Profile, credentials: Credentials) -> None:
    """Raises `ProfileInvalid` for another account's credentials that the profile gives: by what
    their source says of them, or by their access key id.
    """
    key = credentials.access_key_id
    said = mismatch(profile, credentials.account_id, f"what {credentials.source} gives")
    require_account(profile, said)
    require_account(profile, mismatch(profile, account_of_key(key), f"the access key `{key}`"))
