"""Calls to AWS, through botocore, which is imported when the first call is due.

botocore gets its credentials, region and endpoint from here and is kept from reading the shared
files itself: it would refuse files that the SDK rules accept, and search sources of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keystead.botocore_session import isolated_session
from keystead.errors import ProviderError
from keystead.model.credentials import Credentials
from keystead.secret import redact

FALLBACK_REGION = "us-east-1"
"""Where STS, IAM and S3's list of buckets are asked when no region is set anywhere."""

_CONNECT_SECONDS = 5
_READ_SECONDS = 20
_ATTEMPTS = 3
_LONGEST_MESSAGE = 500

_HINTS = {
    "AccessDenied": "check the role's trust policy and, where it asks for one, `external_id`",
    "ExpiredToken": "the session has ended; get new temporary credentials",
    "InvalidClientTokenId": "the access key does not exist or was switched off",
    "InvalidAccessKeyId": "the access key does not exist or was switched off",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key",
    "MultiFactorAuthentication": "check the MFA device in `mfa_serial` and type a new code",
}


def call(
    service: str,
    operation: str,
    parameters: Mapping[str, Any],
    *,
    credentials: Credentials,
    region: str | None,
    environ: Mapping[str, str],
    endpoint_url: str | None = None,
) -> dict[str, Any]:
    """The answer of one operation, such as ``call("sts", "AssumeRole", {...}, ...)``.

    ``region`` None asks `FALLBACK_REGION`; ``endpoint_url`` None follows ``AWS_ENDPOINT_URL`` and
    ``AWS_ENDPOINT_URL_<SERVICE>`` of ``environ``. Raises `ProviderError`, whose text holds none
    of the credentials even when the service's answer quotes them.
    """
    import logging

    import botocore.exceptions
    from botocore import xform_name

    log = logging.getLogger("keystead")
    log.debug("%s %s as %s in %s", service, operation, credentials.access_key_id, region)
    client = _client(service, credentials, region, environ, endpoint_url)
    try:
        answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
    except botocore.exceptions.ClientError as error:
        details = error.response.get("Error", {})
        code = str(details.get("Code", "Unknown"))
        message = str(details.get("Message", ""))[:_LONGEST_MESSAGE]
        hint = next(
            (text for word, text in _HINTS.items() if word in code or word in message), None
        )
        raise ProviderError(
            _clean(f"{service} refused {operation}: {code}: {message}", credentials, parameters),
            hint=hint,
        ) from None  # the original holds the request, and with it the credentials
    except (botocore.exceptions.BotoCoreError, ValueError) as error:
        text = _clean(str(error)[:_LONGEST_MESSAGE], credentials, parameters)
        raise ProviderError(
            f"{service} could not be asked for {operation}: {text}",
            hint="check the network, the region and AWS_ENDPOINT_URL",
        ) from None
    answer.pop("ResponseMetadata", None)
    return answer


def _clean(text: str, credentials: Credentials, parameters: Mapping[str, Any]) -> str:
    one_line = " ".join(text.split()).rstrip(".")
    return redact(
        one_line,
        credentials.secret_access_key,
        credentials.session_token,
        parameters.get("TokenCode"),
    )


def _client(
    service: str,
    credentials: Credentials,
    region: str | None,
    environ: Mapping[str, str],
    endpoint_url: str | None,
) -> Any:  # noqa: ANN401  # botocore makes the class of a client at run time
    from botocore.config import Config

    return isolated_session().create_client(
        service,
        region_name=region or FALLBACK_REGION,
        endpoint_url=endpoint_url or configured_endpoint(service, environ),
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        verify=environ.get("AWS_CA_BUNDLE") or None,
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        ),
    )


def configured_endpoint(service: str, environ: Mapping[str, str]) -> str | None:
    """The endpoint that the environment sets for a service, the specific variable first."""
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    specific = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
    return environ.get(specific) or environ.get("AWS_ENDPOINT_URL") or None
