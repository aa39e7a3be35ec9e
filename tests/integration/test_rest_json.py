"""Calls to IAM Identity Center and AWS Sign-In by keystead's own client: the same requests,
answers and errors as botocore's.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from keystead.botocore_session import partitions, service_session
from keystead.model.client_settings import ClientSettings
from keystead.resolve.aws import rest_json
from keystead.resolve.aws.addresses import address
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.aws.direct import direct_call
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN
from tests.conftest import Keystead
from tests.direct_calls import (
    IN_REGION,
    Outcome,
    answer,
    client_libraries,
    headers,
    outcomes,
    speaking,
)

TOKEN = "aoa~a/b+c="
CLIENT = {"clientId": "a-b_c", "clientSecret": SECRET_KEY}
ROLE = {"roleName": "Team/Admin +ü", "accountId": "123456789012", "accessToken": TOKEN}
KEYS = {
    "accessKeyId": ACCESS_KEY_ID,
    "secretAccessKey": SECRET_KEY,
    "sessionToken": SESSION_TOKEN,
}
SIGN_IN = {"clientId": "arn:aws:signin:::devtools/same-device"}
VERIFIER = "v" * 43

REQUESTS: Mapping[str, tuple[str, str, dict[str, Any], object]] = {
    "credentials": (
        "sso",
        "GetRoleCredentials",
        ROLE,
        {"roleCredentials": {**KEYS, "expiration": 4102444800000, "new": 1}},
    ),
    "accounts": (
        "sso",
        "ListAccounts",
        {"accessToken": TOKEN, "maxResults": 100, "nextToken": "a=/+ b"},
        {
            "accountList": [
                {"accountId": "1", "accountName": "a/:]ü", "emailAddress": None},
                None,
                {"extra": 1},
            ],
            "nextToken": "",
        },
    ),
    "accounts without a page": ("sso", "ListAccounts", {"accessToken": TOKEN}, {}),
    "roles": (
        "sso",
        "ListAccountRoles",
        {"accountId": "1", "accessToken": TOKEN, "maxResults": 1},
        {"roleList": [{"roleName": "Admin", "accountId": "1"}], "nextToken": None},
    ),
    "logout": ("sso", "Logout", {"accessToken": TOKEN}, "anything"),
    "registration": (
        "sso-oidc",
        "RegisterClient",
        {
            "clientName": "naïve “name”",
            "clientType": "public",
            "scopes": ["sso:account:access"],
            "redirectUris": ["http://127.0.0.1/oauth/callback"],
            "grantTypes": ["authorization_code", "refresh_token"],
            "issuerUrl": "https://example.awsapps.com/start",
        },
        {**CLIENT, "clientIdIssuedAt": 1, "clientSecretExpiresAt": "2", "tokenEndpoint": "x"},
    ),
    "short registration": (
        "sso-oidc",
        "RegisterClient",
        {"clientName": "a", "clientType": "public", "scopes": []},
        CLIENT,
    ),
    "device": (
        "sso-oidc",
        "StartDeviceAuthorization",
        {**CLIENT, "startUrl": "https://example.awsapps.com/start"},
        {"deviceCode": "a", "userCode": "b", "verificationUri": "c", "expiresIn": 6.5},
    ),
    "token": (
        "sso-oidc",
        "CreateToken",
        {**CLIENT, "grantType": "refresh_token", "refreshToken": "a", "scope": ["b"]},
        {"accessToken": "a", "expiresIn": 3600, "tokenType": "Bearer", "idToken": [1]},
    ),
    "sign-in": (
        "signin",
        "CreateOAuth2Token",
        {
            "tokenInput": {
                **SIGN_IN,
                "grantType": "authorization_code",
                "code": "a",
                "codeVerifier": VERIFIER,
                "redirectUri": "http://127.0.0.1:1/oauth/callback",
            }
        },
        {"accessToken": KEYS, "tokenType": "aws_sigv4", "expiresIn": 900, "refreshToken": "r"},
    ),
}


def compared(service: str, operation: str, parameters: Any, *answers: bytes) -> Outcome:
    """What came of a call by keystead's own client, equal to what came of botocore's."""
    ours, theirs = outcomes(
        operation,
        parameters,
        *answers,
        service=service,
        keys=None,
        more=(lambda url: {"DPoP": f"proof for {url}"}) if service == "signin" else None,
    )
    assert ours == theirs
    return ours


@pytest.mark.parametrize("case", REQUESTS.values(), ids=REQUESTS.keys())
def test_request_and_answer_are_those_of_botocore(
    case: tuple[str, str, dict[str, Any], object],
) -> None:
    service, operation, parameters, body = case
    found = compared(service, operation, parameters, answer(json.dumps(body)))
    assert found.error is None
    assert len(found.requests) == 1
    _, _, given = found.requests[0]
    assert ("dpop" in given) == (service == "signin")


def refusal(
    status: int, body: object, code: str | None = None, more: str = "x-amzn-RequestId: id-1\r\n"
) -> bytes:
    named = f"x-amzn-ErrorType: {code}\r\n" if code else ""
    return answer(body if isinstance(body, str) else json.dumps(body), status, named + more)


FOUND = answer(json.dumps({"accountList": []}))
ANSWERS: Mapping[str, tuple[bytes, ...]] = {
    "denied": (refusal(401, {"message": "no"}, "UnauthorizedException"),),
    "a code with an address": (refusal(400, {"message": "no"}, "com.a#Some:http://a/b"),),
    "a code in the body": (refusal(403, {"Message": "no", "code": "a.b#Forbidden"}),),
    "a type in the body": (refusal(400, {"__type": "a.b#SomeException:x"}),),
    "neither code nor type": (refusal(404, {"message": "no such page"}),),
    "an empty refusal": (refusal(400, ""),),
    "a refusal that is no JSON": (refusal(403, "<html>no</html>"),),
    "a secret in the message": (refusal(400, {"message": f"{TOKEN} no"}, "Any"),),
    "throttled": (refusal(429, {"message": "slow"}, "TooManyRequestsException"),),
    "throttled once": (refusal(429, "{}", "TooManyRequestsException"), FOUND),
    "throttled without a code": (refusal(429, ""), FOUND),
    "failing": (refusal(500, ""),),
    "failing once": (refusal(503, "<html>no</html>"), FOUND),
    "failing with words": (refusal(500, {"message": "sorry"}, "InternalServerException"),),
    "redirected": (answer("", 307, "Location: http://127.0.0.1:9/\r\n"),),
    "nothing": (answer(""),),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n",),
    "a page": (answer("<html>sign in</html>"),),
    "no UTF-8": (answer("").replace(b"Length: 0", b"Length: 1") + b"\xff",),
    "nested too deeply": (answer("[" * 100_000),),
    "cut short": (FOUND[:-5],),
    "hung up once": (b"", FOUND),
    "a late date": (answer("{}", headers="Date: Sun, 01 Mar 2026 10:00:00 GMT\r\n"),),
}


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_have_the_outcome_of_botocore(answers: tuple[bytes, ...]) -> None:
    found = compared("sso", "ListAccounts", {"accessToken": TOKEN}, *answers)
    assert found.requests
    assert TOKEN not in str(found.error)


OAUTH = {
    "sso-oidc": (
        "CreateToken",
        {**CLIENT, "grantType": "authorization_code", "code": "a-code", "codeVerifier": VERIFIER},
    ),
    "signin": (
        "CreateOAuth2Token",
        {
            "tokenInput": {
                **SIGN_IN,
                "grantType": "authorization_code",
                "code": "a-code",
                "codeVerifier": VERIFIER,
                "refreshToken": SECRET_KEY,
            }
        },
    ),
}


@pytest.mark.parametrize(
    ("service", "body", "text"),
    [
        ("sso-oidc", {"error": "invalid_grant", "error_description": "Invalid token"}, "Invalid"),
        ("sso-oidc", {"error_description": f"no {SECRET_KEY} {VERIFIER} a-code"}, "no ***"),
        ("signin", {"error": "TOKEN_EXPIRED", "message": "expired"}, "expired"),
        ("signin", {"error": "INSUFFICIENT_PERMISSIONS", "message": "denied"}, "denied"),
        ("signin", {"message": f"no {SECRET_KEY} {VERIFIER} a-code"}, "no ***"),
    ],
)
def test_refusals_of_oauth_are_explained_without_secrets(
    service: str, body: dict[str, str], text: str
) -> None:
    found = compared(service, *OAUTH[service], refusal(400, body, "AccessDeniedException"))
    assert text in str(found.error)
    assert not [value for value in (SECRET_KEY, VERIFIER, "a-code") if value in str(found.error)]


@pytest.mark.parametrize(
    "body", [[], 1, None, {"accountList": 1}, {"accountList": [1]}, {"accountList": [[]]}], ids=str
)
def test_an_answer_of_another_shape_cannot_be_used(body: object) -> None:
    found = compared("sso", "ListAccounts", {"accessToken": TOKEN}, answer(json.dumps(body)))
    assert "answered ListAccounts with something that cannot be used" in str(found.error)


@pytest.mark.parametrize("seconds", ["soon", "5", [], {}, 1e400, None, True, 0.5, 3600], ids=str)
def test_numbers_are_read_as_by_botocore(seconds: object) -> None:
    body = json.dumps({"accessToken": "a", "expiresIn": seconds})
    parameters = {**CLIENT, "grantType": "refresh_token", "refreshToken": "a"}
    assert compared("sso-oidc", "CreateToken", parameters, answer(body))


def test_no_connection_has_the_outcome_of_botocore() -> None:
    ours, theirs = outcomes(
        "GetRoleCredentials", ROLE, url="http://127.0.0.1:1", service="sso", keys=None
    )
    assert "/federation/credentials?role_name=Team%2FAdmin" in str(ours.error)
    assert ours.error == theirs.error


def test_each_attempt_has_new_headers() -> None:
    proofs = itertools.count()
    system = System(dict(os.environ), sleep=lambda _: None)
    with speaking((answer("", 500), FOUND)) as (url, received):
        client = AwsClient(system, IN_REGION, endpoint_url=url)
        client.call(
            "signin",
            "CreateOAuth2Token",
            REQUESTS["sign-in"][2],
            lambda _: {"DPoP": f"{next(proofs)}"},
        )
    assert [headers(request)["dpop"] for request in received] == ["0", "1"]


SERVICES = ("sso", "sso-oidc", "signin")
REGIONS = sorted({name for row in partitions() for name in row["regions"]})
DUAL_STACK, FIPS = ("use_dualstack_endpoint", "true"), ("use_fips_endpoint", "true")


@pytest.mark.parametrize("service", SERVICES)
def test_addresses_are_those_of_botocore(service: str) -> None:
    known = 0
    model = service_session(service).get_service_model(service)
    operation = next(name for name, row in rest_json.OPERATIONS.items() if row.service == service)
    for region, values in itertools.product(
        [*REGIONS, None], [(), (DUAL_STACK,), (FIPS,), (DUAL_STACK, FIPS)]
    ):
        settings = ClientSettings(region, values=values)
        found = address(service, settings, None)
        if found:
            known += 1
            other = System({**os.environ, "AWS_DATA_PATH": "/nowhere"})
            assert found.url == AwsClient(other, settings).address(service, operation) + "/"
    assert model
    assert known >= (len(REGIONS) - 10) * (1 if service == "signin" else 3)


@pytest.mark.parametrize("name", rest_json.OPERATIONS)
def test_tables_of_operations_are_those_of_the_model(name: str) -> None:
    ours = rest_json.OPERATIONS[name]
    model = service_session(ours.service).get_service_model(ours.service).operation_model(name)
    assert model.auth_type == "none"
    assert (model.http["method"], model.http["requestUri"]) == (ours.method, ours.path)
    given, result = model.input_shape, model.output_shape
    if ours.payload:
        assert ours.payload == (given.serialization["payload"], result.serialization["payload"])
        given, result = given.members[ours.payload[0]], result.members[ours.payload[1]]
    assert ours.members == (_members(result) if result else {})
    assert ours.required == set(given.required_members)
    assert ours.required | ours.optional == set(given.members)
    for member, shape in given.members.items():
        place = {"querystring": rest_json.IN_QUERY, "header": rest_json.IN_HEADERS}
        location = shape.serialization.get("location")
        assert (member in rest_json.IN_QUERY, member in rest_json.IN_HEADERS) == (
            location == "querystring",
            location == "header",
        )
        expected = place[location][member] if location else member
        assert shape.serialization.get("name", member) == expected
        kind = "list" if member in rest_json.LISTS else "string"
        assert shape.type_name == ("integer" if member == "maxResults" else kind)
        least = rest_json.LEAST.get(member, 0) if ours.payload else int(member == "maxResults")
        assert shape.metadata.get("min", 0) == least


def _members(shape: Any) -> Any:
    if shape.type_name == "structure":
        return {name: _members(row) for name, row in shape.members.items()}
    if shape.type_name == "list":
        return [_members(shape.member)]
    return {"string": str, "integer": int, "long": int}[shape.type_name]


UNUSUAL: Mapping[str, dict[str, Any]] = {
    "another operation": {"call": ("sso-oidc", "CreateTokenWithIAM")},
    "an operation of another service": {"call": ("sso-oidc", "GetRoleCredentials")},
    "an unknown parameter": {"parameters": {**ROLE, "x": "y"}},
    "a missing one": {"parameters": {"accessToken": TOKEN}},
    "a number for text": {"parameters": {**ROLE, "accountId": 1}},
    "a line break in a header": {"parameters": {**ROLE, "accessToken": "a\nb"}},
    "an empty token": {"parameters": {**ROLE, "accessToken": ""}},
    "no page": {
        "call": ("sso", "ListAccounts"),
        "parameters": {"accessToken": TOKEN, "maxResults": 0},
    },
    "a text for a list": {
        "call": ("sso-oidc", "RegisterClient"),
        "parameters": {"clientName": "a", "clientType": "public", "scopes": "a"},
    },
    "a payload that is none": {
        "call": ("signin", "CreateOAuth2Token"),
        "parameters": {"tokenInput": "a"},
    },
    "a short verifier": {
        "call": ("signin", "CreateOAuth2Token"),
        "parameters": {"tokenInput": {**SIGN_IN, "grantType": "a", "codeVerifier": "short"}},
    },
    "a path in the address": {"endpoint_url": "http://127.0.0.1:1/path"},
    "an unknown region": {"settings": ClientSettings("eu-west-99")},
    "other retries": {"settings": replace(IN_REGION, values=(("retry_mode", "adaptive"),))},
}


@pytest.mark.parametrize("given", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_unusual_calls_are_left_to_botocore(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", ".amazonaws.com,127.0.0.1")
    assert _is_own({})
    assert not _is_own(given)


def _is_own(given: dict[str, Any]) -> bool:
    row = {"settings": IN_REGION, "credentials": None, "call": ("sso", "GetRoleCredentials")}
    row |= {"parameters": ROLE, **given}
    return direct_call(System({}), **row) is not None


def test_credentials_of_a_login_load_no_client_library(keystead: Keystead) -> None:
    config = keystead.home / ".aws" / "config"
    name = hashlib.sha1(b"corp").hexdigest()
    cache = keystead.home / ".aws" / "sso" / "cache" / f"{name}.json"
    cache.parent.mkdir(parents=True)
    config.write_text(
        "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://a.awsapps.com/start\n"
        "[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Dev\n"
    )
    cache.write_text(json.dumps({"accessToken": TOKEN, "expiresAt": "2099-01-01T00:00:00Z"}))
    body = {"roleCredentials": {**KEYS, "expiration": 4102444800000}}
    with speaking((answer(json.dumps(body)),)) as (url, received):
        env = {"AWS_ENDPOINT_URL_SSO": url, "PYTHONPROFILEIMPORTTIME": "1"}
        done = keystead("process", "dev", env=env)
        assert len(received) == 1
    assert done.code == 0
    assert "keystead.resolve.aws.rest_json" in done.stderr
    assert not client_libraries(done.stderr)
