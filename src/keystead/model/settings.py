"""The one table of settings: a new setting is a row here, and nothing else.

A setting is named as in the shared files. The column ``netsdk`` is its key in the .NET SDK's
``RegisteredAccounts.json``, ``sealed`` whether that file keeps it encrypted. ``shape`` is a
pattern that values must fit to be stored, with ``rule`` saying it in words; reading never judges
by it. Lengths and characters are those of the STS API reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Group(Enum):
    """What part a setting plays when the type of a profile is decided."""

    KEYS = "keys"
    ROLE = "role"
    SSO = "sso"
    PROCESS = "process"
    LOGIN = "login"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of `SETTINGS`."""

    name: str
    group: Group
    meaning: str
    netsdk: str | None = None
    secret: bool = False
    """Never shown, never an argument of a plain command."""
    sealed: bool = False
    """Encrypted in the encrypted store, as the .NET SDK does it."""
    encrypted_only: bool = False
    """Never written to the shared files, where it would lie open."""
    shape: str | None = None
    rule: str = ""

    def fits(self, value: str) -> bool:
        """Whether ``value`` has the setting's shape."""
        return self.shape is None or re.fullmatch(self.shape, value, re.ASCII) is not None


_ARN = r"arn:[\w-]+:{service}:[\w-]*:\d{{12}}:{what}/[\w+=,.@:/-]+"
_POLICY_ARN = r"arn:[\w-]+:iam::(?:\d{12}|aws):policy/[\w+=,.@/-]+"

_RETRY_MODES = ("legacy", "standard", "adaptive")
_ENDPOINT_MODES = ("legacy", "regional")


def _choice(name: str, meaning: str, netsdk: str | None, words: tuple[str, ...]) -> Setting:
    """A setting that is one of these words, in any letter case, as the .NET SDK reads it."""
    return Setting(
        name,
        Group.OTHER,
        meaning,
        netsdk,
        shape=f"(?i:{'|'.join(words)})",
        rule=f"one of {', '.join(words)}",
    )


def _switch(name: str, meaning: str, netsdk: str | None = None) -> Setting:
    return _choice(name, meaning, netsdk, ("true", "false"))


_ROWS = (
    Setting(
        "aws_access_key_id",
        Group.KEYS,
        "the public half of a key pair",
        netsdk="AWSAccessKey",
        sealed=True,
        shape=r"\w{1,128}",
        rule="letters, digits and _, at most 128",
    ),
    Setting(
        "aws_secret_access_key",
        Group.KEYS,
        "the secret half of a key pair",
        netsdk="AWSSecretKey",
        secret=True,
        sealed=True,
        shape=r"[^\s\[\]]+",
        rule="no blanks and no brackets",
    ),
    Setting(
        "aws_session_token",
        Group.KEYS,
        "the token that goes with temporary keys",
        netsdk="SessionToken",
        secret=True,
        sealed=True,
        shape=r"[^\s\[\]]+",
        rule="no blanks and no brackets",
    ),
    Setting(
        "role_arn",
        Group.ROLE,
        "the role to assume",
        netsdk="RoleArn",
        shape=_ARN.format(service="iam", what="role"),
        rule="an ARN such as arn:aws:iam::123456789012:role/name",
    ),
    Setting(
        "source_profile",
        Group.ROLE,
        "the profile whose credentials assume the role",
        netsdk="SourceProfile",
        shape=r"[^\[\]]+",
        rule="the name of a profile, without brackets",
    ),
    Setting(
        "credential_source",
        Group.ROLE,
        "where the credentials that assume the role come from, instead of a profile",
        netsdk="CredentialSource",
        shape="Environment|Ec2InstanceMetadata|EcsContainer",
        rule="one of Environment, Ec2InstanceMetadata, EcsContainer",
    ),
    Setting(
        "web_identity_token_file",
        Group.ROLE,
        "the file with the token that assumes the role",
        netsdk="WebIdentityTokenFile",
    ),
    Setting(
        "external_id",
        Group.ROLE,
        "the id that a third party's role asks for",
        netsdk="ExternalId",
        sealed=True,
        shape=r"[\w+=,.@:/-]{2,1224}",
        rule="2 to 1224 letters, digits and _+=,.@:/-",
    ),
    Setting(
        "mfa_serial",
        Group.ROLE,
        "the MFA device whose code is asked for",
        netsdk="MfaSerial",
        sealed=True,
        shape=r"[\w+=/:,.@-]{9,256}",
        rule="a serial number or ARN, 9 to 256 characters",
    ),
    Setting(
        "role_session_name",
        Group.ROLE,
        "the name of the role's session in logs",
        netsdk="RoleSessionName",
        shape=r"[\w+=,.@-]{2,64}",
        rule="2 to 64 letters, digits and _+=,.@-",
    ),
    Setting(
        "duration_seconds",
        Group.ROLE,
        "how long the role's session lasts, in seconds",
        netsdk="duration_seconds",
        shape=r"9\d\d|[1-9]\d{3}|[1-3]\d{4}|4[0-2]\d{3}|43[01]\d\d|43200",
        rule="a number of seconds from 900 to 43200",
    ),
    Setting(
        "session_policy",
        Group.ROLE,
        "a policy in JSON that narrows what the role's session may do",
        netsdk="session_policy",
        shape=r"\{.{0,2046}\}",
        rule="a JSON object on one line, at most 2048 characters",
    ),
    Setting(
        "session_policy_arns",
        Group.ROLE,
        "managed policies that narrow what the role's session may do, separated by commas",
        netsdk="session_policy_arns",
        shape=rf"{_POLICY_ARN}(?:\s*,\s*{_POLICY_ARN}){{0,9}}",
        rule="up to 10 ARNs of policies, separated by commas",
    ),
    Setting(
        "session_tags",
        Group.ROLE,
        "tags of the role's session, such as team=data,cost=42",
        netsdk="session_tags",
        shape=r"[^,=]+=[^,]*(?:,[^,=]+=[^,]*){0,49}",
        rule="up to 50 pairs KEY=VALUE, separated by commas",
    ),
    Setting(
        "transitive_session_tags",
        Group.ROLE,
        "the keys of those tags that go on to the next role, separated by commas",
        netsdk="transitive_session_tags",
        shape=r"[^,=]+(?:,[^,=]+){0,49}",
        rule="up to 50 keys of session_tags, separated by commas",
    ),
    Setting(
        "source_identity",
        Group.ROLE,
        "who is behind the role's session; it cannot be changed by the roles after it",
        netsdk="source_identity",
        shape=r"[\w+=,.@-]{2,64}",
        rule="2 to 64 letters, digits and _+=,.@-",
    ),
    Setting(
        "mfa_process",
        Group.OTHER,
        "the program that prints a code of the MFA device, of the role or of its source profile",
        netsdk="mfa_process",
    ),
    Setting(
        "mfa_totp_secret",
        Group.OTHER,
        "the seed of the MFA device: keystead makes the codes, and both factors are in one place",
        netsdk="mfa_totp_secret",
        secret=True,
        sealed=True,
        encrypted_only=True,
        shape=r"[A-Z2-7a-z ]{16,256}={0,6}",
        rule="base32 as AWS shows it when a virtual MFA device is made",
    ),
    Setting(
        "credential_process",
        Group.PROCESS,
        "the program that prints credentials",
        netsdk="credential_process",
    ),
    _switch(
        "credential_process_cache",
        "whether what that program prints is cached until it expires; keystead's own",
        "credential_process_cache",
    ),
    Setting(
        "sso_session", Group.SSO, "the sso-session section to log in with", netsdk="sso_session"
    ),
    Setting(
        "sso_account_id", Group.SSO, "the account to get credentials for", netsdk="sso_account_id"
    ),
    Setting(
        "sso_role_name",
        Group.SSO,
        "the permission set to get credentials for",
        netsdk="sso_role_name",
    ),
    Setting("sso_start_url", Group.SSO, "the address of the access portal", netsdk="sso_start_url"),
    Setting("sso_region", Group.SSO, "the region of the access portal", netsdk="sso_region"),
    Setting(
        "sso_registration_scopes",
        Group.SSO,
        "the scopes to register for",
        netsdk="sso_registration_scopes",
    ),
    Setting("login_session", Group.LOGIN, "the session of `aws login`", netsdk="login_session"),
    Setting(
        "aws_account_id",
        Group.OTHER,
        "the account whose credentials the profile gives; those of another one are refused",
        netsdk="aws_account_id",
        shape=r"\d{12}",
        rule="12 digits",
    ),
    Setting(
        "region",
        Group.OTHER,
        "the region to call",
        netsdk="Region",
        shape=r"[A-Za-z0-9-]{1,64}",
        rule="letters, digits and -",
    ),
    Setting(
        "endpoint_url",
        Group.OTHER,
        "the address to call instead of the service's own",
        netsdk="endpoint_url",
    ),
    _switch(
        "ignore_configured_endpoint_urls",
        "whether addresses in files and variables are ignored",
        "ignore_configured_endpoint_urls",
    ),
    Setting("services", Group.OTHER, "the services section with an address for each service"),
    Setting("output", Group.OTHER, "the form in which the AWS CLI prints"),
    Setting(
        "defaults_mode", Group.OTHER, "the set of default settings to use", netsdk="DefaultsMode"
    ),
    _choice("retry_mode", "how failed calls are retried", "RetryMode", _RETRY_MODES),
    Setting(
        "max_attempts",
        Group.OTHER,
        "how many times a call is tried at most",
        netsdk="MaxAttempts",
        shape=r"[1-9]\d{0,3}",
        rule="a number from 1 to 9999",
    ),
    _switch(
        "endpoint_discovery_enabled",
        "whether services are asked for the address to call",
        "EndpointDiscoveryEnabled",
    ),
    _choice(
        "sts_regional_endpoints",
        "whether STS is called in the region or in us-east-1",
        "StsRegionalEndpoints",
        _ENDPOINT_MODES,
    ),
    _choice(
        "s3_us_east_1_regional_endpoint",
        "whether S3 in us-east-1 is called at the region's address",
        "S3RegionalEndpoint",
        _ENDPOINT_MODES,
    ),
    _switch("s3_use_arn_region", "whether the region in an ARN is called", "S3UseArnRegion"),
    _switch(
        "s3_disable_express_session_auth",
        "whether S3 Express is called without sessions",
        "S3DisableExpressSessionAuth",
    ),
    _switch(
        "s3_disable_multiregion_access_points",
        "whether access points of several regions are refused",
        "S3DisableMultiRegionAccessPoints",
    ),
    _switch("use_dualstack_endpoint", "whether to call addresses that have IPv6 too"),
    _switch("use_fips_endpoint", "whether to call addresses that comply with FIPS 140"),
    Setting(
        "ec2_metadata_service_endpoint", Group.OTHER, "the address of the EC2 metadata service"
    ),
    _choice(
        "ec2_metadata_service_endpoint_mode",
        "which address of the EC2 metadata service to call",
        None,
        ("IPv4", "IPv6"),
    ),
    _switch("ec2_metadata_v1_disabled", "whether version 1 of the metadata service is refused"),
    _switch("confirm", "whether a person is asked before each use; keystead's own"),
    Setting(
        "programs",
        Group.OTHER,
        "the programs that may use it, by path or by name of the executable; keystead's own",
        shape=r"[^\s,][^,]*(?:,[^,]+)*",
        rule="paths or names of programs, separated by commas",
    ),
    Setting(
        "toolkit_artifact_guid",
        Group.OTHER,
        "the profile's GUID, for the AWS toolkits",
        shape=r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
        rule="a GUID",
    ),
)

SETTINGS: dict[str, Setting] = {row.name: row for row in _ROWS}
"""Every setting that keystead knows by name; others are kept untouched."""


KEYS = frozenset(row.name for row in _ROWS if row.group is Group.KEYS)
"""The settings that are a key pair and its token."""

DECIDING = frozenset(row.name for row in _ROWS if row.group is not Group.OTHER)
"""The settings that play a part in what type a profile is."""


_SECRET_WORDS = re.compile(r"secret|password|passphrase|private_key|(?:^|_)token$")


def is_secret(name: str) -> bool:
    """Whether a setting's value must not be shown.

    Rows of the table say so themselves; of names that are not in it, those that sound like a
    secret count as one, because showing it cannot be taken back.
    """
    row = SETTINGS.get(name.lower())
    return row.secret if row else _SECRET_WORDS.search(name.lower()) is not None
