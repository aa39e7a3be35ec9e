"""The addresses of STS, by the rules of botocore for the regions that it knows."""

from __future__ import annotations

import re

from keystead.botocore_session import partitions
from keystead.model.client_settings import ClientSettings
from keystead.system import System
from keystead.value import NamedTuple

_KNOWN = frozenset(
    {"ca_bundle", "max_attempts", "retry_mode", "use_dualstack_endpoint", "use_fips_endpoint"}
)
"""The settings whose effect on requests to STS is known here."""

_CONFIGURED = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?/?", re.ASCII)
"""Configured addresses that are used unchanged."""


class Address(NamedTuple):
    """Where a request is sent, and the region of its signature."""

    url: str
    region: str


def sts_address(settings: ClientSettings, endpoint_url: str | None) -> Address | None:
    """The address that botocore would use; None where that is not known here.

    ``endpoint_url`` takes precedence over the addresses in ``settings``.
    """
    if not _KNOWN.issuperset(name for name, _ in settings.values):
        return None
    region = settings.region
    fips, dual_stack = map(settings.is_on, ("use_fips_endpoint", "use_dualstack_endpoint"))
    url = endpoint_url or settings.endpoints.url("sts")
    if url:
        is_plain = region and not fips and not dual_stack and _CONFIGURED.fullmatch(url)
        return Address(f"{url.rstrip('/')}/", region) if is_plain and region else None
    if region is None and not fips and not dual_stack:
        return Address("https://sts.amazonaws.com/", "us-east-1")
    found = next((row for row in partitions() if region in row["regions"]), None)
    if not region or not found or region.endswith("-global"):
        return None
    if dual_stack and found["id"].startswith("aws-iso"):  # some of these have no such addresses
        return None
    suffix = found["outputs"]["dualStackDnsSuffix" if dual_stack else "dnsSuffix"]
    is_alias = fips and not dual_stack and found["id"] == "aws-us-gov"
    host = "sts-fips" if fips and not is_alias else "sts"
    return Address(f"https://{host}.{region}.{suffix}/", region)


def has_other_models(system: System) -> bool:
    """Whether botocore may find other services and partitions than those it comes with."""
    models = system.folders.expand("~/.aws/models")
    return bool(system.environ.get("AWS_DATA_PATH")) or models.is_dir()
