"""The addresses that are called instead of a service's own, by the rules of the AWS SDKs.

From strong to weak: ``AWS_ENDPOINT_URL_<SERVICE>``, ``AWS_ENDPOINT_URL``, the profile's
``services`` section, its ``endpoint_url``. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from keystead.errors import ProfileInvalid
from keystead.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.model.profile import Profile, ProfileSource

IGNORE = "ignore_configured_endpoint_urls"
IGNORE_VARIABLE = f"AWS_{IGNORE.upper()}"
ALL_VARIABLE = "AWS_ENDPOINT_URL"
SERVICE_VARIABLE = f"{ALL_VARIABLE}_"


class Endpoints(Value):
    """The configured addresses: one for all services, and some for single services.

    ``services`` has pairs of a service's id, in lower case with underscores, and an address. With
    ``ignored`` there are none, whatever else is configured.
    """

    all: str | None = None
    services: tuple[tuple[str, str], ...] = ()
    ignored: bool = False

    def url(self, service: str) -> str | None:
        """The address of a service by its id, such as ``sso_oidc``; None for its own."""
        if self.ignored:
            return None
        return dict(self.services).get(service) or self.all

    def with_variables(self, environ: Mapping[str, str]) -> Endpoints:
        """The addresses in effect where a profile sets these: variables take precedence."""
        said = environ.get(IGNORE_VARIABLE)
        if said.lower() == "true" if said else self.ignored:
            return Endpoints(ignored=True)
        of_services = {
            name.removeprefix(SERVICE_VARIABLE).lower(): url
            for name, url in environ.items()
            if name.startswith(SERVICE_VARIABLE) and name != SERVICE_VARIABLE and url
        }
        everywhere = environ.get(ALL_VARIABLE)
        if everywhere:  # it takes precedence over the sections of a file, for every service
            return Endpoints(everywhere, _sorted(of_services))
        return Endpoints(self.all, _sorted({**dict(self.services), **of_services}))

    @property
    def called(self) -> Endpoints:
        """The addresses that are called; none with ``ignored``."""
        return NO_ENDPOINTS if self.ignored else self

    def variables(self) -> dict[str, str]:
        """The variables that set these addresses."""
        if self.ignored:
            return {IGNORE_VARIABLE: "true"}
        found = {SERVICE_VARIABLE + name.upper(): url for name, url in self.services}
        return {ALL_VARIABLE: self.all, **found} if self.all else found


NO_ENDPOINTS = Endpoints()
"""Of a profile that configures no address."""

NO_ADDRESS = Endpoints(all="")
"""Of one whose addresses are missing: who looks for them fails."""


def endpoints(profile: Profile, source: ProfileSource) -> Endpoints:
    """The addresses that the profile sets, itself or by its ``services`` section.

    Raises `ProfileInvalid` where it names a section that does not exist.
    """
    ignored = (profile.text(IGNORE) or "").lower() == "true"
    section = profile.text("services")
    services = source.services(section) if section else {}
    if section and not services and not ignored:
        raise ProfileInvalid(
            f"profile `{profile.name}` names the services section `{section}`, "
            "which does not exist",
            id="section-missing",
            hint=f"add a section `[services {section}]` to the config file",
            where=profile.where("services"),
        )
    found = {
        name.lower(): block["endpoint_url"]
        for name, block in services.items()
        if isinstance(block, Mapping) and block.get("endpoint_url")
    }
    return Endpoints(profile.text("endpoint_url"), _sorted(found), ignored)


def _sorted(services: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(services.items()))
