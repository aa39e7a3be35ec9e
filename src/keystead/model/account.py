"""The AWS account that credentials belong to, as far as it is known without a call. Pure.

A profile sets its account by `SETTING`; credentials known to be of another one are refused.
"""

from __future__ import annotations

from keystead.errors import ProfileInvalid
from keystead.model.credentials import Credentials
from keystead.model.profile import Profile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.model.profile_type import ProfileType

SETTING = "aws_account_id"
"""The account of the profile's credentials; for a role, the role's account."""

FIX = f"correct `{SETTING}`, or where the profile's credentials come from"
"""The hint for another account's credentials."""

_PREFIXES = ("AKIA", "ASIA")
_ID_LENGTH = 20
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_MASK, _SHIFT = 0x7FFF_FFFF_FF80, 7
_ENCODES = 1 << 47
_MOST = 10**12


def account_of_key(access_key_id: str) -> str | None:
    """The account that an access key id encodes, None for one that does not.

    Behind ``AKIA`` or ``ASIA`` an id is base32. Since March 2019 the first of its 80 bits is 1 and
    the 40 bits after it are the number of the account; older ids begin with a 0 there (letters up
    to ``P``, such as in AWS's documented example) and say nothing.
    """
    digits = [_BASE32.find(letter) for letter in access_key_id[4:]]
    if len(access_key_id) != _ID_LENGTH or not access_key_id.startswith(_PREFIXES) or -1 in digits:
        return None
    first = sum(digit << 5 * place for place, digit in enumerate(digits[9::-1])) >> 2  # 48 of 50
    number = (first & _MASK) >> _SHIFT
    return f"{number:012}" if first & _ENCODES and number < _MOST else None


def account_of_arn(arn: str) -> str | None:
    """The account in an ARN, None if it has none."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 4 and parts[0] == "arn" and is_account(parts[4]) else None  # noqa: PLR2004  # the field's number


def is_account(text: str) -> bool:
    """Whether ``text`` is an account number."""
    return len(text) == 12 and text.isascii() and text.isdecimal()  # noqa: PLR2004  # digits


def settings_mismatch(profile: Profile) -> str | None:
    """The problem if the account of a profile is not valid, or its other settings name another
    account: an ARN, an account number or an access key id. Encrypted settings are not decrypted.
    """
    expected = profile.text(SETTING)
    if not expected:
        return None
    if not is_account(expected):
        return f"`{SETTING}` of profile `{profile.name}` is not the 12 digits of an account"
    kind = profile.type
    return (
        mismatch(profile, account_named(profile, kind), f"its `{kind.account}`") if kind else None
    )


def account_named(profile: Profile, kind: ProfileType) -> str | None:
    """The account in the setting that a profile of that type has for it, None where it is not
    known; encrypted settings are not decrypted.
    """
    value = profile.settings.get(kind.account) if kind.account else None
    if not isinstance(value, str):
        return None
    return value if is_account(value) else account_of_arn(value) or account_of_key(value)


def mismatch(profile: Profile, found: str | None, whose: str) -> str | None:
    """The problem if ``found``, the account of ``whose``, is not that of the profile; None if it
    is, or if one of them is unknown.
    """
    expected = profile.text(SETTING)
    if not expected or not found or expected == found:
        return None
    return (
        f"profile `{profile.name}` is for account {expected} (`{SETTING}`), and {whose} belongs to "
        f"account {found}"
    )


def require_account(profile: Profile, problem: str | None) -> None:
    """Raise `ProfileInvalid` for a mismatch, ``problem``, if there is one."""
    if problem:
        raise ProfileInvalid(
            problem, id="invalid-setting-value", hint=FIX, where=profile.where(SETTING)
        )


def require_account_of(profile: Profile, credentials: Credentials) -> None:
    """Raise `ProfileInvalid` for credentials of another account than the profile's, by their
    account id or access key id.
    """
    key = credentials.access_key_id
    said = mismatch(profile, credentials.account_id, f"what {credentials.source} gives")
    require_account(profile, said)
    require_account(profile, mismatch(profile, account_of_key(key), f"the access key `{key}`"))
