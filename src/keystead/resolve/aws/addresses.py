"""The addresses of some services, by the rules of botocore for the regions that it knows."""

from __future__ import annotations

import re

from keystead.botocore_session import partitions
from keystead.model.calls import FALLBACK_REGION
from keystead.model.client_settings import ClientSettings
from keystead.system import System
from keystead.value import NamedTuple

_KNOWN = frozenset(
    {"ca_bundle", "max_attempts", "retry_mode", "use_dualstack_endpoint", "use_fips_endpoint"}
)
"""The settings whose effect on requests to these services is known here."""

SERVICE_IDS = {"sts": "sts", "sso": "sso", "sso-oidc": "sso_oidc", "signin": "signin"}
"""The services whose addresses are known here, by botocore's names, with their ids."""

_HOSTS = {"sts": "sts", "sso": "portal.sso", "sso-oidc": "oidc"}
SIGN_IN_HOSTS = {
    "aws": "signin.aws.amazon.com",
    "aws-cn": "signin.amazonaws.cn",
    "aws-eusc": "signin.amazonaws-eusc.eu",
    "aws-iso": "signin.c2shome.ic.gov",
    "aws-iso-b": "signin.sc2shome.sgov.gov",
    "aws-iso-e": "signin.csphome.adc-e.uk",
    "aws-iso-f": "signin.csphome.hci.ic.gov",
    "aws-us-gov": "signin.amazonaws-us-gov.com",
}
"""The host of the sign-in service of each partition."""

_CONFIGURED = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?/?", re.ASCII)
"""Configured addresses that are used unchanged."""


class Address(NamedTuple):
    """Where a request is sent, and the region of its signature."""

    url: str
    region: str


def address(service: str, settings: ClientSettings, endpoint_url: str | None) -> Address | None:
    """The address that botocore would use; None where that is not known here.

    ``endpoint_url`` takes precedence over the addresses in ``settings``.
    """
    if service not in SERVICE_IDS or not _KNOWN.issuperset(name for name, _ in settings.values):
        return None
    is_sts = service == "sts"
    region = settings.region or (None if is_sts else FALLBACK_REGION)
    fips, dual_stack = map(settings.is_on, ("use_fips_endpoint", "use_dualstack_endpoint"))
    url = endpoint_url or settings.endpoints.url(SERVICE_IDS[service])
    if url:
        is_plain = region and not fips and not dual_stack and _CONFIGURED.fullmatch(url)
        return Address(f"{url.rstrip('/')}/", region) if is_plain and region else None
    if region is None and not fips and not dual_stack:
        return Address("https://sts.amazonaws.com/", "us-east-1")
    found = next((row for row in partitions() if region in row["regions"]), None)
    if not region or not found or region.endswith("-global"):
        return None
    if service == "signin":
        host = None if fips or dual_stack else SIGN_IN_HOSTS.get(found["id"])
        return Address(f"https://{region}.{host}/", region) if host else None
    if dual_stack and found["id"].startswith("aws-iso"):  # some of these have no such addresses
        return None
    suffix = found["outputs"]["dualStackDnsSuffix" if dual_stack else "dnsSuffix"]
    is_alias = fips and not dual_stack and found["id"] == "aws-us-gov"
    host = f"{_HOSTS[service]}-fips" if fips and not is_alias else _HOSTS[service]
    return Address(f"https://{host}.{region}.{suffix}/", region)


def has_other_models(system: System) -> bool:
    """Whether botocore may find other services and partitions than those it comes with."""
    models = system.folders.expand("~/.aws/models")
    return bool(system.environ.get("AWS_DATA_PATH")) or models.is_dir()
