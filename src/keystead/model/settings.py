"""The table of settings. A new setting is a row here, or of the source that it belongs to
(`keystead.model.sources`, `keystead.model.assume_role`).
"""

from __future__ import annotations

import re

from keystead.model.assume_role import IN_PROFILE
from keystead.model.setting import Group, Setting, choice, switch
from keystead.model.sources.sso import POPULATED_FROM

_RETRY_MODES = ("legacy", "standard", "adaptive")
_ENDPOINT_MODES = ("legacy", "regional")

_ROWS = (
    *(row for kind in IN_PROFILE for row in kind.settings),
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
        "aws_account_id",
        Group.OTHER,
        "the account whose credentials the profile gives; those of another one are refused",
        netsdk="aws_account_id",
        shape=r"\d{12}",
        rule="12 digits",
        one_line=True,
    ),
    Setting(
        "region",
        Group.OTHER,
        "the region to call",
        netsdk="Region",
        shape=r"[A-Za-z0-9-]{1,64}",
        rule="letters, digits and -",
        one_line=True,
    ),
    Setting(
        "endpoint_url",
        Group.OTHER,
        "the address to call instead of the service's own",
        netsdk="endpoint_url",
        one_line=True,
    ),
    switch(
        "ignore_configured_endpoint_urls",
        "whether addresses in files and variables are ignored",
        "ignore_configured_endpoint_urls",
    ),
    Setting("services", Group.OTHER, "the services section with an address for each service"),
    Setting("output", Group.OTHER, "the form in which the AWS CLI prints"),
    Setting(
        "defaults_mode", Group.OTHER, "the set of default settings to use", netsdk="DefaultsMode"
    ),
    choice("retry_mode", "how failed calls are retried", "RetryMode", _RETRY_MODES),
    Setting(
        "max_attempts",
        Group.OTHER,
        "how many times a call is tried at most",
        netsdk="MaxAttempts",
        shape=r"[1-9]\d{0,3}",
        rule="a number from 1 to 9999",
    ),
    switch(
        "endpoint_discovery_enabled",
        "whether services are asked for the address to call",
        "EndpointDiscoveryEnabled",
    ),
    choice(
        "sts_regional_endpoints",
        "whether STS is called in the region or in us-east-1",
        "StsRegionalEndpoints",
        _ENDPOINT_MODES,
    ),
    choice(
        "s3_us_east_1_regional_endpoint",
        "whether S3 in us-east-1 is called at the region's address",
        "S3RegionalEndpoint",
        _ENDPOINT_MODES,
    ),
    switch("s3_use_arn_region", "whether the region in an ARN is called", "S3UseArnRegion"),
    switch(
        "s3_disable_express_session_auth",
        "whether S3 Express is called without sessions",
        "S3DisableExpressSessionAuth",
    ),
    switch(
        "s3_disable_multiregion_access_points",
        "whether access points of several regions are refused",
        "S3DisableMultiRegionAccessPoints",
    ),
    switch("use_dualstack_endpoint", "whether to call addresses that have IPv6 too"),
    switch("use_fips_endpoint", "whether to call addresses that comply with FIPS 140"),
    Setting(
        "ec2_metadata_service_endpoint", Group.OTHER, "the address of the EC2 metadata service"
    ),
    choice(
        "ec2_metadata_service_endpoint_mode",
        "which address of the EC2 metadata service to call",
        None,
        ("IPv4", "IPv6"),
    ),
    switch("ec2_metadata_v1_disabled", "whether version 1 of the metadata service is refused"),
    choice(
        "login",
        "`auto`: whether a command that needs a sign-in asks for it on a terminal; keystead's own",
        None,
        ("auto",),
    ),
    switch("confirm", "whether a person is asked before each use; keystead's own"),
    Setting(
        "programs",
        Group.OTHER,
        "the programs that may use it, by path or by name of the executable; keystead's own",
        shape=r"[^\s,][^,]*(?:,[^,]+)*",
        rule="paths or names of programs, separated by commas",
    ),
    *(
        Setting(f"populate_{name}", Group.OTHER, f"of an sso-session: {meaning}; keystead's own")
        for name, meaning in (
            ("template", "the names of profiles that `keystead sso populate` makes"),
            ("include", "the accounts and roles that it makes them for"),
            ("exclude", "those that it makes none for"),
            ("region", "the rules for regions of accounts"),
        )
    ),
    Setting(
        POPULATED_FROM,
        Group.OTHER,
        "the role, and the region, that `keystead sso populate` made it for; keystead's own",
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
"""Every setting that keystead knows by name; others are left untouched."""


KEYS = frozenset(row.name for row in _ROWS if row.group is Group.KEYS)
"""The settings that are a key pair and its token."""

DECIDING = frozenset(row.name for row in _ROWS if row.group is not Group.OTHER)
"""The settings that decide the type of a profile."""


_MASKED_NAMES = r"secret|password|passphrase|private_key|(?:^|_)token$"


def is_secret(name: str) -> bool:
    """Whether a setting's value must not be shown.

    The table says it for known settings; an unknown one is secret if its name suggests it.
    """
    row = SETTINGS.get(name.lower())
    return row.secret if row else re.search(_MASKED_NAMES, name.lower()) is not None
