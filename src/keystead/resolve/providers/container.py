"""Credentials from the container's endpoint (ECS, EKS pod identities, ``keystead serve``)."""

from __future__ import annotations

import ipaddress
import re

from keystead.errors import NotConfigured, Origin, ProfileInvalid, ProviderError
from keystead.model.credentials import Credentials
from keystead.model.sources.container import FULL, RELATIVE, Container
from keystead.resolve.credentials_json import BadDocument, read_credentials, read_object
from keystead.resolve.http_provider import Endpoint, ask
from keystead.resolve.providers.provider import Provider
from keystead.system import System, http
from keystead.system.path import Path
from keystead.text.encoding import refuse_other_encoding

TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105  # a variable's name
TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105

TIME_LIMIT_SECONDS = 2.0
ATTEMPTS = 3

_ECS = "169.254.170.2"
_PLAIN_HTTP = ("localhost", _ECS, "169.254.170.23", "fd00:ec2::23")
"""ECS and EKS; whatever else is off this machine must be https."""

_MOST_TOKEN_BYTES = 64 * 1024
_HEADER_VALUE = re.compile(r"[ -~]*")


class ContainerProvider(Provider):
    """The endpoint of ECS, EKS or `keystead serve`."""

    source: Container

    def retrieve(self) -> Credentials:
        """The credentials that the container's endpoint hands out.

        ``AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`` is a path at ECS's address and takes precedence
        over ``AWS_CONTAINER_CREDENTIALS_FULL_URI``, a whole address: https, or http on the loopback
        or at an address of ECS or EKS. The token in ``AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE``,
        which is read each time, else in ``AWS_CONTAINER_AUTHORIZATION_TOKEN`` is sent as it is. No
        proxy is used and no redirection followed.

        Raises `NotConfigured` without either address, `ProfileInvalid` for an address, token or
        token file that will not do, `ProviderError` for an endpoint that fails, without what it
        answered.
        """
        system = self.system
        endpoint = _endpoint(system)
        headers = {"Accept": "application/json"}
        token = _token(system)
        if token:
            headers["Authorization"] = token
        try:
            answer = ask(
                system, "GET", endpoint.url, headers, seconds=TIME_LIMIT_SECONDS, attempts=ATTEMPTS
            )
            credentials = _read(answer, endpoint)
        except http.Unreachable as error:
            raise ProviderError(
                f"the container endpoint at {endpoint.place} could not be reached: {error}",
                id="container-endpoint-failed",
                hint=f"check that it runs, and {FULL} or {RELATIVE}",
            ) from None
        except BadDocument as error:
            raise ProviderError(
                f"the container endpoint at {endpoint.place} gave an answer that cannot be used: "
                f"it {error}",
                id="container-endpoint-failed",
                hint=f"check {FULL} or {RELATIVE}",
            ) from None
        if not credentials.fresh(system.clock()):
            raise ProviderError(
                f"the container endpoint at {endpoint.place} returned credentials that have "
                "expired",
                id="container-endpoint-failed",
                hint="check this machine's clock",
            )
        return credentials

    def input_files(self) -> list[Path]:
        """As `Provider.input_files`."""
        named = self.system.environ.get(TOKEN_FILE)
        return [Path(named)] if named else []


def _endpoint(system: System) -> Endpoint:
    relative = system.environ.get(RELATIVE)
    if relative:
        if not relative.startswith("/"):  # it would become part of the host's name
            raise ProfileInvalid(f"{RELATIVE} does not begin with `/`", id="invalid-address")
        return Endpoint.parse(f"http://{_ECS}{relative}", RELATIVE)
    full = system.environ.get(FULL)
    if not full:
        raise NotConfigured("no container endpoint is configured", hint=f"set {FULL} or {RELATIVE}")
    endpoint = Endpoint.parse(full, FULL)
    if not (endpoint.secure or endpoint.host in _PLAIN_HTTP or _is_loopback(endpoint.host)):
        raise ProfileInvalid(
            f"{FULL} names {endpoint.place}, which is not on this machine, without https",
            id="invalid-address",
            hint="use https, the loopback, or an address of ECS or EKS",
        )
    return endpoint


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, whose address may change between two look-ups
        return False


def _token(system: System) -> str | None:
    file = system.environ.get(TOKEN_FILE)
    if not file:
        return _checked(system.environ.get(TOKEN), TOKEN)
    where = Origin(file)
    data = system.files.read(Path(file)).data
    if data is None:
        raise ProfileInvalid(
            f"the file in {TOKEN_FILE} does not exist", id="token-file-unusable", where=where
        )
    if len(data) > _MOST_TOKEN_BYTES:
        raise ProfileInvalid(
            f"the file in {TOKEN_FILE} is too large for a token",
            id="token-file-unusable",
            where=where,
        )
    refuse_other_encoding(data, f"the file in {TOKEN_FILE}", where, ProfileInvalid)
    return _checked(data.decode("latin-1"), TOKEN_FILE, where)


def _checked(token: str | None, what: str, where: Origin | None = None) -> str | None:
    if token and not _HEADER_VALUE.fullmatch(token):
        raise ProfileInvalid(
            f"the token of {what} has a line break or another character that cannot be sent",
            id="token-file-unusable",
            hint="write the token without a line break at its end",
            where=where,
        )
    return token


def _read(answer: http.Answer, endpoint: Endpoint) -> Credentials:
    if answer.status != 200:  # noqa: PLR2004  # fine
        refused = answer.status in (401, 403)
        raise ProviderError(
            f"the container endpoint at {endpoint.place} answered with status {answer.status}",
            id="container-endpoint-failed",
            hint=f"check the token in {TOKEN_FILE} or {TOKEN}" if refused else None,
            code=str(answer.status),
        )
    return read_credentials(
        read_object(answer.body), "Token", source=f"container endpoint {endpoint.place}"
    )
