"""Keys in the profile itself."""

from __future__ import annotations

from keystead.model.profile_type import ProfileType
from keystead.model.setting import Group, Setting
from keystead.model.sources.kind import CredentialSource, Offer
from keystead.outside import parse_moment
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from keystead.model.profile import Profile

KEY = "aws_access_key_id"
SECRET = "aws_secret_access_key"  # noqa: S105  # the name of a setting
TOKEN = "aws_session_token"  # noqa: S105  # the name of a setting
KEYS = (KEY, SECRET, TOKEN)

_ENDS = ("aws_session_expiration", "x_security_token_expires", "aws_expiration", "expiration")
"""Settings of other tools for the expiry of session keys that they write to shared files."""

_PAIR = {
    KEY: "AKIDCONTRACTEXAMPLE",
    SECRET: "contract/secret+key/8sVq2LmT",
}


class Static(CredentialSource):
    """The keys of ``profile``, with or without a session token."""

    kind = "static"
    word = "keys"
    meaning = "keys in the credentials file"
    is_local = True
    types = (
        ProfileType(
            "Session",
            ((TOKEN,),),
            KEYS,
            (),
            "temporary credentials that were retrieved by hand",
            {**_PAIR, TOKEN: "contract//session+token/3wXz=="},
            account=KEY,
        ),
        ProfileType(
            "Basic",
            ((KEY,), (SECRET,)),
            (KEY, SECRET),
            ("mfa_serial",),
            "long-term credentials of an IAM user",
            _PAIR,
            account=KEY,
        ),
    )
    settings = (
        Setting(
            KEY,
            Group.KEYS,
            "the public half of a key pair",
            netsdk="AWSAccessKey",
            sealed=True,
            shape=r"\w{1,128}",
            rule="letters, digits and _, at most 128",
            one_line=True,
        ),
        Setting(
            SECRET,
            Group.KEYS,
            "the secret half of a key pair",
            netsdk="AWSSecretKey",
            secret=True,
            sealed=True,
            shape=r"[^\s\[\]]+",
            rule="no blanks and no brackets",
            one_line=True,
        ),
        Setting(
            TOKEN,
            Group.KEYS,
            "the session token of temporary keys",
            netsdk="SessionToken",
            secret=True,
            sealed=True,
            shape=r"[^\s\[\]]+",
            rule="no blanks and no brackets",
            one_line=True,
        ),
    )

    @classmethod
    def in_profile(cls, profile: Profile, offer: Offer) -> str:
        """As `Kind.in_profile`."""
        del offer
        return "keys of the profile" if profile.location is None else cls.meaning

    @property
    def label(self) -> str:
        """As `CredentialSource.label`."""
        return f"profile {self.profile}"

    def describe(self) -> str:
        """As `CredentialSource.describe`."""
        return f"keys of profile {self.profile}"


class KeysEnd(NamedTuple):
    """When the session keys of a profile end, by its ``setting``; in UTC unless ``has_zone``."""

    at: datetime
    setting: str
    has_zone: bool


def keys_end(profile: Profile) -> KeysEnd | None:
    """The end of the session keys in a profile, if it is set."""
    for setting in _ENDS:
        text = profile.text(setting)
        if not text:
            continue
        from datetime import datetime

        try:
            at = parse_moment(text)
        except ValueError:
            continue  # it is not a time, or another tool's word for something else
        return KeysEnd(at, setting, datetime.fromisoformat(text).tzinfo is not None)
    return None
