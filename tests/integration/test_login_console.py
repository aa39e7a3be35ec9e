"""Signing in with the console's login: what the AWS CLI's `aws login` does, both ways."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pexpect
import pytest

from devtools.command import KEYSTEAD
from keystead.testing import SignIn
from tests.canaries import leaks
from tests.conftest import Keystead
from tests.signing_in import canary

ADA = "arn:aws:iam::123456789012:user/ada"
EVE = "arn:aws:sts::123456789012:assumed-role/Admin/eve"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[SignIn]:
    with SignIn(make_secret=canary) as found:
        for name, value in found.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("BROWSER", f"{sys.executable} -m keystead.testing.browser %s")
        yield found


class Login:
    """The AWS CLI's files of the test's home."""

    def __init__(self, keystead: Keystead) -> None:
        self.config = keystead.home / ".aws" / "config"
        self._keystead = keystead

    def write(self, text: str) -> None:
        self.config.parent.mkdir(exist_ok=True)
        self.config.write_text(text)

    def cache(self, session: str = ADA) -> Path:
        name = hashlib.sha256(session.encode()).hexdigest()
        path = self._keystead.home / ".aws" / "login" / "cache" / f"{name}.json"
        self._keystead.plain.add(path)
        return path

    def put(self, document: object, session: str = ADA) -> Path:
        path = self.cache(session)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))
        path.chmod(0o600)
        return path


@pytest.fixture
def files(keystead: Keystead) -> Login:
    return Login(keystead)


def credentials(keystead: Keystead, name: str = "dev") -> dict[str, str]:
    done = keystead("process", name)
    assert done.code == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


PROFILE = f"[profile dev]\nlogin_session = {ADA}\nregion = eu-west-1\n"


def test_a_browser_signs_in_and_credentials_follow(
    keystead: Keystead, service: SignIn, files: Login
) -> None:
    files.write(PROFILE)
    before = keystead("process", "dev")
    assert (before.code, "run `keystead login dev`" in before.stderr) == (6, True)
    done = keystead("login", "dev")
    assert done.code == 0, done.stderr
    assert "signed in" in done.stderr
    assert credentials(keystead)["SessionToken"]
    (token,) = service.calls("CreateOAuth2Token")
    assert token.parameters["redirectUri"].startswith("http://127.0.0.1:")
    assert files.config.read_text() == PROFILE
    again = keystead("login", "dev")
    assert (again.code, "already signed in" in again.stderr) == (0, True)
    assert len(service.calls("CreateOAuth2Token")) == 1


def test_login_in_the_cache_of_the_aws_cli_is_used_and_replaced_there(
    keystead: Keystead, service: SignIn, files: Login
) -> None:
    files.write(PROFILE)
    path = files.put(service.cached_login(person="ada"))
    known = json.loads(path.read_text())
    assert credentials(keystead)["SessionToken"] == known["accessToken"]["sessionToken"]
    assert keystead("login", "dev", "--force").code == 0
    new = json.loads(path.read_text())
    assert new["accessToken"] != known["accessToken"]
    assert new.keys() == known.keys()
    assert new["accessToken"].keys() == known["accessToken"].keys()
    assert new["dpopKey"].startswith("-----BEGIN EC PRIVATE KEY-----\n")
    assert credentials(keystead)["SessionToken"] == new["accessToken"]["sessionToken"]


def test_profile_says_that_the_login_is_shared(
    keystead: Keystead, service: SignIn, files: Login
) -> None:
    files.write(f"{PROFILE}sso_cache = aws\n")
    assert keystead("login", "dev").code == 0
    assert files.cache().exists()
    assert credentials(keystead)["AccessKeyId"]
    assert keystead("lint").stdout == ""


def test_keys_that_cannot_be_used_do_not_replace_a_login(
    keystead: Keystead, service: SignIn, files: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write(f"{PROFILE}sso_cache = aws\n")
    assert keystead("login", "dev").code == 0
    before = files.cache().read_bytes()
    monkeypatch.setattr(service, "_make_secret", lambda _: "line\nbreak")
    done = keystead("login", "dev", "--force")
    assert done.code == 7
    assert "signin answered CreateOAuth2Token with something that cannot be used" in done.stderr
    assert files.cache().read_bytes() == before


def test_login_is_renewed_with_its_key(keystead: Keystead, service: SignIn, files: Login) -> None:
    files.write(PROFILE)
    service.lifetimes.credentials = timedelta(seconds=60)  # renewed five minutes before
    assert keystead("login", "dev").code == 0
    service.lifetimes.credentials = timedelta(minutes=15)
    first = credentials(keystead)
    (_, renewed) = service.calls("CreateOAuth2Token")
    assert renewed.parameters["grantType"] == "refresh_token"
    assert renewed.error is None
    keystead("cache", "clear")
    assert credentials(keystead) == first
    assert len(service.calls("CreateOAuth2Token")) == 2


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_wrong_clock_of_this_machine_does_not_matter(
    keystead: Keystead, service: SignIn, files: Login, hours: int
) -> None:
    files.write(PROFILE)
    now = service.clock
    service.clock = lambda: now() + timedelta(hours=hours)
    assert keystead("login", "dev").code == 0
    assert [call.error for call in service.calls("CreateOAuth2Token")][-1] is None
    assert credentials(keystead)["AccessKeyId"]


def test_first_login_makes_the_profile(keystead: Keystead, service: SignIn, files: Login) -> None:
    assert keystead("login", "new").code == 3
    done = keystead("login", "new", "--console", "--region", "eu-central-1")
    assert done.code == 0, done.stderr
    text = files.config.read_text()
    assert "[profile new]" in text
    assert f"login_session = {ADA}" in text
    assert "region = eu-central-1" in text
    assert credentials(keystead, "new")["AccessKeyId"]


def test_profile_without_credentials_gets_a_session_and_keeps_the_rest(
    keystead: Keystead, service: SignIn, files: Login
) -> None:
    files.write("# mine\n[profile dev]\nregion = eu-west-1  # near\noutput = json\n")
    assert keystead("login", "dev").code == 0
    text = files.config.read_text()
    assert text.startswith("# mine\n[profile dev]\nregion = eu-west-1  # near\noutput = json\n")
    assert f"login_session = {ADA}\n" in text


def test_profile_with_other_credentials_is_left_alone(
    keystead: Keystead, service: SignIn, files: Login
) -> None:
    text = "[profile dev]\ncredential_process = true\n"
    files.write(text)
    done = keystead("login", "dev", "--console")
    assert done.code == 2
    assert "profile `dev` has other credentials" in done.stderr
    assert service.requests == []
    assert files.config.read_text() == text


def test_another_session_is_not_adopted_unasked(
    keystead: Keystead, service: SignIn, files: Login
) -> None:
    text = PROFILE.replace(ADA, EVE)
    files.write(text)
    done = keystead("login", "dev")
    assert done.code == 6
    assert f"profile `dev` is for {EVE}" in done.stderr
    assert files.config.read_text() == text
    assert keystead("process", "dev").code == 6


@pytest.mark.posix("a pseudo-terminal")
@pytest.mark.parametrize(("answer", "session"), [("y", ADA), ("n", EVE)])
def test_another_session_is_adopted_by_a_yes(
    keystead: Keystead, service: SignIn, files: Login, answer: str, session: str
) -> None:
    files.write(PROFILE.replace(ADA, EVE))
    child = pexpect.spawn(KEYSTEAD, ["login", "dev"], encoding="utf-8", timeout=30)
    child.expect("is it to be for")
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == (0 if answer == "y" else 6)
    assert f"login_session = {session}\n" in files.config.read_text()


@pytest.mark.posix("a pseudo-terminal")
def test_a_code_from_another_device_signs_in(
    keystead: Keystead, service: SignIn, files: Login
) -> None:
    files.write(PROFILE)
    child = pexpect.spawn(
        KEYSTEAD, ["login", "dev", "--device"], encoding="utf-8", timeout=30, dimensions=(40, 1000)
    )
    child.expect(r"(http://\S+/v1/authorize\?\S+)")
    address = child.match[1]
    query = parse_qs(urlsplit(address).query)
    assert query["client_id"] == ["arn:aws:signin:::devtools/cross-device"]
    assert query["code_challenge_method"] == ["SHA-256"]
    assert query["redirect_uri"] == [f"{service.url}/v1/sessions/confirmation"]
    child.expect("give the code to nobody")
    code = service.sign_in(address, "ada").code
    child.expect("the code that the browser shows")
    other = base64.b64encode(urlencode({"state": "other", "code": "x"}).encode()).decode()
    for wrong in ("nonsense", other):
        child.sendline(wrong)
        child.expect("this is not the code of this sign-in; try again")
    child.sendline(code)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert code not in child.before
    assert not leaks(child.before)
    assert credentials(keystead)["AccessKeyId"]


def test_without_a_terminal_a_code_cannot_be_pasted(
    keystead: Keystead, service: SignIn, files: Login
) -> None:
    files.write(PROFILE)
    done = keystead("login", "dev", "--device")
    assert done.code == 6
    assert "there is no terminal to ask on" in done.stderr


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("AUTHCODE_EXPIRED", "sign in again"),
        ("INSUFFICIENT_PERMISSIONS", "SignInLocalDevelopmentAccess"),
        ("INVALID_REQUEST", "INVALID_REQUEST"),
        (500, "server_error"),
    ],
)
def test_refusal_of_the_service_is_explained(
    keystead: Keystead,
    service: SignIn,
    files: Login,
    word: str | int,
    text: str,
) -> None:
    files.write(PROFILE)
    service.faults.next("CreateOAuth2Token", *[word] * 4)
    done = keystead("login", "dev")
    assert done.code == 7
    assert text in done.stderr
    assert not files.cache().exists()


def test_missing_permission_to_renew_does_not_ask_for_a_login(
    keystead: Keystead, service: SignIn, files: Login
) -> None:
    files.write(PROFILE)
    document = service.cached_login(person="ada")
    document["accessToken"]["expiresAt"] = "2026-01-01T00:00:00Z"
    files.put(document)
    service.faults.next("CreateOAuth2Token", "INSUFFICIENT_PERMISSIONS")
    done = keystead("process", "dev")
    assert done.code == 7
    assert "SignInLocalDevelopmentAccess" in done.stderr
    service.change_credentials("ada")
    done = keystead("process", "dev")
    assert done.code == 6
    assert "run `keystead login dev`" in done.stderr


@pytest.mark.parametrize(
    ("redirect", "code"), [({"state": "other"}, None), ({"error": "access_denied", "code": ""}, 7)]
)
def test_answer_of_another_sign_in_signs_nobody_in(
    keystead: Keystead,
    service: SignIn,
    files: Login,
    redirect: dict[str, str],
    code: int | None,
) -> None:
    files.write(PROFILE)
    service.faults.redirect = redirect
    child = pexpect.spawn(KEYSTEAD, ["login", "dev"], encoding="utf-8", timeout=30)
    if code is None:
        child.expect("an answer without the state of this sign-in was refused")
        child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == code or code is None
    assert service.calls("CreateOAuth2Token") == []
    assert not files.cache().exists()


@pytest.mark.parametrize(
    ("issuer", "code"),
    [
        ("https://us-east-1.signin.aws.amazon.com/signin", 0),
        ("http://us-east-1.signin.aws.amazon.com", 7),
        ("https://signin.aws.amazon.com.example.com", 7),
        ("https://evilsignin.aws.amazon.com", 7),
        ("https://[", 7),
    ],
)
def test_answer_of_another_issuer_signs_nobody_in(
    keystead: Keystead, service: SignIn, files: Login, issuer: str, code: int
) -> None:
    files.write(PROFILE)
    service.faults.redirect = {"iss": issuer}
    done = keystead("login", "dev")
    assert done.code == code
    assert ("names another issuer" in done.stderr) == (code != 0)


def test_two_logins_at_once_open_one_browser(
    keystead: Keystead, service: SignIn, files: Login, tmp_path: Path
) -> None:
    opened = tmp_path / "opened"
    script = tmp_path / "browser"
    script.write_text(
        f'#!/bin/sh\necho x >> {opened}\nexec {sys.executable} -m keystead.testing.browser "$@"\n'
    )
    script.chmod(0o700)
    env = {**os.environ, "BROWSER": f"{script} %s"}
    children = [
        pexpect.spawn(
            KEYSTEAD, ["login", "one", "--console"], env=env, encoding="utf-8", timeout=60
        )
        for _ in range(2)
    ]
    for child in children:
        child.expect(pexpect.EOF)
        child.close()
    assert [child.exitstatus for child in children] == [0, 0]
    assert opened.read_text() == "x\n"
    assert len(service.logins) == 1
