"""The REST-JSON protocol of IAM Identity Center and AWS Sign-In: JSON in both directions.

The tables repeat what botocore's models of the services say; tests compare the two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from keystead.resolve.aws.protocol import Request, failing
from keystead.system.http import Answer
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Operation(NamedTuple):
    """One operation: ``members`` of its result, by their types or nested.

    ``payload`` names the parameter and the member of the result that are the body, if one is.
    """

    service: str
    method: str
    path: str
    members: Mapping[str, Any]
    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    payload: tuple[str, str] | None = None
    is_signed: bool = False


IN_QUERY = {
    "accountId": "account_id",
    "maxResults": "max_result",
    "nextToken": "next_token",
    "roleName": "role_name",
}
"""Parameters that are in the query of the address, by their names there."""

IN_HEADERS = {"accessToken": "x-amz-sso_bearer_token"}
"""Parameters that are headers."""

LISTS = frozenset({"grantTypes", "redirectUris", "scope", "scopes"})
"""Parameters that are lists of strings; `_COUNT` is an integer, and all others are strings."""

LEAST = {
    "code": 1,
    "codeVerifier": 43,
    "redirectUri": 1,
    "refreshToken": 1,
}
"""The least length of a string in a payload."""

_COUNT = "maxResults"
_OAUTH: tuple[str, ...] = ("error", "error_description")
_HEADER_VALUE = re.compile(r"[!-~]+")
_KEYS = {"accessKeyId": str, "secretAccessKey": str, "sessionToken": str}
_TOKEN_OPTIONS = frozenset(
    {"code", "codeVerifier", "deviceCode", "redirectUri", "refreshToken", "scope"}
)
_PAGES = frozenset({"maxResults", "nextToken"})

OPERATIONS = {
    "GetRoleCredentials": Operation(
        "sso",
        "GET",
        "/federation/credentials",
        {"roleCredentials": {**_KEYS, "expiration": int}},
        frozenset({"accessToken", "accountId", "roleName"}),
    ),
    "ListAccountRoles": Operation(
        "sso",
        "GET",
        "/assignment/roles",
        {"nextToken": str, "roleList": [{"roleName": str, "accountId": str}]},
        frozenset({"accessToken", "accountId"}),
        _PAGES,
    ),
    "ListAccounts": Operation(
        "sso",
        "GET",
        "/assignment/accounts",
        {
            "nextToken": str,
            "accountList": [{"accountId": str, "accountName": str, "emailAddress": str}],
        },
        frozenset({"accessToken"}),
        _PAGES,
    ),
    "Logout": Operation("sso", "POST", "/logout", {}, frozenset({"accessToken"})),
    "CreateToken": Operation(
        "sso-oidc",
        "POST",
        "/token",
        {
            "accessToken": str,
            "tokenType": str,
            "expiresIn": int,
            "refreshToken": str,
            "idToken": str,
        },
        frozenset({"clientId", "clientSecret", "grantType"}),
        _TOKEN_OPTIONS,
    ),
    "RegisterClient": Operation(
        "sso-oidc",
        "POST",
        "/client/register",
        {
            "clientId": str,
            "clientSecret": str,
            "clientIdIssuedAt": int,
            "clientSecretExpiresAt": int,
            "authorizationEndpoint": str,
            "tokenEndpoint": str,
        },
        frozenset({"clientName", "clientType"}),
        frozenset({"entitledApplicationArn", "grantTypes", "issuerUrl", "redirectUris", "scopes"}),
    ),
    "StartDeviceAuthorization": Operation(
        "sso-oidc",
        "POST",
        "/device_authorization",
        {
            "deviceCode": str,
            "userCode": str,
            "verificationUri": str,
            "verificationUriComplete": str,
            "expiresIn": int,
            "interval": int,
        },
        frozenset({"clientId", "clientSecret", "startUrl"}),
    ),
    "CreateOAuth2Token": Operation(
        "signin",
        "POST",
        "/v1/token",
        {
            "accessToken": _KEYS,
            "tokenType": str,
            "expiresIn": int,
            "refreshToken": str,
            "idToken": str,
        },
        frozenset({"clientId", "grantType"}),
        frozenset({"code", "codeVerifier", "redirectUri", "refreshToken"}),
        ("tokenInput", "tokenOutput"),
    ),
}


def is_valid(operation: Operation, parameters: Mapping[str, Any]) -> bool:
    """Whether the parameters are known to be what botocore would send unchanged."""
    least: Mapping[str, int] = {}
    if operation.payload:
        least, name = LEAST, operation.payload[0]
        if parameters.keys() != {name} or not isinstance(parameters[name], dict):
            return False
        parameters = parameters[name]
    names = parameters.keys()
    return operation.required <= names <= operation.required | operation.optional and all(
        _fits(name, value, least.get(name, 0)) for name, value in parameters.items()
    )


def _fits(name: str, value: object, least: int) -> bool:
    if name in IN_HEADERS:
        return isinstance(value, str) and bool(_HEADER_VALUE.fullmatch(value))
    if name in LISTS:
        return isinstance(value, list) and all(isinstance(text, str) for text in value)
    if name == _COUNT:
        return type(value) is int and value >= 1
    return isinstance(value, str) and len(value) >= least


def request(operation: str, parameters: Mapping[str, Any]) -> Request:
    """The request. Raises `ValueError` for text that has no encoding."""
    known = OPERATIONS[operation]
    found = parameters[known.payload[0]] if known.payload else parameters
    query = [(IN_QUERY[name], value) for name, value in found.items() if name in IN_QUERY]
    headers = {IN_HEADERS[name]: value for name, value in found.items() if name in IN_HEADERS}
    text = urlencode(query, quote_via=quote, safe="")
    target = f"{known.path}?{text}" if query else known.path
    if known.service == "sso":
        return Request(known.method, target, headers, None if known.method == "GET" else b"")
    return Request(
        known.method, target, {"Content-Type": "application/json"}, json.dumps(found).encode()
    )


def result(operation: str, answer: Answer) -> dict[str, Any]:
    """What a successful answer says.

    Raises `LookupError` where it is not one, and `ValueError` for text or a number that is not one.
    """
    known, metadata = OPERATIONS[operation], _metadata(answer)
    found = _structure(_document(answer.body), known.members) if known.members else {}
    return {known.payload[1]: found, **metadata} if known.payload else found | metadata


def refusal(answer: Answer) -> dict[str, Any]:
    """What another answer says: ``Error`` with ``Code`` and ``Message``, the request's id, and
    what OAuth calls ``error`` and ``error_description``.

    Raises `LookupError` where it is not that.
    """
    without_words = failing(answer)
    if without_words:
        return without_words
    found = _document(answer.body)
    code = answer.headers.get("x-amzn-errortype", found.get("code", found.get("Code")))
    if code is None:
        code = found.get("__type", str(answer.status))
    short = str(code).partition(":")[0].rpartition("#")[2]
    message = found.get("message", found.get("Message", ""))
    oauth = {name: found[name] for name in _OAUTH if name in found}
    return {"Error": {"Code": short, "Message": message}, **oauth, **_metadata(answer)}


def _metadata(answer: Answer) -> dict[str, dict[str, str]]:
    identifier = answer.headers.get("x-amzn-requestid")
    return {"ResponseMetadata": {"RequestId": identifier} if identifier else {}}


def _document(body: bytes) -> dict[str, Any]:
    """The body; what is not JSON counts as a message, as it does for botocore."""
    text = body.decode()
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {"message": text}
    return dict(_checked(found, dict))


def _structure(value: object, members: Mapping[str, Any]) -> dict[str, Any]:
    found = _checked(value, dict)
    return {
        name: _read(found[name], kind)
        for name, kind in members.items()
        if found.get(name) is not None
    }


def _read(value: object, kind: Any) -> object:  # noqa: ANN401  # a type, or nested
    if isinstance(kind, Mapping):
        return _structure(value, kind)
    if isinstance(kind, list):
        rows = _checked(value, list)
        return [None if row is None else _read(row, kind[0]) for row in rows]
    if kind is not int:
        return value
    try:
        return int(_checked(value, str, int, float))
    except OverflowError:
        raise LookupError("int") from None


def _checked(value: object, *kinds: type) -> Any:  # noqa: ANN401  # of JSON's kinds
    if isinstance(value, kinds):
        return value
    raise LookupError(kinds[0].__name__)
