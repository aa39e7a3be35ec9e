"""Credentials of `aws login`: read, renewed once, and not lost in concurrent renewals."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from devtools.service import Reply, Request, Service, serving
from keystead.app import App
from keystead.audit.grantee import Grantee
from keystead.errors import InteractionRequired, KeysteadError, ProviderError
from keystead.model.credentials import Credentials
from keystead.system import System
from tests.canaries import SECOND_SECRET_KEY, SECRET_KEY, SESSION_TOKEN, leaks
from tests.conftest import Keystead

LOGIN = "arn:aws:iam::123456789012:user/somebody"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
RENEW = "POST /v1/token"


def z(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def pem(key: ec.EllipticCurvePrivateKey = KEY) -> str:
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ).decode()


class Login:
    """The cache of the AWS CLI."""

    def __init__(self, home: Path, isolation: Keystead) -> None:
        self.path = home / ".aws" / "login" / "cache" / f"{sha256(LOGIN.encode()).hexdigest()}.json"
        self.path.parent.mkdir(parents=True)
        isolation.plain.add(self.path)

    def write(self, ends: datetime, **changes: object) -> None:
        document = {
            "accessToken": {
                "accessKeyId": "ASIAOLDEXAMPLE",
                "secretAccessKey": SECRET_KEY,
                "sessionToken": SESSION_TOKEN,
                "accountId": "123456789012",
                "expiresAt": z(ends),
            },
            "tokenType": "aws_sigv4",
            "clientId": "arn:aws:signin:::devtools/same-device",
            "refreshToken": "first-refresh-token",
            "idToken": "kept",
            "dpopKey": pem(),
        }
        self.path.write_text(json.dumps({**document, **changes}))

    def read(self) -> dict[str, object]:
        return json.loads(self.path.read_text())


@pytest.fixture
def login(home: Path, isolation: Keystead) -> Login:
    found = Login(home, isolation)
    (home / ".aws" / "config").write_text(
        f"[profile work]\nlogin_session = {LOGIN}\nregion = eu-west-1\n"
    )
    return found


def renewing(seconds: int = 900) -> Iterator[Reply]:
    """Answers to renewals, each with a new refresh token."""
    number = 0
    while True:
        number += 1
        yield Reply(
            200,
            {
                "accessToken": {
                    "accessKeyId": f"ASIANEW{number}EXAMPLE",
                    "secretAccessKey": SECOND_SECRET_KEY,
                    "sessionToken": SESSION_TOKEN,
                },
                "tokenType": "aws_sigv4",
                "expiresIn": seconds,
                "refreshToken": f"refresh-token-{number}",
            },
            {"Content-Type": "application/json"},
        )


def app(service: Service) -> App:
    return App(System({**os.environ, "AWS_ENDPOINT_URL": service.url}, clock=lambda: NOW))


def retrieved(service: Service) -> Credentials:
    return app(service).select("work").credentials(Grantee("test"))


def checked(request: Request, url: str) -> None:
    """Verifies the DPoP proof: its claims, and its signature with the key that it names."""
    head, claims, signature = request.headers["dpop"].split(".")

    def part(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    header, said = json.loads(part(head)), json.loads(part(claims))
    assert (header["typ"], header["alg"]) == ("dpop+jwt", "ES256")
    assert (header["jwk"]["kty"], header["jwk"]["crv"]) == ("EC", "P-256")
    assert (said["htm"], said["htu"]) == ("POST", url)
    assert said["iat"] == int(NOW.timestamp())
    assert len(said["jti"]) >= 16
    numbers = KEY.public_key().public_numbers()
    assert [int.from_bytes(part(header["jwk"][name])) for name in "xy"] == [numbers.x, numbers.y]
    raw = part(signature)
    pair = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    KEY.public_key().verify(
        encode_dss_signature(*pair), f"{head}.{claims}".encode(), ec.ECDSA(SHA256())
    )


def test_valid_credentials_are_served(login: Login) -> None:
    login.write(NOW + timedelta(minutes=10))
    with serving(lambda _: Reply(500), lambda: NOW) as service:
        found = retrieved(service)
    assert (found.access_key_id, found.account_id) == ("ASIAOLDEXAMPLE", "123456789012")
    assert found.expires_at == NOW + timedelta(minutes=10)
    assert service.calls == []


def test_credentials_near_expiry_are_renewed_in_the_layout_of_the_cli(login: Login) -> None:
    login.write(NOW + timedelta(minutes=4))
    answers = renewing()
    with serving(lambda _: next(answers), lambda: NOW) as service:
        found = retrieved(service)
        assert retrieved(service) == found
        [request] = service.requests
        checked(request, f"{service.url}/v1/token")
    assert found.access_key_id == "ASIANEW1EXAMPLE"
    assert json.loads(request.body) == {
        "clientId": "arn:aws:signin:::devtools/same-device",
        "refreshToken": "first-refresh-token",
        "grantType": "refresh_token",
    }
    after = login.read()
    assert after["refreshToken"] == "refresh-token-1"
    assert after["idToken"] == "kept"
    assert after["accessToken"]["accountId"] == "123456789012"
    assert after["accessToken"]["expiresAt"] == z(NOW + timedelta(minutes=15))
    assert login.path.stat().st_mode & 0o777 == 0o600


def test_twenty_processes_renew_once(login: Login) -> None:
    login.write(NOW - timedelta(minutes=1))
    answers = renewing()
    with serving(lambda _: next(answers), lambda: NOW) as service:
        found: list[str] = []
        threads = [
            threading.Thread(target=lambda: found.append(retrieved(service).access_key_id))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == ["ASIANEW1EXAMPLE"] * 20
    assert service.calls == [RENEW]


def test_failed_renewal_is_not_an_error_before_expiry(login: Login) -> None:
    login.write(NOW + timedelta(minutes=4))
    with serving(lambda _: Reply(400, {"message": "no"}), lambda: NOW) as service:
        assert retrieved(service).access_key_id == "ASIAOLDEXAMPLE"
    assert RENEW in service.calls


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (
            Reply(400, {"error": "TOKEN_EXPIRED"}, {"x-amzn-ErrorType": "AccessDeniedException"}),
            InteractionRequired,
        ),
        (Reply(400, {}, {"x-amzn-ErrorType": "ValidationException"}), ProviderError),
        (Reply(200, {"accessToken": {}}), ProviderError),
        (Reply(200, "no JSON"), ProviderError),
        (
            Reply(
                200,
                {
                    "accessToken": {
                        "accessKeyId": "ASIAEXAMPLE",
                        "secretAccessKey": "line\nbreak",
                        "sessionToken": "token",
                    },
                    "expiresIn": 900,
                    "refreshToken": "next",
                },
            ),
            ProviderError,
        ),
    ],
)
def test_what_the_service_refuses(login: Login, answer: Reply, kind: type[KeysteadError]) -> None:
    login.write(NOW - timedelta(minutes=1))
    before = login.path.read_bytes()
    with serving(lambda _: answer, lambda: NOW) as service, pytest.raises(kind) as caught:
        retrieved(service)
    assert not leaks(f"{caught.value} {caught.value.hint}")
    assert login.path.read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"accessToken": None}, "cannot be read"),
        ({"accessToken": {"accessKeyId": "A"}}, "cannot be read"),
        ({"dpopKey": None}, "cannot be renewed"),
        ({"dpopKey": "rubbish"}, "cannot be renewed"),
        ({"dpopKey": pem(ec.generate_private_key(ec.SECP384R1()))}, "cannot be renewed"),
        ({"refreshToken": 7}, "cannot be renewed"),
    ],
)
def test_unusable_cache_file(login: Login, changes: dict[str, object], said: str) -> None:
    login.write(NOW - timedelta(minutes=1), **changes)
    with (
        serving(lambda _: Reply(500), lambda: NOW) as service,
        pytest.raises(InteractionRequired, match=said) as caught,
    ):
        retrieved(service)
    assert "keystead login work" in (caught.value.hint or "")
    assert service.calls == []


def test_without_a_login_it_is_an_error(login: Login, keystead: Keystead) -> None:
    done = keystead("process", "work")
    assert done.code == 6
    assert "was not made yet" in done.stderr
    assert "hint: run `keystead login work`" in done.stderr


def test_cache_folder_can_be_changed(login: Login, home: Path, isolation: Keystead) -> None:
    folder = home / "elsewhere"
    folder.mkdir()
    login.write(NOW + timedelta(minutes=10))
    login.path.rename(folder / login.path.name)
    isolation.plain.add(folder / login.path.name)
    environ = {**os.environ, "AWS_LOGIN_CACHE_DIRECTORY": str(folder)}
    found = App(System(environ, clock=lambda: NOW)).select("work").credentials(Grantee("test"))
    assert found.access_key_id == "ASIAOLDEXAMPLE"
