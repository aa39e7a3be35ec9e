"""`keystead.testing.IdentityCenter` checks what AWS checks: seen through botocore's own clients."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from devtools.service import Reply, serving
from keystead.testing import IdentityCenter
from keystead.testing.browser import open_page, sign_in, submit
from tests.clocks import Clock

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
ACCOUNT = "123456789012"
SESSION = Session()  # loads the models once
VERIFIER = "abcXYZ019-._~" * 4
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
CALLBACK = "http://127.0.0.1/oauth/callback"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def center(clock: Clock) -> Iterator[IdentityCenter]:
    with IdentityCenter(clock=clock) as center:
        center.add_account(ACCOUNT, "Payments", roles=["Admin", "Reader"])
        yield center


def client(center: IdentityCenter, service: str) -> Any:
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    return SESSION.create_client(
        service, region_name="eu-west-1", endpoint_url=center.url, config=config
    )


@pytest.fixture
def oidc(center: IdentityCenter) -> Any:
    return client(center, "sso-oidc")


@pytest.fixture
def portal(center: IdentityCenter) -> Any:
    return client(center, "sso")


def code_of(call: Callable[[], object]) -> str:
    """The error code that ``call`` is answered with, which botocore's model has to know."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


class Program:
    """A registered client, as the AWS CLI registers itself for authorization codes."""

    def __init__(self, center: IdentityCenter, oidc: Any, **changes: object) -> None:
        self.center = center
        self.oidc = oidc
        given = {
            "clientName": "keystead",
            "clientType": "public",
            "grantTypes": ["authorization_code", "refresh_token"],
            "redirectUris": [CALLBACK],
            "scopes": ["sso:account:access"],
            "issuerUrl": center.start_url,
            **changes,
        }
        answer = oidc.register_client(**{k: v for k, v in given.items() if v is not None})
        self.keys = {name: answer[name] for name in ("clientId", "clientSecret")}
        self.ends = answer["clientSecretExpiresAt"]

    def url(self, callback: str, **changes: str) -> str:
        given = {
            "response_type": "code",
            "client_id": self.keys["clientId"],
            "redirect_uri": callback,
            "state": "some state",
            "code_challenge_method": "S256",
            "scopes": "sso:account:access",
            "code_challenge": CHALLENGE,
            **changes,
        }
        return f"{self.center.url}/authorize?{urlencode({k: v for k, v in given.items() if v})}"

    def redirected(self, approve: bool = True, **changes: str) -> dict[str, str]:
        """The parameters of the redirect to the client."""
        with serving(lambda _: Reply(200, "<p>Done")) as service:
            url = self.url(f"{service.url}/oauth/callback", **changes)
            self.callback = f"{service.url}/oauth/callback"
            assert self.center.sign_in(url, approve=approve).text == "Done"
        return dict(service.requests[0].query)

    def token(self, grant: str, **given: str) -> dict[str, Any]:
        answer = self.oidc.create_token(grantType=grant, **self.keys, **given)
        return {k: v for k, v in answer.items() if k != "ResponseMetadata"}

    def code(self, **changes: str) -> dict[str, Any]:
        """The answer for a new code; ``changes`` are of the request for the token."""
        given = {"code": self.redirected()["code"], "codeVerifier": VERIFIER}
        return self.token("authorization_code", redirectUri=self.callback, **(given | changes))

    def refresh(self, token: str) -> dict[str, Any]:
        return self.token("refresh_token", refreshToken=token)


@pytest.fixture
def program(center: IdentityCenter, oidc: Any) -> Program:
    return Program(center, oidc)


# Registration


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"clientType": "confidential"}, "InvalidClientMetadataException"),
        ({"grantTypes": ["password"]}, "UnsupportedGrantTypeException"),
        ({"redirectUris": None}, "InvalidRedirectUriException"),
        ({"redirectUris": ["https://example.com/callback"]}, "InvalidRedirectUriException"),
        ({"redirectUris": ["http://localhost/callback"]}, "InvalidRedirectUriException"),
        ({"issuerUrl": None}, "InvalidRequestException"),
        ({"issuerUrl": "https://other.awsapps.com/start"}, "InvalidRequestException"),
        ({"scopes": ["SSO ACCOUNT"]}, "InvalidScopeException"),
        ({"clientName": ""}, "InvalidRequestException"),
        ({"entitledApplicationArn": "arn:aws:sso::1:application/x"}, "InvalidRequestException"),
    ],
)
def test_registrations_that_break_a_rule_are_refused(
    center: IdentityCenter, oidc: Any, changes: dict[str, object], code: str
) -> None:
    assert code_of(lambda: Program(center, oidc, **changes)) == code


def test_start_url_may_have_the_forms_in_which_it_is_shown(
    center: IdentityCenter, oidc: Any
) -> None:
    for end in ("/", "/#", "/#/"):
        assert Program(center, oidc, issuerUrl=center.start_url + end).code()


def test_registration_expires(program: Program, clock: Clock) -> None:
    tokens = program.code()
    assert program.ends == (clock.now + program.center.lifetimes.registration).timestamp()
    clock.passes(days=90)
    assert code_of(lambda: program.refresh(tokens["refreshToken"])) == "InvalidClientException"
    assert open_page(program.url(CALLBACK)).status == 400


def test_secret_of_the_client_is_checked(program: Program) -> None:
    program.keys["clientSecret"] = "another"
    assert code_of(program.code) == "InvalidClientException"


# Authorization code


def test_code_becomes_tokens(program: Program, portal: Any) -> None:
    tokens = program.code()
    assert set(tokens) == {"accessToken", "tokenType", "expiresIn", "refreshToken"}
    assert (tokens["tokenType"], tokens["expiresIn"]) == ("Bearer", 3600)
    found = portal.list_accounts(accessToken=tokens["accessToken"])["accountList"]
    assert found == [
        {
            "accountId": ACCOUNT,
            "accountName": "Payments",
            "emailAddress": f"{ACCOUNT}@example.com",
        }
    ]
    assert [(login.person, login.is_alive) for login in program.center.logins] == [("ada", True)]


def test_redirect_has_state_and_where_wanted_the_issuer(program: Program) -> None:
    assert program.redirected().keys() == {"code", "state"}
    program.center.sends_issuer = True
    found = program.redirected()
    assert (found["state"], found["iss"]) == ("some state", program.center.url)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scopes": "sso:other"}, "invalid_scope"),
        ({"scopes": ""}, "invalid_scope"),
    ],
)
def test_wrong_requests_are_sent_back_with_an_error(
    program: Program, changes: dict[str, str], error: str
) -> None:
    assert program.redirected(**changes) == {"error": error, "state": "some state"}


def test_person_can_deny(program: Program) -> None:
    assert program.redirected(approve=False) == {"error": "access_denied", "state": "some state"}


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://127.0.0.1:1/other",
        "http://localhost:1/oauth/callback",
        "https://127.0.0.1:1/oauth/callback",
        "http://127.0.0.1:1/oauth/callback?more=1",
        "http://example.com/oauth/callback",
    ],
)
def test_no_browser_is_sent_to_an_address_that_is_not_registered(
    program: Program, uri: str
) -> None:
    assert open_page(program.url(uri)).status == 400
    assert open_page(program.url(CALLBACK, client_id="unknown")).status == 400


def test_page_names_the_client_and_escapes_it(center: IdentityCenter, oidc: Any) -> None:
    page = open_page(Program(center, oidc, clientName="<b>&'\"</b>").url(CALLBACK))
    assert "<b>&'\"</b> asks for access" in page.text
    assert "<b>" not in page.html


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"codeVerifier": "b" * 43}, "InvalidGrantException"),
        ({"codeVerifier": "b" * 42}, "InvalidRequestException"),
        ({"codeVerifier": "b" * 129}, "InvalidRequestException"),
        ({"codeVerifier": "b" * 42 + "="}, "InvalidRequestException"),
        ({"code": "unknown"}, "InvalidGrantException"),
        ({"deviceCode": "more"}, "InvalidRequestException"),
    ],
)
def test_code_without_its_proof_is_refused(
    program: Program, changes: dict[str, str], code: str
) -> None:
    assert code_of(lambda: program.code(**changes)) == code


def test_code_is_for_its_redirect_uri_and_its_client(program: Program, oidc: Any) -> None:
    code = program.redirected()["code"]

    def redeem(by: Program, uri: str) -> object:
        given = {"code": code, "codeVerifier": VERIFIER, "redirectUri": uri}
        return by.token("authorization_code", **given)

    assert code_of(lambda: redeem(program, CALLBACK)) == "InvalidGrantException"
    code = program.redirected()["code"]
    other = Program(program.center, oidc)
    assert code_of(lambda: redeem(other, program.callback)) == "InvalidGrantException"


def test_code_that_is_used_twice_ends_the_login(program: Program) -> None:
    given = {"code": program.redirected()["code"], "codeVerifier": VERIFIER}
    given["redirectUri"] = program.callback
    tokens = program.token("authorization_code", **given)
    assert code_of(lambda: program.token("authorization_code", **given)) == "InvalidGrantException"
    assert code_of(lambda: program.refresh(tokens["refreshToken"])) == "InvalidGrantException"


def test_code_expires(program: Program, clock: Clock) -> None:
    given = {"code": program.redirected()["code"], "codeVerifier": VERIFIER}
    clock.passes(minutes=1)
    call = lambda: program.token("authorization_code", redirectUri=program.callback, **given)  # noqa: E731
    assert code_of(call) == "InvalidGrantException"


def test_form_is_answered_once(program: Program) -> None:
    with serving(lambda _: Reply(200, "<p>Done")) as service:
        page = open_page(program.url(f"{service.url}/oauth/callback"))
        assert submit(page, {"person": "ada"}).text == "Done"
    assert submit(page, {"person": "ada"}).status == 400


# Device code


class Device:
    """A device that was authorized to ask."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.answer = program.oidc.start_device_authorization(
            **program.keys, startUrl=program.center.start_url
        )

    def poll(self) -> dict[str, Any]:
        return self.program.token(DEVICE, deviceCode=self.answer["deviceCode"])


@pytest.fixture
def device(center: IdentityCenter, oidc: Any) -> Device:
    nothing = dict.fromkeys(("grantTypes", "redirectUris", "issuerUrl"))
    return Device(Program(center, oidc, **nothing))


def test_device_waits_for_approval(
    device: Device, center: IdentityCenter, clock: Clock, portal: Any
) -> None:
    assert re.fullmatch("[A-Z]{4}-[A-Z]{4}", device.answer["userCode"])
    assert code_of(device.poll) == "AuthorizationPendingException"
    center.approve(device.answer["userCode"], "grace")
    clock.passes(seconds=1)
    tokens = device.poll()
    assert portal.list_accounts(accessToken=tokens["accessToken"])["accountList"]
    assert center.logins[0].person == "grace"
    assert "refreshToken" in tokens
    assert code_of(device.poll) == "InvalidGrantException"


def test_legacy_registration_without_scopes_gets_no_refresh_token(
    center: IdentityCenter, oidc: Any
) -> None:
    nothing = dict.fromkeys(("grantTypes", "redirectUris", "issuerUrl", "scopes"))
    device = Device(Program(center, oidc, **nothing))
    center.approve(device.answer["userCode"].lower().replace("-", ""))
    assert set(device.poll()) == {"accessToken", "tokenType", "expiresIn"}


@pytest.mark.parametrize("address", ["verificationUri", "verificationUriComplete"])
@pytest.mark.parametrize("approve", [True, False])
def test_person_decides_on_the_page(
    device: Device, center: IdentityCenter, address: str, approve: bool
) -> None:
    answer = device.answer
    page = sign_in(answer[address], approve=approve, user_code=answer["userCode"])
    assert page.text.startswith(f"Request {'approved' if approve else 'denied'}")
    if approve:
        assert device.poll()
    else:
        assert code_of(device.poll) == "AccessDeniedException"
    assert open_page(answer["verificationUriComplete"]).status == 400


def test_device_that_asks_too_soon_has_to_slow_down(
    device: Device, center: IdentityCenter, clock: Clock
) -> None:
    assert code_of(device.poll) == "AuthorizationPendingException"
    clock.passes(seconds=0.9)
    assert code_of(device.poll) == "SlowDownException"
    center.approve(device.answer["userCode"])
    clock.passes(seconds=5.9)
    assert code_of(device.poll) == "SlowDownException"
    clock.passes(seconds=11)
    assert device.poll()


def test_device_code_expires(device: Device, center: IdentityCenter, clock: Clock) -> None:
    clock.passes(seconds=device.answer["expiresIn"])
    assert code_of(device.poll) == "ExpiredTokenException"
    assert open_page(device.answer["verificationUriComplete"]).status == 400


def test_denied_device_is_refused(device: Device, center: IdentityCenter) -> None:
    center.deny(device.answer["userCode"])
    assert code_of(device.poll) == "AccessDeniedException"


def test_device_code_is_for_its_client_and_start_url(
    device: Device, program: Program, oidc: Any
) -> None:
    center = program.center
    assert code_of(lambda: Device(program)) == "UnauthorizedClientException"
    other = Program(center, oidc, grantTypes=[DEVICE])
    center.approve(device.answer["userCode"])
    call = lambda: other.token(DEVICE, deviceCode=device.answer["deviceCode"])  # noqa: E731
    assert code_of(call) == "InvalidGrantException"
    center.start_url = "https://moved.awsapps.com/start"
    wrong = {**other.keys, "startUrl": "https://keystead.awsapps.com/start"}
    call = lambda: oidc.start_device_authorization(**wrong)  # noqa: E731
    assert code_of(call) == "InvalidRequestException"


# Refreshing


def test_refresh_token_is_replaced(program: Program, portal: Any) -> None:
    first = program.code()
    second = program.refresh(first["refreshToken"])
    assert second["refreshToken"] != first["refreshToken"]
    for tokens in (first, second):
        assert portal.list_accounts(accessToken=tokens["accessToken"])


def test_reuse_of_a_refresh_token_ends_the_login(program: Program, portal: Any) -> None:
    first = program.code()
    second = program.refresh(first["refreshToken"])
    assert code_of(lambda: program.refresh(first["refreshToken"])) == "InvalidGrantException"
    assert code_of(lambda: program.refresh(second["refreshToken"])) == "InvalidGrantException"
    call = lambda: portal.list_accounts(accessToken=second["accessToken"])  # noqa: E731
    assert code_of(call) == "UnauthorizedException"
    assert program.center.logins[0].reuses == 1


@pytest.mark.parametrize("use", ["access token", "refresh token"])
def test_lost_answer_can_be_asked_for_again_until_the_new_token_is_used(
    program: Program, portal: Any, use: str
) -> None:
    program.center.is_strict = False
    first = program.code()
    lost, second = (program.refresh(first["refreshToken"]) for _ in range(2))
    if use == "access token":
        portal.list_accounts(accessToken=second["accessToken"])
    else:
        program.refresh(second["refreshToken"])
    assert program.center.logins[0].is_alive
    assert code_of(lambda: program.refresh(lost["refreshToken"])) == "InvalidGrantException"
    assert program.center.logins[0].reuses == 1


def test_refresh_token_is_for_its_client_and_ends_with_the_login(
    program: Program, oidc: Any, clock: Clock
) -> None:
    token = program.code()["refreshToken"]
    other = Program(program.center, oidc)
    assert code_of(lambda: other.refresh(token)) == "InvalidGrantException"
    clock.passes(hours=7.5)
    tokens = program.refresh(token)
    assert tokens["expiresIn"] == 1800
    clock.passes(hours=0.5)
    call = lambda: program.refresh(tokens["refreshToken"])  # noqa: E731
    assert code_of(call) == "InvalidGrantException"


def test_login_without_a_browser_is_one_that_the_clients_can_use(
    center: IdentityCenter, program: Program, portal: Any
) -> None:
    login = center.cached_login()
    assert portal.list_accounts(accessToken=login["accessToken"])
    program.keys = {name: login[name] for name in ("clientId", "clientSecret")}
    assert program.refresh(login["refreshToken"])
    assert "refreshToken" not in center.cached_login(refreshable=False)


# The portal


def test_lists_have_pages(center: IdentityCenter, portal: Any) -> None:
    center.add_account(
        "000000000001", "Names: / ] \u00e4\u4e2d", roles=[f"R{n}" for n in range(45)]
    )
    for number in range(2, 60):
        center.add_account(f"{number:012}", "Same name")
    token = center.cached_login()["accessToken"]
    pages = list(portal.get_paginator("list_accounts").paginate(accessToken=token))
    assert [len(page["accountList"]) for page in pages] == [20, 20, 20]
    assert pages[0]["accountList"][1]["accountName"] == "Names: / ] \u00e4\u4e2d"
    roles = portal.get_paginator("list_account_roles")
    wanted = {"accessToken": token, "accountId": "000000000001"}
    pages = list(roles.paginate(**wanted, PaginationConfig={"PageSize": 40}))
    assert [len(page["roleList"]) for page in pages] == [40, 5]
    assert pages[1]["roleList"][-1] == {"roleName": "R44", "accountId": "000000000001"}


@pytest.mark.parametrize(
    "given", [{"maxResults": 101}, {"nextToken": "guessed"}, {"nextToken": "é"}]
)
def test_paging_is_checked(center: IdentityCenter, portal: Any, given: dict[str, Any]) -> None:
    token = center.cached_login()["accessToken"]
    call = lambda: portal.list_accounts(accessToken=token, **given)  # noqa: E731
    assert code_of(call) == "InvalidRequestException"


def test_paging_token_is_for_its_list(center: IdentityCenter, portal: Any) -> None:
    token = center.cached_login()["accessToken"]
    given = {"accessToken": token, "accountId": ACCOUNT, "maxResults": 1}
    next_token = portal.list_account_roles(**given)["nextToken"]
    assert portal.list_account_roles(**given, nextToken=next_token)["roleList"] == [
        {"roleName": "Reader", "accountId": ACCOUNT}
    ]
    call = lambda: portal.list_accounts(accessToken=token, nextToken=next_token)  # noqa: E731
    assert code_of(call) == "InvalidRequestException"


def test_paging_tokens_can_repeat(center: IdentityCenter, portal: Any) -> None:
    center.faults.repeats_paging_token = True
    center.page_size = 1
    for number in range(4):
        center.add_account(f"{number:012}", "Some")
    token = center.cached_login()["accessToken"]
    first = portal.list_accounts(accessToken=token)["nextToken"]
    assert portal.list_accounts(accessToken=token, nextToken=first)["nextToken"] == first


def test_role_credentials_end_in_milliseconds(
    center: IdentityCenter, portal: Any, clock: Clock
) -> None:
    token = center.cached_login()["accessToken"]
    given = {"accessToken": token, "accountId": ACCOUNT, "roleName": "Reader"}
    keys = portal.get_role_credentials(**given)["roleCredentials"]
    assert keys["expiration"] == int(clock.now.timestamp() + 3600) * 1000
    assert keys["accessKeyId"].startswith("ASIA")
    assert keys != portal.get_role_credentials(**given)["roleCredentials"]


@pytest.mark.parametrize(
    ("account", "role", "code"),
    [
        (ACCOUNT, "Owner", "ForbiddenException"),
        ("999999999999", "Reader", "ForbiddenException"),
        ("payments", "Reader", "InvalidRequestException"),
    ],
)
def test_what_is_not_assigned_is_refused(
    center: IdentityCenter, portal: Any, account: str, role: str, code: str
) -> None:
    token = center.cached_login()["accessToken"]
    given = {"accessToken": token, "accountId": account}
    assert code_of(lambda: portal.get_role_credentials(roleName=role, **given)) == code


def test_logout_ends_the_login(center: IdentityCenter, program: Program, portal: Any) -> None:
    tokens = program.code()
    portal.logout(accessToken=tokens["accessToken"])
    call = lambda: portal.list_accounts(accessToken=tokens["accessToken"])  # noqa: E731
    assert code_of(call) == "UnauthorizedException"
    assert code_of(lambda: program.refresh(tokens["refreshToken"])) == "InvalidGrantException"
    call = lambda: portal.logout(accessToken="guessed")  # noqa: E731
    assert code_of(call) == "UnauthorizedException"


def test_access_token_expires(center: IdentityCenter, portal: Any, clock: Clock) -> None:
    token = center.cached_login()["accessToken"]
    clock.passes(hours=1)
    call = lambda: portal.list_accounts(accessToken=token)  # noqa: E731
    assert code_of(call) == "UnauthorizedException"


# Faults


def test_calls_fail_on_request(center: IdentityCenter, program: Program, portal: Any) -> None:
    token = center.cached_login()["accessToken"]
    center.faults.next("ListAccounts", 429, 500, "UnauthorizedException")
    call = lambda: portal.list_accounts(accessToken=token)  # noqa: E731
    assert [code_of(call) for _ in range(3)] == [
        "TooManyRequestsException",
        "InternalServerException",
        "UnauthorizedException",
    ]
    call()
    center.faults.next("CreateToken", 429)
    assert code_of(program.code) == "SlowDownException"


def test_rate_is_limited(center: IdentityCenter, portal: Any, clock: Clock) -> None:
    center.faults.per_second = 2
    token = center.cached_login()["accessToken"]
    call = lambda: portal.list_accounts(accessToken=token)  # noqa: E731
    call()
    call()
    assert code_of(call) == "TooManyRequestsException"
    clock.passes(seconds=0.5)
    call()
    assert code_of(call) == "TooManyRequestsException"


def test_share_of_calls_is_throttled(center: IdentityCenter, portal: Any) -> None:
    center.faults.share = 0.5
    token = center.cached_login()["accessToken"]
    for _ in range(20):
        try:
            portal.list_accounts(accessToken=token)
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    failed = [call.error for call in center.calls("ListAccounts") if call.error]
    assert 4 <= len(failed) <= 16


def test_redirect_can_be_forged(program: Program) -> None:
    program.center.faults.redirect = {"state": "wrong", "code": ""}
    assert program.redirected() == {"state": "wrong"}


# As a server


def test_requests_are_recorded_without_secrets(center: IdentityCenter, program: Program) -> None:
    tokens = program.code()
    program.refresh(tokens["refreshToken"])
    assert [call.operation for call in center.requests] == [
        "RegisterClient",
        "Authorize",
        "Authorize",
        "CreateToken",
        "CreateToken",
    ]
    assert [call.status for call in center.requests] == [200, 200, 302, 200, 200]
    assert len(center.calls("CreateToken", grantType="refresh_token")) == 1
    shown = repr(center.requests)
    secrets = [program.keys["clientSecret"], VERIFIER, *tokens.values()]
    assert not [
        secret for secret in secrets if str(secret) in shown and secret not in ("Bearer", 3600)
    ]


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"text"', b'{"grantType": 5}', b'{"a": "1", "a": "2"}', b"\xff"]
)
def test_malformed_bodies_are_answered(center: IdentityCenter, body: bytes) -> None:
    request = Request(f"{center.url}/token", body, {"Content-Type": "application/json"})
    with pytest.raises(OSError) as caught:
        urlopen(request, timeout=10)
    with caught.value as error:
        assert error.status == 400


def test_unknown_addresses_are_answered(center: IdentityCenter) -> None:
    assert open_page(f"{center.url}/nothing").status == 404


def test_many_clients_at_once(center: IdentityCenter, portal: Any) -> None:
    token = center.cached_login()["accessToken"]
    with ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(portal.list_accounts, accessToken=token) for _ in range(100)]
        assert all(call.result()["accountList"] for call in calls)


def test_as_a_process_it_prints_its_variables_and_ends_with_its_input() -> None:
    command = [sys.executable, "-m", "keystead.testing.identity_center", "--accounts", "30"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        found = dict(
            process.stdout.readline().removeprefix("export ").strip().split("=", 1)
            for _ in range(2)
        )
        assert found.keys() == {"AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC"}
        assert open_page(f"{found['AWS_ENDPOINT_URL_SSO']}/device").status == 200
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_services_need_no_pytest() -> None:
    code = "import sys; sys.modules['pytest'] = None; from keystead.testing import IdentityCenter"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
