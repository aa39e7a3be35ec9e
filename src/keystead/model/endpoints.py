"""The addresses that are called instead of a service's own, by the rules of the AWS SDKs.

From strong to weak: ``AWS_ENDPOINT_URL_<SERVICE>``, ``AWS_ENDPOINT_URL``, the profile's
``services`` section, its ``endpoint_url``. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keystead.model.profile import Profile, ProfileSource, Value

_IGNORE = "ignore_configured_endpoint_urls"


@dataclass(frozen=True)
class Endpoints:
    """What a profile says of addresses: one for all services, and some of their own.

    ``services`` has pairs of a service's name, in lower case with underscores, and an address.
    """

    all: str | None = None
    services: tuple[tuple[str, str], ...] = ()
    ignored: bool = False
    """Whether variables and settings count for nothing; the environment has its own word on it."""

    def url(self, service: str, environ: Mapping[str, str]) -> str | None:
        """The address of ``service`` (botocore's name for it), None for its own."""
        said = environ.get(f"AWS_{_IGNORE.upper()}", "").lower()
        if said == "true" or (said != "false" and self.ignored):
            return None
        name = service.lower().replace("-", "_")
        return (
            environ.get(f"AWS_ENDPOINT_URL_{name.upper()}")
            or environ.get("AWS_ENDPOINT_URL")
            or dict(self.services).get(name)
            or self.all
        )


NO_ENDPOINTS = Endpoints()
"""Of a profile that says nothing of addresses."""


def endpoints(profile: Profile, source: ProfileSource) -> Endpoints:
    """The addresses that the profile sets, itself or by its ``services`` section."""
    section = profile.text("services")
    services: Mapping[str, Value] = source.services(section) if section else {}
    found = {
        name.lower(): str(block["endpoint_url"])
        for name, block in services.items()
        if isinstance(block, dict) and block.get("endpoint_url")
    }
    return Endpoints(
        profile.text("endpoint_url"),
        tuple(found.items()),
        (profile.text(_IGNORE) or "").lower() == "true",
    )
