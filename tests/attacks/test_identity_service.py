"""An identity service, or what answers in its place, whose answers were made to do harm."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

import pytest

from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN, leaks
from tests.conftest import Keystead
from tests.integration.test_malformed_responses import serving
from tests.signing_in import PROFILE, Machine

CONFIG = PROFILE + (
    "[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\n"
)
DEVICE = {
    "deviceCode": "device",
    "userCode": "ABCD-EFGH",
    "verificationUri": "https://corp.example/device",
    "verificationUriComplete": "https://corp.example/device?user_code=ABCD-EFGH",
    "expiresIn": 600,
    "interval": 0,
}
TOKEN = {"accessToken": SESSION_TOKEN, "expiresIn": 3600, "refreshToken": "refresh"}


class Service:
    """Answers by the paths of requests."""

    def __init__(self) -> None:
        self.answers: dict[str, object] = {
            "/client/register": {
                "clientId": "client",
                "clientSecret": SESSION_TOKEN,
                "clientSecretExpiresAt": 4_000_000_000,
            },
            "/device_authorization": DEVICE,
            "/token": TOKEN,
        }

    def answer(self, request: BaseHTTPRequestHandler) -> tuple[int, str]:
        found = self.answers[urlsplit(request.path).path]
        return 200, found if isinstance(found, str) else json.dumps(found)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    found = Service()
    with serving(found.answer) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSO_OIDC", url)
        yield found


@pytest.fixture
def machine(keystead: Keystead, service: Service) -> Machine:
    found = Machine(keystead)
    found.config(CONFIG)
    return found


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://corp.example/\r\nSet-Cookie: a=b",
        "https://corp.example/\nkeystead: note: signed in",
        "https://corp.example/\u202e",
        "https://corp.example/" + "a" * 3000,
        "",
        7,
    ],
)
def test_an_address_that_is_not_of_a_web_page_is_neither_opened_nor_shown(
    machine: Machine, service: Service, address: object
) -> None:
    for member in ("verificationUri", "verificationUriComplete"):
        service.answers["/device_authorization"] = {**DEVICE, member: address}
        done = machine.run("login", "--device", "--qr", "dev")
        assert (done.code, done.stdout) == (7, "")
        assert "sso-oidc answered StartDeviceAuthorization with something" in done.stderr


@pytest.mark.parametrize("token", ["", "a\nb", "\u20ac", 7, None])
def test_a_token_that_cannot_be_used_does_not_replace_a_login(
    machine: Machine, service: Service, token: object
) -> None:
    assert machine.run("login", "--device", "dev").code == 0
    before = {path: path.read_bytes() for path in machine.logins.glob("*.json")}
    service.answers["/token"] = {**TOKEN, "accessToken": token}
    done = machine.run("login", "--device", "--force", "dev")
    assert done.code == 7
    assert "sso-oidc answered CreateToken with something that cannot be used" in done.stderr
    after = {path: path.read_bytes() for path in machine.logins.glob("*.json")}
    changed = [path for path in before if after[path] != before[path]]
    assert all(b"registration for" in before[path] for path in changed)
    assert "already signed in" in machine.run("login", "--device", "dev").stderr


@pytest.mark.parametrize("cache", ["aws", "keystead"])
def test_signing_out_removes_what_a_killed_writer_left(
    machine: Machine, service: Service, cache: str
) -> None:
    machine.config(f"{CONFIG}sso_cache = {cache}\n")
    service.answers["/logout"] = ""
    assert machine.run("login", "--device", "dev").code == 0
    folder, title = {
        "aws": (machine.cache, "startUrl"),
        "keystead": (machine.logins, '"sso-session corp"'),
    }[cache]
    (path,) = (found for found in folder.glob("*.json") if title in found.read_text())
    left = folder / f".{path.name}.keystead.0123456789ab.tmp"
    left.write_bytes(path.read_bytes())
    machine.run.plain.update({left, *folder.glob("*.json")})
    assert machine.run("logout", "dev").code == 0
    assert not path.exists()
    assert not left.exists()


@pytest.mark.parametrize(
    "answer",
    [
        "[1]",
        "[" * 100_000,
        '{"accountList": [7]}',
        '{"accountList": ["text"]}',
        '{"accountList": {"a": 1}}',
        '{"accountList": [{"accountId": 7}]}',
        '{"accountList": [{"accountId": ["123456789012"]}]}',
        '{"accountList": [], "nextToken": {"a": 1}}',
    ],
)
def test_a_listing_of_other_types_or_nesting_is_an_error(
    machine: Machine, service: Service, answer: str
) -> None:
    assert machine.run("login", "--device", "dev").code == 0
    service.answers["/assignment/accounts"] = answer
    done = machine.run("sso", "accounts", "--sso-session", "corp")
    assert (done.code, done.stdout) == (7, "")
    assert "sso answered ListAccounts with something that cannot be used" in done.stderr


def test_the_debug_log_has_no_line_of_a_library_that_quotes_an_address(keystead: Keystead) -> None:
    def answer(request: BaseHTTPRequestHandler) -> tuple[int, str]:
        if request.command == "POST":
            return 200, (
                "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>"
                "arn:aws:sts::123456789012:assumed-role/a/b</Arn></GetCallerIdentityResult>"
                "</GetCallerIdentityResponse>"
            )
        # What urllib3 warns of, with the address.
        request.version_string = lambda: "x\r\nnot a header"  # type: ignore[method-assign]
        return 403, ""

    with serving(answer) as url:
        given = {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID.replace("AKIA", "ASIA"),
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_SESSION_TOKEN": SESSION_TOKEN,
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL_STS": url,
            "AWS_ENDPOINT_URL_SIGNIN": "http://signin.example",
            "http_proxy": url,
            "no_proxy": "127.0.0.1",
            "KEYSTEAD_DEBUG": "1",
        }
        done = keystead("console", "--print", env=given)
    assert (done.code, done.stdout) == (7, "")
    assert "keystead: debug: sts GetCallerIdentity" in done.stderr
    assert "Session=" not in done.stderr
    assert leaks(done.stderr) == []
