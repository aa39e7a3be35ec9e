"""Calls without botocore, whose import and models take several times as long as the call.

It sends what botocore would, and fails as botocore does. `direct_call` decides: a call that has
anything unusual about it is left to botocore.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping

from keystead._version import __version__
from keystead.botocore_session import trust_store
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.resolve.aws.addresses import Address, address, has_other_models
from keystead.resolve.aws.client import CONNECT_SECONDS, MOST_ATTEMPTS, READ_SECONDS
from keystead.resolve.aws.signature import signed
from keystead.system import System, http
from keystead.value import Value, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from keystead.resolve.aws.client import Headers
    from keystead.resolve.aws.protocol import Request

_DEFAULT_ATTEMPTS = 3
_ATTEMPTS = re.compile(r"[1-9]|[1-4]\d", re.ASCII)
"""Numbers of attempts that botocore's quota for retries allows."""

_LEFT_TO_BOTOCORE = (
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_NEW_RETRIES_2026",
    "AWS_SDK_UA_APP_ID",
    "SSLKEYLOGFILE",
)
"""Variables that change what botocore sends, or what it logs."""

_TRANSIENT_STATUS = frozenset({500, 502, 503, 504})
_TRANSIENT = frozenset(
    {
        "IDPCommunicationError",
        "PriorRequestNotComplete",
        "RequestTimeout",
        "RequestTimeoutException",
    }
)
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
RETRIED = _TRANSIENT | _THROTTLED
"""The error codes after which a request is sent again."""

_LONGEST_PAUSE = 20


class DirectCall(Value):
    """One call; ``credentials`` None leaves it unsigned. ``headers`` are sent in addition."""

    system: System
    protocol: ModuleType
    operation: str
    parameters: Mapping[str, Any] = field(repr=False)
    headers: Headers | None
    address: Address
    credentials: Credentials | None
    trusted: str | None
    """The file of certificates to trust; None for botocore's."""
    attempts: int

    def answer(self) -> dict[str, Any]:
        """What botocore's client would return. Raises what it would raise."""
        protocol, identifier = self.protocol, _unique()
        request = protocol.request(self.operation, self.parameters)
        url = self.address.url.rstrip("/") + request.target
        for attempt in range(1, self.attempts + 1):
            is_last = attempt == self.attempts
            try:
                answer = self._sent(request, url, identifier, attempt)
            except http.Unreachable as error:
                if is_last or error.step in {"request", "size"}:
                    raise _unreachable(error, url) from None
            else:
                if answer.status < 300:  # noqa: PLR2004  # what is not a success, is a refusal
                    return _described(protocol.result(self.operation, answer), answer)
                refusal = _described(protocol.refusal(answer), answer)
                again = answer.status in _TRANSIENT_STATUS
                if is_last or not (again or refusal["Error"].get("Code") in RETRIED):
                    from botocore.exceptions import ClientError

                    raise ClientError(refusal, self.operation)
            import random

            longest = min(2 ** (attempt - 1), _LONGEST_PAUSE)
            self.system.sleep(random.random() * longest)  # noqa: S311  # it keeps callers apart
        raise AssertionError("the last attempt returns or raises")

    def _sent(self, request: Request, url: str, identifier: str, attempt: int) -> http.Answer:
        headers = {**request.headers, "Host": self._host()}
        if self.credentials:
            headers = signed(
                headers,
                request.body or b"",
                self.credentials,
                region=self.address.region,
                service="sts",
                moment=self.system.clock() + self.system.server_time.ahead,
            )
        headers |= {
            "User-Agent": _user_agent(self.system.environ),
            "amz-sdk-invocation-id": identifier,
            "amz-sdk-request": f"attempt={attempt}; max={self.attempts}",
            **(self.headers(url) if self.headers else {}),
        }
        return http.ask(
            request.method,
            url,
            headers,
            seconds=READ_SECONDS,
            connect_seconds=CONNECT_SECONDS,
            body=request.body,
            ca_bundle=self.trusted or trust_store(),
            likely=None if self.trusted else "Amazon Root CA",
        )

    def _host(self) -> str:
        scheme, _, host = self.address.url.rstrip("/").partition("://")
        return host.removesuffix(_DEFAULT_PORTS[scheme])


def _unreachable(error: http.Unreachable, url: str) -> Exception:
    """The error that botocore raises for it."""
    if error.step == "size":
        return LookupError("size")
    import botocore.exceptions

    step = "timeout" if isinstance(error.error, TimeoutError) else error.step
    name = _ERRORS.get((error.step, step)) or _ERRORS[error.step, ""]
    kind: Callable[..., Exception] = getattr(botocore.exceptions, name)
    return kind(endpoint_url=url, error=error.error or error)


_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_ERRORS = {
    ("request", ""): "HTTPClientError",
    ("connect", ""): "EndpointConnectionError",
    ("connect", "timeout"): "ConnectTimeoutError",
    ("tls", ""): "SSLError",
    ("exchange", ""): "ConnectionClosedError",
    ("exchange", "timeout"): "ReadTimeoutError",
}
"""botocore's errors by the step that failed, and where another one tells of a timeout."""


def _unique() -> str:
    """A random UUID; the module for them takes longer to load."""
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _described(found: dict[str, Any], answer: http.Answer) -> dict[str, Any]:
    found["ResponseMetadata"] |= {
        "HTTPStatusCode": answer.status,
        "HTTPHeaders": dict(answer.headers),
    }
    return found


def _user_agent(environ: Mapping[str, str]) -> str:
    python = ".".join(map(str, sys.version_info[:3]))
    where = _UNNAMED.sub("-", environ.get("AWS_EXECUTION_ENV", ""))
    text = f"keystead/{__version__} os/{sys.platform} lang/python#{python}"
    return f"{text} exec-env/{where}" if where else text


_UNNAMED = re.compile(r"[^!$%&'*+.^_`|~0-9A-Za-z-]")


def _protocol(service: str) -> ModuleType:
    if service == "sts":
        from keystead.resolve.aws import query

        return query
    from keystead.resolve.aws import rest_json

    return rest_json


def direct_call(
    system: System,
    settings: ClientSettings,
    credentials: Credentials | None,
    call: tuple[str, str],
    parameters: Mapping[str, Any],
    *,
    headers: Headers | None = None,
    endpoint_url: str | None = None,
) -> DirectCall | None:
    """The call of a service's operation, if it is certain to be what botocore would do; None
    leaves it to botocore.
    """
    service, operation = call
    protocol = _protocol(service)
    known = protocol.OPERATIONS.get(operation)
    attempts, place = _attempts(settings), address(service, settings, endpoint_url)
    if (
        known is None
        or known.service != service
        or place is None
        or attempts is None
        or known.is_signed != (credentials is not None)
        or (known.is_signed and headers)
        or not protocol.is_valid(known, parameters)
        or any(name != "s3" for name, _ in settings.blocks)
        or any(map(system.environ.get, _LEFT_TO_BOTOCORE))
        or has_other_models(system)
        or http.is_proxied(place.url)
    ):
        return None
    trusted = settings.get("ca_bundle") or system.environ.get("REQUESTS_CA_BUNDLE")
    return DirectCall(
        system, protocol, operation, parameters, headers, place, credentials, trusted, attempts
    )


def _attempts(settings: ClientSettings) -> int | None:
    """How often a request is sent; None for other rules of retrying."""
    mode, number = settings.get("retry_mode"), settings.get("max_attempts")
    if mode is None and number is None:
        return MOST_ATTEMPTS
    if mode != "standard" or (number and not _ATTEMPTS.fullmatch(number)):
        return None
    return int(number or _DEFAULT_ATTEMPTS)
