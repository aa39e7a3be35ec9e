"""`keystead.testing.SignIn` checks what AWS Sign-In checks: seen through botocore's own client."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session
from cryptography.hazmat.primitives.asymmetric import ec

from devtools.service import Reply, serving
from keystead.testing import SignIn
from keystead.testing.browser import open_page
from keystead.testing.jose import new_key, public_jwk, signed
from keystead.testing.oauth import sha256url
from keystead.testing.sign_in import CROSS_DEVICE, SAME_DEVICE
from tests.clocks import Clock

SESSION = Session()  # loads the model once
VERIFIER = "abcXYZ019-._~" * 4
KEY = new_key()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock) -> Iterator[SignIn]:
    with SignIn(clock=clock) as service:
        yield service


class Program:
    """A program that signs in as the AWS CLI does, by botocore's client."""

    def __init__(self, service: SignIn, clock: Clock) -> None:
        self.service = service
        self.clock = clock
        self.key = KEY
        self.proof: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.proofs: list[str] = []
        self.repeats_proof = False
        self.client = SESSION.create_client(
            "signin",
            region_name="eu-west-1",
            endpoint_url=service.url,
            config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
        )
        self.client.meta.events.register("before-call.signin.CreateOAuth2Token", self._prove)

    def _prove(self, params: dict[str, Any], **_: object) -> None:
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk(self.key)}
        claims = {
            "htm": "POST",
            "htu": params["url"],
            "iat": int(self.clock.now.timestamp()),
            "jti": f"proof {len(self.proofs)}",
        }
        if not self.repeats_proof:
            self.proofs.append(signed(self.key, header | self.header, claims | self.proof))
        params["headers"]["DPoP"] = self.proofs[-1]

    def url(self, callback: str, **changes: str) -> str:
        given = {
            "response_type": "code",
            "client_id": SAME_DEVICE,
            "state": "some state",
            "code_challenge_method": "SHA-256",
            "scope": "openid",
            "redirect_uri": callback,
            "code_challenge": sha256url(VERIFIER),
            **changes,
        }
        return f"{self.service.url}/v1/authorize?{urlencode({k: v for k, v in given.items() if v})}"

    def redirected(
        self, person: str = "ada", approve: bool = True, **changes: str
    ) -> dict[str, str]:
        """The parameters of the redirect to the client."""
        with serving(lambda _: Reply(200, "<p>Done")) as service:
            self.callback = f"{service.url}/oauth/callback"
            url = self.url(self.callback, **changes)
            assert self.service.sign_in(url, person, approve=approve).text == "Done"
        return dict(service.requests[0].query)

    def token(self, **given: str) -> dict[str, Any]:
        body = {"clientId": SAME_DEVICE, **given}
        return self.client.create_o_auth2_token(tokenInput=body)["tokenOutput"]

    def code(self, person: str = "ada", **changes: str) -> dict[str, Any]:
        given = {"code": self.redirected(person)["code"], "codeVerifier": VERIFIER}
        return self.token(
            grantType="authorization_code", **({**given, "redirectUri": self.callback} | changes)
        )

    def refresh(self, token: str) -> dict[str, Any]:
        return self.token(grantType="refresh_token", refreshToken=token)


@pytest.fixture
def program(service: SignIn, clock: Clock) -> Program:
    return Program(service, clock)


def error_of(call: Callable[[], object]) -> tuple[str, str, int]:
    """The exception of botocore's model, OAuth's word and the status."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return answer["Error"]["Code"], answer["error"], status


INVALID = ("ValidationException", "INVALID_REQUEST", 400)
EXPIRED = ("AccessDeniedException", "TOKEN_EXPIRED", 401)
USED_CODE = ("AccessDeniedException", "AUTHCODE_EXPIRED", 401)


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_code_becomes_credentials(program: Program, service: SignIn) -> None:
    found = program.code()
    assert found["accessToken"].keys() == {"accessKeyId", "secretAccessKey", "sessionToken"}
    assert (found["tokenType"], found["expiresIn"]) == ("aws_sigv4", 900)
    said = claims(found["idToken"])
    assert said["sub"] == service.login_session("ada") == "arn:aws:iam::123456789012:user/ada"


def test_person_can_be_any_session_of_the_console(program: Program) -> None:
    role = "arn:aws:sts::123456789012:assumed-role/Admin/ada"
    assert claims(program.code(role)["idToken"])["sub"] == role


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "email"}, "invalid_scope"),
    ],
)
def test_wrong_requests_are_sent_back_with_an_error(
    program: Program, changes: dict[str, str], error: str
) -> None:
    assert program.redirected(**changes) == {"error": error, "state": "some state"}


def test_person_can_deny(program: Program) -> None:
    assert program.redirected(approve=False) == {"error": "access_denied", "state": "some state"}


@pytest.mark.parametrize(
    ("client", "uri"),
    [
        (SAME_DEVICE, "http://localhost:1/oauth/callback"),
        (SAME_DEVICE, "http://127.0.0.1:1/oauth/callback/more"),
        (SAME_DEVICE, "http://example.com/oauth/callback"),
        (CROSS_DEVICE, "http://127.0.0.1:1/oauth/callback"),
        ("arn:aws:signin:::devtools/other", "http://127.0.0.1:1/oauth/callback"),
    ],
)
def test_no_browser_is_sent_to_an_unknown_address(program: Program, client: str, uri: str) -> None:
    assert open_page(program.url(uri, client_id=client)).status == 400


def test_other_device_is_shown_a_code_to_paste(program: Program, service: SignIn) -> None:
    confirmation = f"{service.url}/v1/sessions/confirmation"
    page = service.sign_in(program.url(confirmation, client_id=CROSS_DEVICE))
    pasted = dict(parse_qsl(base64.b64decode(page.code).decode()))
    assert pasted["state"] == "some state"
    found = program.token(
        clientId=CROSS_DEVICE,
        grantType="authorization_code",
        code=pasted["code"],
        codeVerifier=VERIFIER,
        redirectUri=confirmation,
    )
    assert found["idToken"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"codeVerifier": "b" * 43}, INVALID),
        ({"redirectUri": "http://127.0.0.1:1/oauth/callback"}, INVALID),
        ({"clientId": CROSS_DEVICE}, INVALID),
        ({"code": "unknown"}, USED_CODE),
        ({"refreshToken": "more"}, INVALID),
    ],
)
def test_code_without_its_proof_is_refused(
    program: Program, changes: dict[str, str], error: tuple[str, str, int]
) -> None:
    assert error_of(lambda: program.code(**changes)) == error


def test_code_expires_and_is_used_once(program: Program, clock: Clock) -> None:
    given = {"code": program.redirected()["code"], "codeVerifier": VERIFIER}
    given |= {"grantType": "authorization_code", "redirectUri": program.callback}
    found = program.token(**given)
    assert error_of(lambda: program.token(**given)) == USED_CODE
    assert error_of(lambda: program.refresh(found["refreshToken"])) == EXPIRED
    given["code"] = program.redirected()["code"]
    clock.passes(minutes=1)
    assert error_of(lambda: program.token(**given)) == USED_CODE


@pytest.mark.parametrize(
    "proof",
    [
        {"htm": "GET"},
        {"htu": "http://127.0.0.1:1/v1/token"},
        {"iat": 1_777_636_800 - 301},
        {"iat": 1_777_636_800 + 301},
        {"iat": "now"},
        {"jti": ""},
        {"jti": None},
    ],
)
def test_claims_of_the_proof_are_checked(
    program: Program, clock: Clock, proof: dict[str, Any]
) -> None:
    assert clock.now.timestamp() == 1_777_636_800
    program.proof = proof
    assert error_of(program.code) == INVALID


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"alg": "none"},
        {"jwk": None},
        {"jwk": {**public_jwk(KEY), "d": "private"}},
        {"jwk": {**public_jwk(KEY), "crv": "P-384"}},
        {"jwk": {**public_jwk(KEY), "x": "AAAA"}},
        {"jwk": {**public_jwk(KEY), "x": public_jwk(KEY)["y"]}},
        {"jwk": public_jwk(new_key())},
    ],
)
def test_header_and_signature_of_the_proof_are_checked(
    program: Program, header: dict[str, Any]
) -> None:
    program.header = header
    assert error_of(program.code) == INVALID


@pytest.mark.parametrize("proof", ["", "a.b", "a.b.c", "e30.e30.e30", "W10.W10.W10"])
def test_malformed_proofs_are_refused(program: Program, proof: str) -> None:
    program.repeats_proof = True
    program.proofs.append(proof)
    assert error_of(program.code) == INVALID


def test_proof_is_valid_once(program: Program) -> None:
    found = program.code()
    program.repeats_proof = True
    assert error_of(lambda: program.refresh(found["refreshToken"])) == INVALID
    program.repeats_proof = False
    assert program.refresh(found["refreshToken"])


def test_refresh_token_is_for_its_key(program: Program) -> None:
    found = program.code()
    program.key = ec.generate_private_key(ec.SECP256R1())
    assert error_of(lambda: program.refresh(found["refreshToken"])) == INVALID
    program.key = KEY
    again = program.refresh(found["refreshToken"])
    assert "idToken" not in again
    assert again["accessToken"] != found["accessToken"]


def test_reuse_of_a_refresh_token_ends_the_login(program: Program, service: SignIn) -> None:
    first = program.code()
    second = program.refresh(first["refreshToken"])
    assert error_of(lambda: program.refresh(first["refreshToken"])) == EXPIRED
    assert error_of(lambda: program.refresh(second["refreshToken"])) == EXPIRED
    assert service.logins[0].reuses == 1


def test_login_and_new_password_end_refreshing(
    program: Program, service: SignIn, clock: Clock
) -> None:
    token = program.code()["refreshToken"]
    clock.passes(hours=11.9)
    found = program.refresh(token)
    assert found["expiresIn"] == 360
    clock.passes(hours=0.1)
    assert error_of(lambda: program.refresh(found["refreshToken"])) == EXPIRED
    token = program.code("grace")["refreshToken"]
    service.change_credentials("grace")
    changed = ("AccessDeniedException", "USER_CREDENTIALS_CHANGED", 403)
    assert error_of(lambda: program.refresh(token)) == changed


def test_login_without_a_browser_can_be_refreshed(program: Program, service: SignIn) -> None:
    login = service.cached_login(key=program.key)
    assert login["accessToken"]["accountId"] == "123456789012"
    assert "BEGIN EC PRIVATE KEY" in login["dpopKey"]
    assert program.refresh(login["refreshToken"])


def test_calls_fail_on_request(program: Program, service: SignIn) -> None:
    service.faults.next("CreateOAuth2Token", 429, 500, "INSUFFICIENT_PERMISSIONS")
    assert [error_of(lambda: program.refresh("any")) for _ in range(3)] == [
        ("TooManyRequestsError", "INVALID_REQUEST", 429),
        ("InternalServerException", "server_error", 500),
        ("AccessDeniedException", "INSUFFICIENT_PERMISSIONS", 403),
    ]
