"""How requests of a profile are sent: its region, addresses, TLS and retries. Pure.

`SETTINGS` has the settings of botocore and the AWS CLI, other than credentials, that affect
requests. As there, variables take precedence over the profile. An empty value counts as none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from keystead.model.endpoints import IGNORE, NO_ENDPOINTS, Endpoints, endpoints
from keystead.value import NamedTuple, Value, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.model.profile import Profile, ProfileSource

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""The variables that set a region, the one that takes precedence first."""

Block = tuple[tuple[str, str], ...]
"""A nested block such as ``s3``: pairs of a name and a value, in the order of names."""


class ClientSetting(NamedTuple):
    """One row of `SETTINGS`: a setting's name and the variable that takes precedence over it.

    ``absent`` is the value that means the same as none to every tool; None where there is no such
    value, or where the tools do not agree on it.
    """

    name: str
    variable: str | None
    absent: str | None = None


SETTINGS: tuple[ClientSetting, ...] = (
    ClientSetting("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT", "false"),
    ClientSetting("use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT", "false"),
    ClientSetting("sts_regional_endpoints", "AWS_STS_REGIONAL_ENDPOINTS", "regional"),
    ClientSetting("ca_bundle", "AWS_CA_BUNDLE"),
    ClientSetting("retry_mode", "AWS_RETRY_MODE"),
    ClientSetting("max_attempts", "AWS_MAX_ATTEMPTS"),
    ClientSetting("defaults_mode", "AWS_DEFAULTS_MODE", "legacy"),
    ClientSetting("account_id_endpoint_mode", "AWS_ACCOUNT_ID_ENDPOINT_MODE", "preferred"),
    ClientSetting("disable_host_prefix_injection", "AWS_DISABLE_HOST_PREFIX_INJECTION", "false"),
    ClientSetting("endpoint_discovery_enabled", "AWS_ENDPOINT_DISCOVERY_ENABLED", "auto"),
    ClientSetting("sigv4a_signing_region_set", "AWS_SIGV4A_SIGNING_REGION_SET"),
    ClientSetting("auth_scheme_preference", "AWS_AUTH_SCHEME_PREFERENCE"),
    ClientSetting(
        "request_checksum_calculation", "AWS_REQUEST_CHECKSUM_CALCULATION", "when_supported"
    ),
    ClientSetting(
        "response_checksum_validation", "AWS_RESPONSE_CHECKSUM_VALIDATION", "when_supported"
    ),
    ClientSetting("disable_request_compression", "AWS_DISABLE_REQUEST_COMPRESSION", "false"),
    ClientSetting(
        "request_min_compression_size_bytes", "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "10240"
    ),
    ClientSetting("tcp_keepalive", "BOTOCORE_TCP_KEEPALIVE", "false"),
    ClientSetting("s3_use_arn_region", "AWS_S3_USE_ARN_REGION"),
    ClientSetting("s3_us_east_1_regional_endpoint", "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT"),
    ClientSetting(
        "s3_disable_multiregion_access_points", "AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS", "false"
    ),
    ClientSetting(
        "s3_disable_express_session_auth", "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "false"
    ),
    ClientSetting("proxy_ca_bundle", None),
    ClientSetting("proxy_client_cert", None),
    ClientSetting("proxy_use_forwarding_for_https", None),
)
"""The settings other than region and addresses, which have separate rules."""

OF_CLIENTS = frozenset({"region", "endpoint_url", "services", IGNORE}).union(
    row.name for row in SETTINGS
)
"""The names of all settings that `ClientSettings` knows, but for nested blocks."""

NESTED = {
    "s3_use_arn_region": ("s3", "use_arn_region"),
    "s3_us_east_1_regional_endpoint": ("s3", "us_east_1_regional_endpoint"),
    "s3_disable_multiregion_access_points": ("s3", "s3_disable_multiregion_access_points"),
}
"""Settings that botocore takes from a nested block too: block and name there."""

TRANSFER = frozenset(
    {
        "max_concurrent_requests",
        "max_queue_size",
        "multipart_threshold",
        "multipart_chunksize",
        "max_bandwidth",
        "preferred_transfer_client",
        "target_bandwidth",
        "io_chunksize",
        "disk_throughput",
        "should_stream",
        "direct_io",
    }
)
"""Settings of ``s3`` that only affect the AWS CLI's transfers, not requests."""


class ClientSettings(Value):
    """The settings for creating clients of a profile, other than its credentials.

    ``values`` has the rows of `SETTINGS` that are set, in the table's order, and ``blocks`` the
    nested blocks by name. A value that means the same as none is left out, so that two of these
    are equal where their requests are.
    """

    region: str | None = None
    endpoints: Endpoints = NO_ENDPOINTS
    values: Block = ()
    blocks: tuple[tuple[str, Block], ...] = ()

    def get(self, name: str) -> str | None:
        """The value of a row of `SETTINGS`, None where it is not set."""
        return dict(self.values).get(name)

    def is_on(self, name: str) -> bool:
        """Whether a setting is ``true``, in any letter case."""
        return (self.get(name) or "").lower() == "true"

    def with_variables(self, environ: Mapping[str, str]) -> ClientSettings:
        """The settings in effect where a profile has these: variables take precedence."""
        found = dict(self.values)
        for row in SETTINGS:
            value = environ.get(row.variable) if row.variable else None
            if value:
                found[row.name] = value
        return replace(
            self,
            region=environment_region(environ) or self.region,
            endpoints=self.endpoints.with_variables(environ),
            values=_values(found),
        )

    def settings(self) -> dict[str, str | dict[str, str]]:
        """Region, values and blocks as settings of a profile, each where botocore reads it."""
        found: dict[str, str | dict[str, str]] = {"region": self.region} if self.region else {}
        blocks = {name: dict(block) for name, block in self.blocks}
        for name, value in self.values:
            found[name] = value
            if name in NESTED:
                block, inner = NESTED[name]
                blocks.setdefault(block, {})[inner] = value
        return found | blocks

    def variables(self) -> dict[str, str]:
        """The variables that set all of it that variables can set."""
        found = dict.fromkeys(REGION_VARIABLES, self.region) if self.region else {}
        rows = dict(self.values)
        found |= {
            row.variable: rows[row.name] for row in SETTINGS if row.variable and row.name in rows
        }
        return {name: value for name, value in found.items() if value} | self.endpoints.variables()

    def differing(self, other: ClientSettings) -> Iterator[str]:
        """The names of the settings with which ``other`` sends other requests."""
        if self.region != other.region:
            yield "region"
        ours, theirs = self.endpoints.called, other.endpoints.called
        if ours.all != theirs.all:
            yield "endpoint_url"
        if ours.services != theirs.services:
            yield "services"
        yield from (row.name for row in SETTINGS if self.get(row.name) != other.get(row.name))
        blocks, others = dict(self.blocks), dict(other.blocks)
        for name in sorted({*blocks, *others}):
            if _of_requests(blocks.get(name, ())) != _of_requests(others.get(name, ())):
                yield name


NO_CLIENT_SETTINGS = ClientSettings()
"""Of a profile that sets none, and of no profile."""


def environment_region(environ: Mapping[str, str]) -> str | None:
    """The region that the environment sets: ``AWS_REGION``, else ``AWS_DEFAULT_REGION``."""
    return next((environ[name] for name in REGION_VARIABLES if environ.get(name)), None)


def client_settings(profile: Profile, source: ProfileSource) -> ClientSettings:
    """What the profile itself sets. Raises `ProfileInvalid` for a missing ``services`` section."""
    found = {row.name: text for row in SETTINGS if (text := profile.text(row.name))}
    blocks: dict[str, dict[str, str]] = {
        name: {inner.lower(): text for inner, text in value.items() if text}
        for name, value in profile.settings.items()
        if isinstance(value, Mapping)
    }
    for name, (block, inner) in NESTED.items():
        nested = blocks.get(block, {}).pop(inner, None)
        if nested:
            found.setdefault(name, nested)
    return ClientSettings(
        profile.region,
        endpoints(profile, source),
        _values(found),
        tuple(
            (name, tuple(sorted(blocks[name].items()))) for name in sorted(blocks) if blocks[name]
        ),
    )


def _values(found: Mapping[str, str]) -> Block:
    return tuple(
        (row.name, found[row.name])
        for row in SETTINGS
        if row.name in found and found[row.name].lower() != row.absent
    )


def _of_requests(block: Block) -> Block:
    return tuple((name, value) for name, value in block if name not in TRANSFER)
