"""A permission set in IAM Identity Center."""

from __future__ import annotations

from keystead.model.profile_type import ProfileType
from keystead.model.setting import Group, Setting, choice
from keystead.model.sources.kind import CredentialSource, Offer
from keystead.model.sso_login import CACHES, FLOWS, PORTAL, SsoLogin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from keystead.model.profile import Profile, ProfileSource

ACCOUNT = ("sso_account_id", "sso_role_name")
POPULATED_FROM = "populated_from"
"""The setting that marks a profile that `keystead sso populate` made."""


class Sso(CredentialSource, kw_only=True):
    """The permission set ``sso_role_name`` in the account ``sso_account_id``.

    ``sso_session`` None: the legacy form, in which the profile names the access portal itself.
    ``region`` is that of the portal.
    """

    kind = "sso"
    word = "sso"
    meaning = "single sign-on"
    call = ("sso", "GetRoleCredentials")
    is_chained = True
    also = ("sso_session", *PORTAL, "sso_registration_scopes")
    types = (
        ProfileType(
            "SSO",
            (("sso_account_id",), ("sso_role_name",)),
            ACCOUNT,
            also,
            "temporary credentials from IAM Identity Center",
            {
                "sso_account_id": "123456789012",
                "sso_role_name": "Reader",
                "sso_region": "eu-west-1",
                "sso_start_url": "https://example.awsapps.com/start",
            },
            account="sso_account_id",
        ),
    )
    settings = (
        *(
            Setting(name, Group.SOURCE, meaning, netsdk=name, one_line=one_line)
            for name, meaning, one_line in (
                ("sso_session", "the sso-session section to log in with", True),
                ("sso_account_id", "the account to get credentials for", True),
                ("sso_role_name", "the permission set to get credentials for", True),
                ("sso_start_url", "the address of the access portal", True),
                ("sso_region", "the region of the access portal", True),
                ("sso_registration_scopes", "the scopes to register for", False),
            )
        ),
        choice(
            "sso_flow",
            "how to sign in: in a browser of this machine, or by a code on any "
            "device; keystead's own",
            None,
            FLOWS,
        ),
        choice(
            "sso_cache",
            "where the login is stored: in the AWS CLI's cache, or sealed; keystead's own",
            None,
            CACHES,
        ),
    )

    sso_session: str | None = None
    sso_start_url: str
    sso_account_id: str
    sso_role_name: str
    region: str
    sso_cache: str | None = None

    @classmethod
    def offer(cls, given: frozenset[str]) -> Offer | None:
        """As `Kind.offer`; a session or portal alone is one in part."""
        shown = tuple(key for key in cls.also if key in given)
        if shown and given.isdisjoint(ACCOUNT):
            lacks = f"`{shown[0]}` without {' and '.join(f'`{key}`' for key in ACCOUNT)}"
            return Offer(cls, None, shown, f"{lacks} gives a token and no credentials")
        return super().offer(given)

    @classmethod
    def needed(cls, row: ProfileType, given: frozenset[str]) -> tuple[str, ...]:
        """As `Kind.needed`."""
        return row.required if "sso_session" in given else (*row.required, *PORTAL)

    @classmethod
    def in_profile(cls, profile: Profile, offer: Offer) -> str:
        """As `Kind.in_profile`."""
        if offer.lacks:
            return cls.meaning
        return f"{cls.meaning}: {profile.text('sso_role_name')} in {profile.text('sso_account_id')}"

    @classmethod
    def from_profile(cls, profile: Profile, sections: ProfileSource) -> Self:
        """As `CredentialSource.from_profile`; the portal is the session's, or the profile's own."""
        login = SsoLogin.of_profile(profile, sections)
        return cls(
            profile=profile.name,
            sso_session=login.session,
            sso_start_url=login.start_url,
            sso_account_id=profile.text("sso_account_id") or "",
            sso_role_name=profile.text("sso_role_name") or "",
            region=login.region,
            sso_cache=login.cache,
        )

    @property
    def login(self) -> SsoLogin:
        """The login that its credentials are retrieved with."""
        return SsoLogin(
            session=self.sso_session,
            start_url=self.sso_start_url,
            region=self.region,
            cache=self.sso_cache,
            profile=self.profile,
        )

    @property
    def call_region(self) -> str | None:
        """As `CredentialSource.call_region`."""
        return self.region

    @property
    def label(self) -> str:
        """As `CredentialSource.label`."""
        return f"sso {self.sso_account_id} {self.sso_role_name}"

    def describe(self) -> str:
        """As `CredentialSource.describe`."""
        return f"{self.meaning}: {self.sso_role_name} in {self.sso_account_id}"
