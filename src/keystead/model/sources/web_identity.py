"""A role by the token of another identity provider, in a file."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.errors import ProfileInvalid
from keystead.model.profile_type import ProfileType
from keystead.model.role_options import SessionOptions, read_options
from keystead.model.setting import Group, Setting
from keystead.model.sources.kind import CredentialSource, Offer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from keystead.model.profile import Profile, ProfileSource

TOKEN_FILE = "web_identity_token_file"  # noqa: S105  # the name of a setting
_ROLE = "AWS_ROLE_ARN"
TOKEN_FILE_VARIABLE = "AWS_WEB_IDENTITY_TOKEN_FILE"  # noqa: S105  # a variable's name
_SESSION_NAME = "AWS_ROLE_SESSION_NAME"
VARIABLES = (TOKEN_FILE_VARIABLE, _ROLE)


class WebIdentity(CredentialSource, SessionOptions, kw_only=True):
    """The role ``role_arn``; the options are those of its session. ``region`` is the profile's."""

    kind = "web-identity"
    word = "web-identity"
    meaning = "a role by the token in a file"
    origin = "the environment"
    call = ("sts", "AssumeRoleWithWebIdentity")
    is_chained = True
    types = (
        ProfileType(
            "AssumeRoleWithWebIdentity",
            ((TOKEN_FILE,),),
            ("role_arn", TOKEN_FILE),
            tuple(row.setting.name for row in SessionOptions.rows.values()),
            "temporary credentials for a role, by the token in a file",
            {
                "role_arn": "arn:aws:iam::123456789012:role/team/reader",
                TOKEN_FILE: "/run/token file",
            },
            account="role_arn",
        ),
    )
    settings = (
        Setting(
            TOKEN_FILE,
            Group.ROLE,
            "the file with the token that assumes the role",
            netsdk="WebIdentityTokenFile",
            one_line=True,
        ),
    )

    role_arn: str
    region: str | None = None

    @classmethod
    def in_profile(cls, profile: Profile, offer: Offer) -> str:
        """As `Kind.in_profile`."""
        if offer.lacks:
            return cls.meaning
        return f"the role {profile.text('role_arn')} by the token in a file"

    @classmethod
    def from_profile(cls, profile: Profile, sections: ProfileSource) -> Self:
        """As `CredentialSource.from_profile`."""
        del sections
        return cls(
            profile=profile.name,
            role_arn=profile.text("role_arn") or "",
            region=profile.region,
            **read_options(cls.rows, profile),
        )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self | None:
        """The one that the environment sets up. Raises `ProfileInvalid` for a half of it."""
        if not environ.get(TOKEN_FILE_VARIABLE):
            return None
        if not environ.get(_ROLE):
            raise ProfileInvalid(
                f"the environment has `{TOKEN_FILE_VARIABLE}` without `{_ROLE}`",
                id="environment-incomplete",
                hint="set or unset both",
            )
        name = environ.get(_SESSION_NAME) or None
        return cls(profile="", role_arn=environ[_ROLE], role_session_name=name)

    @property
    def label(self) -> str:
        """As `CredentialSource.label`."""
        return f"web identity > {self.role_arn}"

    def describe(self) -> str:
        """As `CredentialSource.describe`."""
        of = f"profile {self.profile}" if self.profile else "the environment"
        return f"{self.role_arn} by the token of {of}"
