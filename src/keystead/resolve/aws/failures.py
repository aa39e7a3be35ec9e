"""Errors for failed calls to AWS, made from botocore's without their secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from keystead.errors import ProviderError, WrongMfaCode
from keystead.model.calls import FALLBACK_REGION
from keystead.model.credentials import Credentials
from keystead.secret import MASK, redact

_LONGEST_MESSAGE = 500
_USER_IN_URL = re.compile(r"(://)[^/?#\s\"']*@")

_SECRET_PARAMETERS = frozenset(
    {
        "TokenCode",
        "WebIdentityToken",
        "accessToken",
        "clientSecret",
        "code",
        "codeVerifier",
        "deviceCode",
        "refreshToken",
    }
)

_VALUES = re.compile(r"(?:, )?value: .*?(?=, type:|, valid|$)", re.DOTALL | re.MULTILINE)
"""The quoted values in a report on parameters."""

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
    "CreateOAuth2Token": {
        "AUTHCODE_EXPIRED": "the code has expired: sign in again",
        "INSUFFICIENT_PERMISSIONS": "who signs in needs the permissions of the managed policy "
        "`SignInLocalDevelopmentAccess`",
        "AccessDenied": "sign in again",
    },
    "AssumeRoleWithWebIdentity": {
        "Expired": "the web identity token has expired; check that what writes it into the file "
        "renews it",
        "InvalidIdentityToken": "check that the identity provider is set up in IAM, in the "
        "account of the role",
        "AccessDenied": "check that the role's trust policy allows the subject and the audience "
        "of the token",
    },
    "GetFederationToken": {
        "AccessDenied": "the policies of the user have to allow `sts:GetFederationToken`",
    },
    "GetRoleCredentials": {
        "Forbidden": "who is logged in has no access to that permission set in that account: "
        "`keystead sso accounts` shows what there is",
        "ResourceNotFound": "check `sso_account_id` and `sso_role_name`",
    },
}
"""The same for one operation; these come first."""

_PARTITIONS = {"aws-us-gov": ("us-gov-", "us-gov-west-1"), "aws-cn": ("cn-", "cn-north-1")}
"""Partitions other than the commercial one: how the names of their regions begin, and one."""


_OF_OTHER_TYPES = (AttributeError, TypeError, RecursionError)
"""What botocore's parsers raise for an answer of other types or nesting than its model says."""


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
        *_OF_OTHER_TYPES,
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
        oauth, description = map(error.response.get, ("error", "error_description"))
        if service == "signin" and isinstance(oauth, str):
            code = oauth  # which says more than the class of the error
        message = str(details.get("Message") or description or "")
        rows = (*_HINTS_OF.get(operation, {}).items(), *_HINTS.items())
        by_word = (text for word, text in rows if word in code or word in message or word == oauth)
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
    if isinstance(error, (botocore.parsers.ResponseParserError, LookupError, *_OF_OTHER_TYPES)):
        # The first one's text is the answer itself, which may be anything.
        return unusable(service, operation)
    if type(error) is botocore.exceptions.HTTPClientError:
        # Any error of the HTTP library; its text quotes headers and addresses.
        text = "the HTTP library could not send the request"
    elif begun and isinstance(error, ValueError):
        # A port, or a number or date in the answer; its text quotes it.
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


def unusable(service: str, operation: str) -> ProviderError:
    """The error for an answer that is not what the service answers: another program's, say."""
    return ProviderError(
        f"{service} answered {operation} with something that cannot be used",
        id="service-answer-unusable",
        hint="check AWS_ENDPOINT_URL, and that no proxy or sign-in page answers instead",
    )


def _clean(text: str, credentials: Credentials | None, parameters: Mapping[str, Any]) -> str:
    """``text`` on one line, cut short, and without what is secret, be it quoted for a URL."""
    secrets = [*_secrets(parameters)]
    if credentials:
        secrets += [credentials.secret_access_key, credentials.session_token or ""]
    text = redact(text, *secrets, *(quote(secret, safe="") for secret in secrets))
    text = _USER_IN_URL.sub(rf"\1{MASK}@", text)
    return " ".join(text.split())[:_LONGEST_MESSAGE].rstrip(".")  # cut last: no half of a secret


def _secrets(parameters: Mapping[str, Any]) -> Iterator[str]:
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _secrets(value)
        elif name in _SECRET_PARAMETERS:
            yield str(value or "")
