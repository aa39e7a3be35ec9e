"""Calls to AWS, through botocore, which is imported when the first call is due.

botocore gets its credentials, region and endpoint from here and is kept from reading the shared
files itself: it would refuse files that the SDK rules accept, and search sources of its own.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any
from urllib.parse import quote

from keystead.botocore_session import service_session
from keystead.errors import ProviderError, WrongMfaCode
from keystead.model.calls import FALLBACK_REGION
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.secret import MASK, redact
from keystead.system import System
from keystead.system.server_time import TOLERANCE

Headers = Callable[[str], Mapping[str, str]]
"""Headers of a request, made from its address."""

_CONNECT_SECONDS = 5
_READ_SECONDS = 20
_GLOBAL = ("s3", "sts")
"""Services of regions that have an address without one too."""

_RETRIES = {"mode": "standard", "total_max_attempts": 4}
_LONGEST_MESSAGE = 500
_USER_IN_URL = re.compile(r"(://)[^/?#\s\"']*@")

_SECRET_PARAMETERS = (
    "TokenCode",
    "WebIdentityToken",
    "accessToken",
    "clientSecret",
    "refreshToken",
)

_CLOCK_CODES = frozenset(
    {
        "AuthFailure",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
"""What services say, among others, to a request that is dated too early or too late."""

_VALUES = re.compile(r"(?:, )?value: .*?(?=, type:|, valid|$)", re.DOTALL | re.MULTILINE)
"""Where a report on parameters quotes one."""

_WRONG_MFA_CODE = "MultiFactorAuthentication failed with invalid MFA one time pass code"
"""How STS says, under the code ``AccessDenied``, that an MFA code is wrong, late or used."""

_HINTS = {
    "MultiFactorAuthentication": "check that `mfa_serial` is a device of the user whose keys call",
    "MaxSessionDuration": "lower `duration_seconds`, or have the role's maximum session duration "
    "raised in IAM",
    "role chaining": "a role that is assumed with another role's session is limited to one hour; "
    "lower `duration_seconds` to 3600",
    "AccessDenied": "check that the role's trust policy allows the caller, and set `external_id` "
    "or `mfa_serial` if it requires them",
    "ExpiredToken": "the session has expired; get new temporary credentials",
    "InvalidClientTokenId": "the access key does not exist or is inactive",
    "InvalidAccessKeyId": "the access key does not exist or is inactive",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key",
}
"""What to do, by a word in the code or the message."""

_HINTS_OF = {
    "AssumeRoleWithWebIdentity": {
        "Expired": "the web identity token has expired; check that what writes it into the file "
        "renews it",
        "InvalidIdentityToken": "check that the identity provider is set up in IAM, in the "
        "account of the role",
        "AccessDenied": "check that the role's trust policy allows the subject and the audience "
        "of the token",
    },
    "GetRoleCredentials": {
        "Forbidden": "who is logged in has no access to that permission set in that account: "
        "`aws sso list-accounts` and `list-account-roles` show what there is",
        "ResourceNotFound": "check `sso_account_id` and `sso_role_name`",
    },
}
"""The same for one operation; these come first."""

_PARTITIONS = {"aws-us-gov": ("us-gov-", "us-gov-west-1"), "aws-cn": ("cn-", "cn-north-1")}
"""Partitions beside AWS's commercial one: how the names of their regions begin, and one of them."""


def call(
    service: str,
    operation: str,
    parameters: Mapping[str, Any],
    *,
    credentials: Credentials | None,
    client_settings: ClientSettings,
    system: System,
    endpoint_url: str | None = None,
    headers: Headers | None = None,
) -> dict[str, Any]:
    """The answer of one operation, such as ``call("sts", "AssumeRole", {...}, ...)``.

    ``credentials`` None leaves the request unsigned, for operations that carry a token instead.
    ``client_settings`` are the ones in effect; ``endpoint_url`` takes precedence over their
    addresses. ``headers`` are sent besides.

    Throttling, failing servers and connections that fail are tried as the settings say, else up to
    four times with pauses that grow, all within a time limit. Requests to STS are dated by the
    server's time where this machine's clock is wrong, which the first answer tells. Raises
    `ProviderError`, whose text holds none of the credentials even when the service's answer quotes
    them.
    """

    def once() -> dict[str, Any]:
        client = partial(make_client, service, credentials, client_settings, endpoint_url)
        return _call(
            service,
            operation,
            parameters,
            credentials,
            client,
            system,
            headers,
            client_settings.region,
        )

    before = system.server_time.ahead
    try:
        return once()
    except ProviderError as error:
        learned = abs(system.server_time.ahead - before) > TOLERANCE
        if not (learned and error.code in _CLOCK_CODES):
            raise
    return once()


def _call(  # noqa: PLR0917  # as they come from `call`
    service: str,
    operation: str,
    parameters: Mapping[str, Any],
    credentials: Credentials | None,
    open_client: Callable[[], Any],
    system: System,
    headers: Headers | None,
    region: str | None,
) -> dict[str, Any]:
    import logging

    from botocore import xform_name

    log = logging.getLogger("keystead")
    who = credentials.access_key_id if credentials else "nobody"
    log.debug("%s %s as %s", service, operation, who)
    client = None
    try:
        client = open_client()
        if headers:
            _send_besides(client, headers)
        with dated(service, credentials, system):
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
    except failures() as error:
        system.server_time.learn(_date(answer_of(error)), system.clock())
        what = (service, operation, credentials, parameters)
        raise explained(error, *what, begun=client is not None, region=region) from None
    system.server_time.learn(_date(answer), system.clock())
    answer.pop("ResponseMetadata", None)
    return answer


def failures() -> tuple[type[Exception], ...]:
    """What botocore raises when an operation fails, for `explained`."""
    import botocore.exceptions
    import botocore.parsers

    return (
        botocore.exceptions.ClientError,
        botocore.exceptions.BotoCoreError,
        botocore.parsers.ResponseParserError,
        LookupError,
        ValueError,
        RuntimeError,
        OSError,
    )


def answer_of(error: Exception) -> Mapping[str, Any]:
    """What a service said as it refused; empty for a failure of another kind."""
    answer = getattr(error, "response", None)
    return answer if isinstance(answer, dict) else {}


def misfit(error: Exception) -> str:
    """What botocore says of parameters that do not fit, without their values."""
    report = getattr(error, "kwargs", {}).get("report", "")
    return " ".join(_VALUES.sub("", str(report)).split())


def explained(
    error: Exception,
    service: str,
    operation: str,
    credentials: Credentials | None,
    parameters: Mapping[str, Any],
    *,
    begun: bool,
    region: str | None = None,
) -> ProviderError:
    """The error to raise, `from None`, for one of the `failures`: they hold the request, and with
    it the credentials. ``begun`` is whether there was a client already; ``region`` the one that was
    called.
    """
    import botocore.exceptions
    import botocore.parsers

    if isinstance(error, botocore.exceptions.ClientError):
        details = error.response.get("Error", {})
        code = str(details.get("Code", "Unknown"))
        message = str(details.get("Message", ""))
        rows = (*_HINTS_OF.get(operation, {}).items(), *_HINTS.items())
        by_word = (text for word, text in rows if word in code or word in message)
        hint = _other_partition(parameters, region) or next(by_word, None)
        kind = WrongMfaCode if _WRONG_MFA_CODE in message else ProviderError
        return kind(
            _clean(f"{service} refused {operation}: {code}: {message}", credentials, parameters),
            hint=hint,
            code=code,
        )
    if isinstance(error, botocore.exceptions.NoRegionError):
        return ProviderError(
            f"{service} cannot be called for {operation}: no region is set",
            id="region-missing",
            hint=_other_partition(parameters, region)
            or "set `region` in the profile, or AWS_REGION",
        )
    if isinstance(error, botocore.exceptions.ParamValidationError):
        return ProviderError(
            f"{operation} cannot be sent: {misfit(error)}",
            id="request-invalid",
            hint="check the profile's settings, or the parameters, that it names",
        )
    if isinstance(error, botocore.parsers.ResponseParserError | LookupError):
        # The first one's text is the answer itself, which may be anything.
        return unusable(service, operation)
    if type(error) is botocore.exceptions.HTTPClientError:
        # Whatever the HTTP library stumbled over; its words quote headers and addresses.
        text = "the HTTP library could not send the request"
    elif begun and isinstance(error, ValueError):
        # A port, or a number or date in the answer; its words quote it.
        text = "the address or the answer has a value that cannot be read"
    else:
        text = _clean(str(error), credentials, parameters)
    return ProviderError(
        f"{service} could not be called for {operation}: {text}",
        id="service-unreachable",
        hint="check the network, the region and AWS_ENDPOINT_URL",
    )


def _other_partition(parameters: Mapping[str, Any], region: str | None) -> str | None:
    """What to do where a role is in another partition than the region that was called."""
    arn = str(parameters.get("RoleArn") or "")
    partition = arn.split(":")[1] if arn.count(":") > 1 else ""
    begins, example = _PARTITIONS.get(partition, ("", ""))
    if not begins or (region or FALLBACK_REGION).startswith(begins):
        return None
    return (
        f"the role is in the partition `{partition}`: set `region` of the profile to one of its "
        f"regions, such as {example}"
    )


def _date(answer: Mapping[str, Any]) -> str | None:
    """The header ``Date`` that came with an answer."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return date if isinstance(date, str) else None


def dated(
    service: str, credentials: Credentials | None, system: System
) -> AbstractContextManager[None]:
    """Dates the requests to STS within by the time of its servers, as far as it is known."""
    if service != "sts" or credentials is None:
        return contextlib.nullcontext()
    from keystead.resolve.aws import signer

    return signer.dated(system.clock() + system.server_time.ahead)


def _send_besides(client: Any, headers: Headers) -> None:  # noqa: ANN401  # botocore's

    def add(request: Any, **_: Any) -> None:  # noqa: ANN401
        for name, value in headers(request.url).items():
            request.headers[name] = value

    client.meta.events.register("before-sign", add)


def unusable(service: str, operation: str) -> ProviderError:
    """The error for an answer that is not what the service answers: another program's, say."""
    return ProviderError(
        f"{service} answered {operation} with something that cannot be used",
        id="service-answer-unusable",
        hint="check AWS_ENDPOINT_URL, and that no proxy or sign-in page answers instead",
    )


def _clean(text: str, credentials: Credentials | None, parameters: Mapping[str, Any]) -> str:
    """``text`` on one line, cut short, and without what is secret, be it quoted for a URL."""
    secrets = [str(parameters.get(name) or "") for name in _SECRET_PARAMETERS]
    if credentials:
        secrets += [credentials.secret_access_key, credentials.session_token or ""]
    text = redact(text, *secrets, *(quote(secret, safe="") for secret in secrets))
    text = _USER_IN_URL.sub(rf"\1{MASK}@", text)
    return " ".join(text.split())[:_LONGEST_MESSAGE].rstrip(".")  # cut last: no half of a secret


def make_client(
    service: str,
    credentials: Credentials | None,
    client_settings: ClientSettings,
    endpoint_url: str | None = None,
    *,
    read_seconds: int = _READ_SECONDS,
    checked: bool = True,
) -> Any:  # noqa: ANN401  # botocore makes the class of a client at run time
    """A botocore client that uses what it is given and searches nothing itself.

    ``endpoint_url`` takes precedence over the addresses of ``client_settings``. Without a region
    the request goes to the service's global address, or where there is none to `FALLBACK_REGION`.
    ``checked`` is whether parameters are.
    """
    from botocore import UNSIGNED
    from botocore.config import Config

    keys = (
        {
            "aws_access_key_id": credentials.access_key_id,
            "aws_secret_access_key": credentials.secret_access_key,
            "aws_session_token": credentials.session_token,
        }
        if credentials
        else {}
    )
    session = service_session(service)
    session.client_settings = client_settings
    return session.create_client(
        service,
        region_name=client_settings.region or (None if service in _GLOBAL else FALLBACK_REGION),
        endpoint_url=endpoint_url,
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=read_seconds,
            parameter_validation=checked,
            retries=None if _sets_retries(client_settings) else _RETRIES,
            # Without it botocore would look for credentials of its own.
            signature_version=_signature(service) if credentials else UNSIGNED,
        ),
        **keys,
    )


def _sets_retries(settings: ClientSettings) -> bool:
    return any(settings.get(name) for name in ("retry_mode", "max_attempts", "defaults_mode"))


def _signature(service: str) -> str | None:
    """The version of the signature; None for the service's own."""
    if service != "sts":
        return None
    from keystead.resolve.aws import signer

    return signer.dated_version()
