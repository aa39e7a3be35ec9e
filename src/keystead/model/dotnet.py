"""What the AWS SDK for .NET makes of a profile's settings, and PowerShell with it.

`TYPED` is the one table of settings whose value it converts: one that it cannot convert hides the
profile, or makes the SDK refuse the list of all profiles. `profile_type` is the type that it gives
a profile; it knows a profile by the exact set of its settings, and one that fits no row of
`_TYPES` is not listed and gives no credentials. Both hold for AWSSDK.Core 3.7.501.1 and 4.1.0;
tests compare them with what these versions said.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import Enum
from functools import lru_cache

from keystead.model.profile import Profile
from keystead.value import NamedTuple

V3, V4 = VERSIONS = ("3.7", "4.1")
"""The versions that are distinguished; Tools for PowerShell had 3.7 up to their version 4."""

CHAIN_GOES_ON = "a program that names no profile then uses the credentials of the container or EC2"
"""What the SDK's default chain does where `default` is hidden or gives nothing."""


class Hides(Enum):
    """What the SDK no longer finds."""

    PROFILE = "the profile"
    ALL = "the list of all profiles"


class Typed(NamedTuple):
    """One row of `TYPED`: the values that the SDK converts, and what any other one hides."""

    accepts: str
    hides: Hides = Hides.PROFILE
    versions: tuple[str, ...] = VERSIONS
    only_v4: str | None = None
    """What version 4.1 accepts, where that is something else."""

    @lru_cache  # noqa: B019  # rows live as long as the process; profiles have the same few values
    def hidden_from(self, value: str) -> tuple[str, ...]:
        """The versions that cannot convert ``value``."""
        return tuple(
            version
            for version in self.versions
            if not re.fullmatch(
                self.only_v4 if version == V4 and self.only_v4 is not None else self.accepts,
                value.strip(),
                re.ASCII | re.IGNORECASE,
            )
        )


_SWITCH = Typed("true|false")
_HEX = "[0-9a-f]"
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SHORT_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"

# An enumeration also takes its numbers, which nobody writes.
TYPED: Mapping[str, Typed] = {
    **dict.fromkeys(
        (
            "endpoint_discovery_enabled",
            "s3_use_arn_region",
            "s3_disable_express_session_auth",
            "s3_disable_multiregion_access_points",
            "use_dualstack_endpoint",
            "use_fips_endpoint",
            "disable_request_compression",
            "ignore_configured_endpoint_urls",
        ),
        _SWITCH,
    ),
    "disable_clock_skew_correction": _SWITCH._replace(versions=(V4,)),
    "ec2_metadata_v1_disabled": _SWITCH._replace(versions=(V3,)),
    "s3_us_east_1_regional_endpoint": Typed("legacy|regional"),
    "sts_regional_endpoints": Typed("legacy|regional", versions=(V3,)),
    "retry_mode": Typed("legacy|standard|adaptive", only_v4="standard|adaptive"),
    "ec2_metadata_service_endpoint_mode": Typed("ipv4|ipv6"),
    "request_checksum_calculation": Typed("when_supported|when_required"),
    "response_checksum_validation": Typed("when_supported|when_required"),
    "account_id_endpoint_mode": Typed("preferred|disabled|required"),
    "max_attempts": Typed(r"\+?0*[1-9]\d{0,8}"),
    "request_min_compression_size_bytes": Typed(
        r"\+?0*(?:\d{1,7}|10[0-3]\d{5}|104[0-7]\d{4}|1048[0-4]\d{3}|10485[0-6]\d\d|104857[0-5]\d|10485760)"
    ),
    "toolkit_artifact_guid": Typed(
        rf"\{{?{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}\}}?|{_HEX}{{32}}"
        rf"|\({_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}\)"
    ),
    "region": Typed(_LABEL, Hides.ALL, only_v4=rf"(?:{_SHORT_LABEL}(?:\.{_SHORT_LABEL})*)?"),
    "ec2_metadata_service_endpoint": Typed(r"[a-z][a-z0-9+.-]*:[^\s]+", Hides.ALL),
}
"""Settings that the SDK converts, by name."""

_KEY, _SECRET, _TOKEN = "aws_access_key_id", "aws_secret_access_key", "aws_session_token"
_ROLE = {"role_arn", "source_profile"}
_AMBIENT = {"role_arn", "credential_source"}
_WEB = {"role_arn", "web_identity_token_file"}
_SSO = ("sso_account_id", "sso_role_name", "sso_region", "sso_start_url", "sso_session")

_TYPES: tuple[tuple[str, set[str]], ...] = (
    ("Basic", {_KEY, _SECRET}),
    ("Session", {_KEY, _SECRET, _TOKEN}),
    ("AssumeRole", _ROLE),
    ("AssumeRoleExternal", _ROLE | {"external_id"}),
    ("AssumeRoleMFA", _ROLE | {"mfa_serial"}),
    ("AssumeRoleExternalMFA", _ROLE | {"external_id", "mfa_serial"}),
    ("AssumeRoleSessionName", _ROLE | {"role_session_name"}),
    ("AssumeRoleExternalSessionName", _ROLE | {"external_id", "role_session_name"}),
    ("AssumeRoleMFASessionName", _ROLE | {"mfa_serial", "role_session_name"}),
    (
        "AssumeRoleExternalMFASessionName",
        _ROLE | {"external_id", "mfa_serial", "role_session_name"},
    ),
    ("AssumeRoleCredentialSource", _AMBIENT),
    ("AssumeRoleCredentialSourceSessionName", _AMBIENT | {"role_session_name"}),
    ("AssumeRoleWithWebIdentity", _WEB),
    ("AssumeRoleWithWebIdentitySessionName", _WEB | {"role_session_name"}),
    ("CredentialProcess", {"credential_process"}),
)
_OF_TYPES = {key for _, keys in _TYPES for key in keys}


def profile_type(profile: Profile) -> str | None:
    """The type that the SDK gives the profile; None: it is not listed and gives nothing."""
    if any(map(profile.has, _SSO)):
        return "SSO"
    given = {key for key in _OF_TYPES if profile.has(key)}
    found = next((name for name, keys in _TYPES if keys == given), None)
    if found is None and not given and profile.has("login_session"):
        return "Login"
    return found


class Hidden(NamedTuple):
    """A setting that hides something from the SDK, from which of its `VERSIONS`, and what."""

    setting: str
    hides: Hides
    versions: tuple[str, ...]

    def consequence(self, profile: str) -> str:
        """What becomes of the profile of that name there, as the end of a sentence."""
        version = f" {self.versions[0]}" if len(self.versions) == 1 else ""
        what = "any profile in a list" if self.hides is Hides.ALL else "the profile"
        return f"the .NET SDK{version} does not find {what}{goes_on(profile)}"


def goes_on(profile: str) -> str:
    """The warning about the default chain, for the profile `default`; empty for others."""
    return f", and {CHAIN_GOES_ON}" if profile == "default" else ""


def hiding(profile: Profile, sso_sessions: Collection[str]) -> list[Hidden]:
    """The settings of the profile that the SDK cannot convert, those of `Hides.ALL` first.

    ``sso_sessions`` are the names of the ``sso-session`` sections that there are.
    """
    found: list[Hidden] = []
    wanted = profile.text("sso_session")
    if wanted and wanted not in sso_sessions:
        found.append(Hidden("sso_session", Hides.ALL, VERSIONS))
    for key in filter(profile.settings.__contains__, TYPED):
        value = profile.settings[key]
        if isinstance(value, str) and (hidden := hidden_by(key, value)):
            found.append(hidden)
    return sorted(found, key=lambda hidden: hidden.hides is not Hides.ALL)


def hidden_by(key: str, value: str) -> Hidden | None:
    """What a setting with that value hides, if the SDK cannot convert it."""
    versions = TYPED[key].hidden_from(value) if key in TYPED else ()
    return Hidden(key, TYPED[key].hides, versions) if versions else None


def stray(profile: Profile) -> str | None:
    """The setting to take out so that the SDK gives the profile a type.

    None where it has one, or where no single setting is the reason.
    """
    if profile_type(profile) is not None or profile.type is None:
        return None
    given = {key for key in _OF_TYPES if profile.has(key)}
    for extra in sorted(given, key=lambda key: key in (_KEY, _SECRET)):
        if any(keys == given - {extra} for _, keys in _TYPES):
            return extra
    return None
