"""Calls to AWS: common ones by `direct`, all others through botocore, imported when one is due.

botocore gets its credentials, region and endpoint from here and is prevented from reading the
shared files itself: it would refuse files that the SDK rules accept, and search other sources.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

from keystead.botocore_session import service_id, service_session
from keystead.errors import KeysteadError, ProviderError, UsageError
from keystead.model.calls import FALLBACK_REGION
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.resolve.aws.addresses import SERVICE_IDS, address, has_other_models
from keystead.resolve.aws.failures import answer_of, explained, failures
from keystead.system import System
from keystead.system.server_time import TOLERANCE
from keystead.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

Headers = Callable[[str], Mapping[str, str]]
"""Headers of a request, made from its address."""

CONNECT_SECONDS = 5
READ_SECONDS = 20
MOST_ATTEMPTS = 4
"""The attempts of a call where the settings say nothing of retries."""

_PAGE_SECONDS = 60
_LONG_SECONDS = 910
_TAKE_LONG = {("lambda", "Invoke"), ("lambda", "InvokeWithResponseStream")}
_GLOBAL = ("s3", "sts")
"""Services of regions that have an address without one too."""

_CONNECTIONS = 10
"""How many connections botocore caches by default."""
_RETRIES = {"mode": "standard", "total_max_attempts": MOST_ATTEMPTS}
_NO_RETRIES = {"mode": "standard", "total_max_attempts": 1}

_CLOCK_CODES = frozenset(
    {
        "AuthFailure",
        "INVALID_REQUEST",  # of AWS Sign-In, to the time in a proof of possession
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
"""What services say, among others, to a request that is dated too early or too late."""


class _Made(Exception):
    """Raised with the URL of a request in place of sending it."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class AwsClient:
    """Calls operations of AWS services with one set of settings and credentials.

    ``client_settings`` are the ones in effect: region, addresses, FIPS, dual stack, CA bundle and
    retries. ``credentials`` None leaves requests unsigned, for operations that carry a token
    instead. ``endpoint_url`` takes precedence over the addresses.
    """

    def __init__(
        self,
        system: System,
        client_settings: ClientSettings,
        credentials: Credentials | None = None,
        endpoint_url: str | None = None,
    ) -> None:
        self._system = system
        self._settings = client_settings
        self._credentials = credentials
        self._endpoint_url = endpoint_url

    def in_region(self, region: str) -> AwsClient:
        """The client that calls that region."""
        settings = replace(self._settings, region=region)
        return AwsClient(self._system, settings, self._credentials, self._endpoint_url)

    def call(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        headers: Headers | None = None,
    ) -> dict[str, Any]:
        """The answer of one operation, such as ``call("sts", "AssumeRole", {...})``.

        Throttling, failing servers and connections that fail are tried as the settings say, else
        up to four times with pauses that grow, all within a time limit. Requests to STS are dated
        by the server's time where this machine's clock is wrong, which the first answer tells.
        ``headers`` are sent in addition. Raises `ProviderError`, whose text holds none of the
        credentials even when the service's answer quotes them.
        """
        before = self._system.server_time.ahead
        try:
            return self._call(service, operation, parameters, headers)
        except ProviderError as error:
            moved = abs(self._system.server_time.ahead - before).total_seconds()
            if not (moved > TOLERANCE and error.code in _CLOCK_CODES):
                raise
        return self._call(service, operation, parameters, headers)

    def pages(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        paged: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """The answer, or the answers page by page.

        Raises `UsageError` for parameters that do not fit, and `ProviderError` with the service's
        code and the id of the request; the pages before it are out by then.
        """
        begun = False
        try:
            seconds = _LONG_SECONDS if (service, operation) in _TAKE_LONG else _PAGE_SECONDS
            if paged:
                from botocore import xform_name

                client = self.botocore_client(service, read_seconds=seconds)
                begun = True
                yield from client.get_paginator(xform_name(operation)).paginate(**parameters)
            else:
                send = self._prepared(service, operation, parameters, seconds)
                begun = True
                yield send()
        except failures() as error:
            what = (service, operation, self._credentials, parameters)
            explained_error = explained(error, *what, begun=begun)
            if explained_error.id == "request-invalid":
                raise UsageError(explained_error.message, id="parameters-invalid") from None
            raise _with_request_id(explained_error, error) from None

    def address(self, service: str, operation: str) -> str:
        """The scheme, host and port that the operation is sent to, or the URL that is configured,
        without calling anything.

        Raises `ValueError` where no address can be made, such as for a region that is not a host
        name.
        """
        configured = self._settings.endpoints.url(SERVICE_IDS.get(service) or service_id(service))
        if configured:
            return configured
        known = address(service, self._settings, None)
        if known and not has_other_models(self._system):
            return known.url.rstrip("/")
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError

        def made(request: object, **_: object) -> NoReturn:
            raise _Made(str(getattr(request, "url", "")))

        try:
            client = self.botocore_client(service, checked=False)
            client.meta.events.register("request-created", made)
            getattr(client, xform_name(operation))()
        except _Made as request:
            parts = urlsplit(request.url)
            return f"{parts.scheme}://{parts.netloc}"
        except BotoCoreError as error:
            raise ValueError(str(error)) from None
        raise AssertionError("a request is made for each operation")

    def botocore_client(
        self,
        service: str,
        *,
        read_seconds: int = READ_SECONDS,
        checked: bool = True,
        bulk: int | None = None,
    ) -> Any:  # noqa: ANN401  # botocore makes the class of a client at run time
        """A botocore client that uses what it is given and searches nothing itself.

        Without a region the request goes to the service's global address, or where there is none
        to `FALLBACK_REGION`. ``checked`` is whether parameters are. ``bulk`` is for
        that many calls at once, which the caller tries again itself.
        """
        from botocore import UNSIGNED
        from botocore.config import Config

        settings, keys = self._settings, self._credentials
        session = service_session(service)
        session.client_settings = settings
        sets_retries = any(map(settings.get, ("retry_mode", "max_attempts", "defaults_mode")))
        return session.create_client(
            service,
            region_name=settings.region or (None if service in _GLOBAL else FALLBACK_REGION),
            endpoint_url=self._endpoint_url,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=read_seconds,
                parameter_validation=checked,
                max_pool_connections=bulk or _CONNECTIONS,
                retries=_NO_RETRIES if bulk else None if sets_retries else _RETRIES,
                # Without it botocore would search for credentials.
                signature_version=_signature(service) if keys else UNSIGNED,
            ),
            aws_access_key_id=keys.access_key_id if keys else None,
            aws_secret_access_key=keys.secret_access_key if keys else None,
            aws_session_token=keys.session_token if keys else None,
        )

    def _call(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        headers: Headers | None,
    ) -> dict[str, Any]:
        who = self._credentials.access_key_id if self._credentials else "nobody"
        logging = sys.modules.get("logging")
        if logging:  # else nobody can have asked for it, and it takes long to load
            logging.getLogger("keystead").debug("%s %s as %s", service, operation, who)
        system, begun = self._system, False
        try:
            send = self._prepared(service, operation, parameters, READ_SECONDS, headers)
            begun = True
            answer = send()
        except failures() as error:
            system.server_time.learn(_date(answer_of(error)), system.clock())
            what = (service, operation, self._credentials, parameters)
            region = self._settings.region
            raise explained(error, *what, begun=begun, region=region) from None
        system.server_time.learn(_date(answer), system.clock())
        answer.pop("ResponseMetadata", None)
        return answer

    def _prepared(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        seconds: int,
        headers: Headers | None = None,
    ) -> Callable[[], dict[str, Any]]:
        """What sends the call: keystead's own client, or botocore's."""
        if service in SERVICE_IDS:
            from keystead.resolve.aws.direct import direct_call

            call = direct_call(
                self._system,
                self._settings,
                self._credentials,
                (service, operation),
                parameters,
                headers=headers,
                endpoint_url=self._endpoint_url,
            )
            if call:
                return call.answer
        from botocore import xform_name

        client = self.botocore_client(service, read_seconds=seconds)
        if headers:
            _send_in_addition(client, headers)

        def send() -> dict[str, Any]:
            with self._dated(service):
                try:
                    answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
                except (AttributeError, OverflowError, TypeError):  # JSON of another shape
                    raise LookupError(operation) from None
                return answer

        return send

    def _dated(self, service: str) -> AbstractContextManager[None]:
        """Dates the requests to STS within by the time of its servers, as far as it is known."""
        if service != "sts" or self._credentials is None:
            return contextlib.nullcontext()
        from keystead.resolve.aws import signer

        return signer.dated(self._system.clock() + self._system.server_time.ahead)


def _with_request_id(explained: ProviderError, error: Exception) -> KeysteadError:
    request = answer_of(error).get("ResponseMetadata", {}).get("RequestId")
    if not request:
        return explained
    text = f"{explained.message} (request id {request})"
    return ProviderError(text, id=explained.id, hint=explained.hint, code=explained.code)


def _date(answer: Mapping[str, Any]) -> str | None:
    """The header ``Date`` that came with an answer."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return date if isinstance(date, str) else None


def _send_in_addition(client: Any, headers: Headers) -> None:  # noqa: ANN401  # botocore's

    def add(request: Any, **_: Any) -> None:  # noqa: ANN401
        for name, value in headers(request.url).items():
            request.headers[name] = value

    client.meta.events.register("before-sign", add)


def _signature(service: str) -> str | None:
    """The version of the signature; None for the service's own."""
    if service != "sts":
        return None
    from keystead.resolve.aws import signer

    return signer.dated_version()
