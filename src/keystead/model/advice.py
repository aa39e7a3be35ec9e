"""Warnings on saving a profile, about settings that were probably not meant. Pure.

`keystead lint` has the same rules for existing files.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterable, Iterator

from keystead.errors import ProfileNotFound
from keystead.model.dotnet import hiding, stray
from keystead.model.profile import Profile, ProfileSource
from keystead.model.settings import SETTINGS
from keystead.near import did_you_mean, near_names

READ_BY_OTHERS = frozenset(
    [
        "account_id_endpoint_mode",
        "api_versions",
        "auth_scheme_preference",
        "aws_expiration",
        "aws_session_expiration",
        "ca_bundle",
        "cli_auto_prompt",
        "cli_binary_format",
        "cli_follow_urlparam",
        "cli_help_output",
        "cli_hide_expiration_warnings",
        "cli_history",
        "cli_pager",
        "cli_timestamp_format",
        "cli_error_format",
        "cloudfront",
        "csm_client_id",
        "csm_enabled",
        "csm_host",
        "csm_port",
        "data_path",
        "disable_clock_skew_correction",
        "disable_host_prefix_injection",
        "disable_request_compression",
        "ecr",
        "emr",
        "emr-containers",
        "glue",
        "imds_use_ipv6",
        "metadata_service_num_attempts",
        "metadata_service_timeout",
        "parameter_validation",
        "request_checksum_calculation",
        "request_min_compression_size_bytes",
        "response_checksum_validation",
        "s3",
        "s3api",
        "sdk_ua_app_id",
        "sigv4a_signing_region_set",
        "tcp_keepalive",
        "use_accelerate_endpoint",
        "user_agent_extra",
        "aws_security_token",
        "x_principal_arn",
        "x_security_token_expires",
    ]
)
"""Settings and nested blocks of AWS tools that are not in `SETTINGS`."""

_SEED = "mfa_totp_secret"
_REGIONS = ("region", "sso_region")
_QUOTES = ('"', "'")


def advice(
    profile: Profile,
    given: Iterable[str],
    source: ProfileSource,
    *,
    regions: Collection[str],
    names: Callable[[], Iterable[str]],
    for_dotnet: bool,
) -> Iterator[str]:
    """A sentence for each setting of ``given`` that the profile was hardly meant to have.

    ``regions`` are the regions, ``names`` returns the names of the profiles. ``for_dotnet``:
    programs of the .NET SDK read the store.
    """
    for key in dict.fromkeys(map(str.lower, given)):
        text = profile.settings.get(key)
        yield from _unknown(key)
        if key == _SEED:
            unset = shlex.join(["keystead", "set", profile.name, "--unset", _SEED])
            yield (
                f"with `{_SEED}` both factors are in one place: who opens this store has the keys "
                f"and the codes; `{unset}` takes it away"
            )
        if not isinstance(text, str) or not text:
            continue
        if key in _REGIONS and text not in regions:
            meant = near_names(text, regions)
            hint = f"; {did_you_mean(meant[:1])}?" if meant else ""
            yield f"`{text}` is not a region that this version of botocore has{hint}"
        if text[0] in _QUOTES and text[-1] == text[0] and len(text) > 1 and " " not in text:
            yield f"the value of `{key}` is in quotes, and every tool reads them as part of it"
        yield from _missing(key, text, source, names)
    if for_dotnet:
        yield from _hidden(profile, source)


def _unknown(key: str) -> Iterator[str]:
    name = key.partition(".")[0]
    if {key, name} & (SETTINGS.keys() | READ_BY_OTHERS):
        return
    meant = near_names(name, [*SETTINGS, *sorted(READ_BY_OTHERS)], likeness=0.8)
    hint = f"; {did_you_mean(meant[:1])}?" if meant else ""
    yield f"unknown setting `{key}`{hint}"


def _missing(
    key: str, text: str, source: ProfileSource, names: Callable[[], Iterable[str]]
) -> Iterator[str]:
    """References to profiles and sections that do not exist."""
    if key == "source_profile":
        try:
            source.find(text)
        except ProfileNotFound:
            meant = near_names(text, names())
            hint = f"; {did_you_mean(meant[:1])}?" if meant else ""
            yield f"the source profile `{text}` does not exist{hint}"
    elif key == "sso_session" and not source.sso_session(text):
        yield f"the SSO session `{text}` does not exist; the config file has no such section"
    elif key == "services" and not source.services(text):
        yield f"the services section `{text}` does not exist in the config file"


def _hidden(profile: Profile, source: ProfileSource) -> Iterator[str]:
    """Why the .NET SDK, and so PowerShell, does not find the profile."""
    session = profile.text("sso_session")
    known = [session] if session and source.sso_session(session) else []
    for one in hiding(profile, known):
        yield f"for its `{one.setting}`, {one.consequence(profile.name)}"
    extra = stray(profile)
    if extra:
        yield (
            f"the .NET SDK, and PowerShell with it, does not find the profile: `{extra}` cannot be "
            "combined with its other settings there"
        )
