"""The session of ``aws login``."""

from __future__ import annotations

from keystead.model.profile_type import ProfileType
from keystead.model.setting import Group, Setting
from keystead.model.sources.kind import CredentialSource
from keystead.model.sso_login import cache_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from keystead.model.profile import Profile, ProfileSource

SETTING = "login_session"


class Login(CredentialSource, kw_only=True):
    """The login that ``login_session``, an ARN, names."""

    kind = "login"
    word = "login"
    meaning = "a session of `aws login`"
    types = (
        ProfileType(
            "Login",
            ((SETTING,),),
            (SETTING,),
            (),
            meaning,
            {SETTING: "arn:aws:iam::123456789012:user/somebody"},
            account=SETTING,
        ),
    )
    settings = (
        Setting(SETTING, Group.SOURCE, "the session of `aws login`", netsdk=SETTING, one_line=True),
    )

    login_session: str
    region: str | None = None
    sso_cache: str | None = None
    """Where the login is stored, as in an sso-session."""

    @classmethod
    def from_profile(cls, profile: Profile, sections: ProfileSource) -> Self:
        """As `CredentialSource.from_profile`."""
        del sections
        return cls(
            profile=profile.name,
            login_session=profile.text(SETTING) or "",
            region=profile.region,
            sso_cache=cache_named(profile.text("sso_cache")),
        )

    @property
    def label(self) -> str:
        """As `CredentialSource.label`."""
        return f"login {self.login_session}"

    def describe(self) -> str:
        """As `CredentialSource.describe`."""
        return f"the login session of profile {self.profile}"
