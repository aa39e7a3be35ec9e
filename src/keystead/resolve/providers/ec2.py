"""Credentials of the role of an EC2 instance, from its metadata service (IMDS)."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

from keystead.errors import NotConfigured, ProfileInvalid, ProviderError
from keystead.model.credentials import Credentials
from keystead.model.search import nothing_configured
from keystead.model.sources.ec2 import DISABLED, Ec2
from keystead.outside import whole
from keystead.resolve.credentials_json import BadDocument, read_credentials, read_object
from keystead.resolve.http_provider import Endpoint, ask
from keystead.resolve.providers.provider import Provider
from keystead.system import System, http
from keystead.value import Value, replace

V1_DISABLED = "AWS_EC2_METADATA_V1_DISABLED"
ENDPOINT = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
MODE = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
SECONDS = "AWS_METADATA_SERVICE_TIMEOUT"
ATTEMPTS = "AWS_METADATA_SERVICE_NUM_ATTEMPTS"

EXTENSION = timedelta(minutes=20)
"""How long credentials count as alive that have ended and that the service still hands out."""

_ADDRESSES = {"ipv4": "http://169.254.169.254", "ipv6": "http://[fd00:ec2::254]"}
_TOKEN_PATH = "/latest/api/token"  # noqa: S105  # a path
_ROLE_PATH = "/latest/meta-data/iam/security-credentials/"
_TOKEN_LIFE = {"x-aws-ec2-metadata-token-ttl-seconds": "21600"}
_OK = 200
_NO_SUCH_PATH = (403, 404, 405)
_HEADER_VALUE = re.compile(rb"[!-~]+")
_ROLE = re.compile(rb"[\w+=,.@-]{1,128}", re.ASCII)


def ec2_credentials(
    system: System,
    *,
    endpoint: str | None = None,
    mode: str | None = None,
    v1_disabled: bool = True,
) -> Credentials:
    """The credentials of the role that is attached to this EC2 instance.

    ``endpoint``, ``mode`` (``IPv4``, ``IPv6``) and ``v1_disabled`` are the settings
    ``ec2_metadata_service_endpoint``, ``ec2_metadata_service_endpoint_mode`` and
    ``ec2_metadata_v1_disabled``; the variables ``AWS_EC2_METADATA_SERVICE_ENDPOINT``,
    ``AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE`` and ``AWS_EC2_METADATA_V1_DISABLED`` take
    precedence. Version 2 of the service is spoken, version 1 only where it is not disabled.
    ``AWS_METADATA_SERVICE_TIMEOUT`` (seconds for each step, 1) and
    ``AWS_METADATA_SERVICE_NUM_ATTEMPTS`` (1) are those of botocore. No proxy is used.

    Credentials that have ended and are handed out all the same serve for `EXTENSION`, as with
    the SDKs: the service cannot get new ones, and AWS may still take these.

    Raises `NotConfigured` where ``AWS_EC2_METADATA_DISABLED`` says so, where nothing answers at
    the usual address, and where the instance has no role; `ProfileInvalid` for a setting or
    variable that will not do; `ProviderError` for a service that fails, or that does not answer
    at an address which somebody set.
    """
    if _switch(system, DISABLED) is True:
        raise NotConfigured("the EC2 metadata service is switched off", hint=f"unset {DISABLED}")
    disabled = _switch(system, V1_DISABLED)
    service = _service(system, endpoint, mode)
    try:
        token = service.token(v1=not (v1_disabled if disabled is None else disabled))
        credentials = service.credentials(token)
    except http.Unreachable as error:
        text = f"the EC2 metadata service at {service.place} could not be reached: {error}"
        if service.configured:
            raise ProviderError(
                text, id="metadata-service-failed", hint=f"check {ENDPOINT}"
            ) from None
        raise NotConfigured(text, hint="this may not be an EC2 instance") from None
    except BadDocument as error:
        raise ProviderError(
            f"the EC2 metadata service at {service.place} gave an answer that cannot be used: "
            f"it {error}",
            id="metadata-service-failed",
        ) from None
    now = system.clock()
    if credentials.fresh(now):
        return credentials
    logging.getLogger("keystead").warning(
        "the EC2 metadata service returned credentials that have expired; they are used all "
        "the same and asked for again within %d minutes",
        EXTENSION // timedelta(minutes=1),
    )
    return replace(credentials, expires_at=now + EXTENSION)


class Ec2Provider(Provider):
    """The metadata service of EC2."""

    source: Ec2

    def retrieve(self) -> Credentials:
        """What the service gives, by the profile's settings. Raises as `ec2_credentials`."""
        profile = self.profile
        try:
            return ec2_credentials(
                self.system,
                endpoint=profile.text("ec2_metadata_service_endpoint"),
                mode=profile.text("ec2_metadata_service_endpoint_mode"),
                v1_disabled=(profile.text("ec2_metadata_v1_disabled") or "true").lower() != "false",
            )
        except NotConfigured:
            if profile.name:
                raise
            raise nothing_configured() from None  # it was the last place of the default search
        except ProviderError as error:
            if profile.name:
                raise
            ways = ("if this is not an EC2 instance, name a profile or set AWS_PROFILE", error.hint)
            hint = "; ".join(filter(None, ways))
            raise ProviderError(error.message, id=error.id, hint=hint, code=error.code) from None


class _Service(Value):
    """One metadata service, and how patiently to ask it."""

    system: System
    url: str
    place: str
    configured: bool
    seconds: float
    attempts: int

    def ask(self, method: str, path: str, headers: dict[str, str]) -> http.Answer:
        """The answer. Raises `http.Unreachable`."""
        return ask(
            self.system,
            method,
            self.url + path,
            headers,
            seconds=self.seconds,
            attempts=self.attempts,
        )

    def refused(self, what: str, answer: http.Answer) -> ProviderError:
        """The error for an answer that is not fine."""
        return ProviderError(
            f"the EC2 metadata service at {self.place} answered {what} with status {answer.status}",
            id="metadata-service-failed",
            code=str(answer.status),
        )

    def token(self, *, v1: bool) -> str | None:
        """A token of version 2; None where there is none and ``v1`` says that this will do."""
        try:
            answer = self.ask("PUT", _TOKEN_PATH, _TOKEN_LIFE)
        except http.Unreachable:
            if v1:  # a container behind one hop too many gets no answer to this and one to others
                return None
            raise
        if answer.status in _NO_SUCH_PATH:
            if v1:
                return None
            raise ProviderError(
                f"the EC2 metadata service at {self.place} gives no token, "
                "so it does not speak version 2",
                id="metadata-service-failed",
                hint=f"let the instance speak version 2; {V1_DISABLED}=false accepts version 1",
                code=str(answer.status),
            )
        if answer.status != _OK:
            raise self.refused("the request for a token", answer)
        if not _HEADER_VALUE.fullmatch(answer.body):
            raise BadDocument("is not a token")
        return answer.body.decode()

    def credentials(self, token: str | None) -> Credentials:
        """The credentials as they are handed out. Raises `BadDocument` too."""
        headers = {"x-aws-ec2-metadata-token": token} if token else {}
        listed = self.ask("GET", _ROLE_PATH, headers)
        names = listed.body.split()
        if listed.status == 404 or (listed.status == _OK and not names):  # noqa: PLR2004
            raise NotConfigured(
                "this EC2 instance has no role", hint="attach an instance profile to it"
            )
        if listed.status != _OK:
            raise self.refused("the request for the role", listed)
        if not _ROLE.fullmatch(names[0]):
            raise BadDocument("is not the name of a role")
        role = names[0].decode()
        answer = self.ask("GET", _ROLE_PATH + role, headers)
        if answer.status != _OK:
            raise self.refused("the request for credentials", answer)
        document = read_object(answer.body)
        if document.get("Code", "Success") != "Success":
            raise ProviderError(
                f"the EC2 metadata service at {self.place} has no credentials for `{role}`",
                id="metadata-service-failed",
                hint="check that the role exists and lets EC2 assume it",
            )
        found = read_credentials(document, "Token", source=f"ec2 instance role {role}")
        if found.session_token is None or found.expires_at is None:
            raise BadDocument("has no `Token` or no `Expiration`")
        return found


def _service(system: System, endpoint: str | None, mode: str | None) -> _Service:
    environ = system.environ
    mode = environ.get(MODE) or mode or "IPv4"
    usual = _ADDRESSES.get(mode.lower())
    if usual is None:
        raise ProfileInvalid(
            f"the mode of the EC2 metadata service is neither IPv4 nor IPv6: `{mode}`",
            id="invalid-address",
            hint=f"check `ec2_metadata_service_endpoint_mode` and {MODE}",
        )
    given = environ.get(ENDPOINT) or endpoint
    parsed = Endpoint.parse((given or usual).rstrip("/"), "the address of the EC2 metadata service")
    seconds = _number(system, SECONDS)
    attempts = _number(system, ATTEMPTS)
    return _Service(system, parsed.url, parsed.place, bool(given), seconds, attempts)


def _number(system: System, variable: str) -> int:
    text = system.environ.get(variable) or "1"
    try:
        return whole(text, 1, 999)
    except ValueError as error:
        raise ProfileInvalid(f"{variable} {error}", id="invalid-variable-value") from None


def _switch(system: System, variable: str) -> bool | None:
    """What the variable says; None for nothing, or for a word that says nothing."""
    return {"true": True, "false": False}.get(system.environ.get(variable, "").lower())
