"""The redirect at the end of signing in: web pages, other users, and stolen or made up answers."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from devtools.command import KEYSTEAD
from keystead.errors import ProviderError
from keystead.login.listener import Listener, listening
from keystead.login.pkce import ProofKey, challenge_of
from keystead.model.client_settings import ClientSettings
from keystead.model.endpoints import Endpoints
from keystead.resolve.aws.client import AwsClient
from keystead.system import System
from keystead.testing import IdentityCenter
from keystead.testing.browser import open_page
from tests.canaries import SESSION_TOKEN
from tests.conftest import Keystead
from tests.endpoints import status_for_another_user
from tests.signing_in import PROFILE, Machine, identity_center, section

CODE = SESSION_TOKEN
ISSUER = "https://issuer.example"
WHAT = "the sso-session `corp`"


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str


def ask(url: str, method: str = "GET", body: str = "", **headers: str) -> Reply:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    with contextlib.closing(connection):
        connection.putrequest(method, f"{parts.path}?{parts.query}", skip_host="Host" in headers)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body.encode() or None)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, answer.read().decode())


class SignIn:
    """A sign-in that waits; its code is what `code` returns."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.refused: list[str] = []

    def callback(self, **parameters: str) -> str:
        given = {"code": CODE, "state": self.listener.state, **parameters}
        return f"{self.listener.redirect_uri}?{urlencode(given)}"

    def comes_back(self, url: str) -> threading.Thread:
        """The browser, which gets its page when the sign-in has ended."""
        thread = threading.Thread(target=lambda: self.pages.append(ask(url)))
        thread.start()
        return thread

    pages: list[Reply]

    def code(self) -> str:
        return self.listener.wait(5.0, self.refused.append)


@pytest.fixture
def waiting() -> Iterator[SignIn]:
    """A sign-in that, whatever is done to it, ends with the right answer."""
    with listening(frozenset({ISSUER}).__contains__, WHAT) as listener:
        found = SignIn(listener)
        found.pages = []
        yield found
        browser = found.comes_back(found.callback(iss=ISSUER))
        assert found.code() == CODE
    browser.join()
    page = found.pages[-1]
    assert page.status == 200
    assert "You are signed in to" in page.text
    assert CODE not in page.text and found.listener.state not in page.text


@pytest.mark.parametrize(
    "host", ["example.com", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{}.example.com", ""]
)
def test_a_host_name_that_was_rebound_is_refused(waiting: SignIn, host: str) -> None:
    port = urlsplit(waiting.listener.redirect_uri).port
    assert ask(waiting.callback(), Host=host.format(port)).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD", "OPTIONS", "DELETE"])
def test_other_methods_are_refused(waiting: SignIn, method: str) -> None:
    assert ask(waiting.callback(), method).status == 405


def test_requests_with_a_body_are_refused(waiting: SignIn) -> None:
    assert ask(waiting.callback(), body="x" * 100).status == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Mode": "cors", "Origin": "https://evil.example"},
        {"X_Forwarded_For": "203.0.113.1"},
        {"Sec_Purpose": "prefetch"},
    ],
)
def test_requests_of_web_pages_and_proxies_are_refused(
    waiting: SignIn, headers: dict[str, str]
) -> None:
    """A page can have the browser fetch any address of the loopback, such as that of an image."""
    answer = ask(waiting.callback(), **headers)
    assert answer.status in {403, 503}
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("state", ["", "wrong", "\u00e9"])
def test_an_answer_without_the_state_signs_nobody_in(waiting: SignIn, state: str) -> None:
    """A page that navigates to the address with a code of somebody else: login CSRF."""
    answer = ask(waiting.callback(state=state))
    assert answer.status == 400
    assert "does not belong to the sign-in that is waiting" in answer.text
    assert CODE not in answer.text


def test_a_second_answer_is_refused(waiting: SignIn) -> None:
    browser = waiting.comes_back(waiting.callback())
    assert waiting.code() == CODE
    again = ask(waiting.callback(code="other"))
    assert (again.status, "answered already" in again.text) == (409, True)
    assert waiting.code() == CODE
    waiting.comes_back = lambda _: browser  # type: ignore[method-assign]  # it has come back


def test_paths_and_sizes_that_are_not_ours_are_refused(waiting: SignIn) -> None:
    base = waiting.listener.redirect_uri.removesuffix("/oauth/callback")
    assert [ask(base + path).status for path in ("/", "/oauth", "/oauth/callback/")] == [404] * 3
    with contextlib.suppress(OSError):
        assert ask(waiting.callback(code="x" * 20_000)).status == 400


def test_connections_that_say_nothing_keep_nobody_waiting(waiting: SignIn) -> None:
    parts = urlsplit(waiting.listener.redirect_uri)
    for _ in range(20):
        silent = socket.create_connection((parts.hostname, parts.port))
        silent.sendall(b"GET /oauth/callback?code=")
        # They stay open until the end of the test, when the browser comes back.
        waiting.pages.append(silent)  # type: ignore[arg-type]
    assert ask(waiting.callback(state="wrong")).status == 400
    for silent in waiting.pages:
        silent.close()  # type: ignore[attr-defined]
    waiting.pages.clear()


def test_an_answer_of_another_issuer_signs_nobody_in() -> None:
    with (
        pytest.raises(ProviderError) as caught,
        listening(frozenset({ISSUER}).__contains__, WHAT) as listener,
    ):
        found = SignIn(listener)
        found.pages = []
        browser = found.comes_back(found.callback(iss="https://evil.example"))
        found.code()
    browser.join()
    assert caught.value.id == "login-issuer-wrong"
    assert "You are not signed in to" in found.pages[0].text


def test_the_page_may_load_and_run_nothing(waiting: SignIn) -> None:
    page = ask(waiting.callback(state="wrong", error="<script>alert(1)</script>"))
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "script" not in page.text


def test_an_error_text_of_the_answer_is_shown_as_text() -> None:
    with (
        pytest.raises(ProviderError) as caught,
        listening(frozenset({ISSUER}).__contains__, WHAT) as listener,
    ):
        found = SignIn(listener)
        found.pages = []
        error = "<img src=x>\x1b[2J" + "x" * 1000
        browser = found.comes_back(found.callback(error=error, code=""))
        found.code()
    browser.join()
    assert "<img" not in found.pages[0].text
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_the_port_is_closed_after_the_end() -> None:
    with listening(frozenset({ISSUER}).__contains__, WHAT) as listener:
        parts = urlsplit(listener.redirect_uri)
        assert parts.hostname == "127.0.0.1"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((parts.hostname, parts.port))


@pytest.mark.posix("users")
@pytest.mark.root("becoming another user")
def test_another_user_of_the_machine_cannot_answer(waiting: SignIn) -> None:
    """One who reads the arguments of the browser knows the port, and tries to sign you in as them."""
    assert status_for_another_user(waiting.callback()) == "403"


@pytest.fixture
def center(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityCenter]:
    with identity_center() as found:
        for name, value in found.variables.items():
            monkeypatch.setenv(name, value)
        yield found


def test_a_stolen_redirect_is_of_no_use_without_the_verifier(
    keystead: Keystead, center: IdentityCenter
) -> None:
    """A program that sees the redirect has code and state, even the client's secret, but not the
    proof key."""
    machine = Machine(keystead)
    machine.config(PROFILE + section(center, sso_cache="aws"))
    with (
        subprocess.Popen(
            [KEYSTEAD, "login", "dev", "--no-browser"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=dict(os.environ),
        ) as child,
        contextlib.ExitStack() as stack,
    ):
        stack.callback(child.kill)
        assert child.stdout is not None
        address = child.stdout.readline().strip()
        request = re.search(r'name="request" value="([^"]+)"', open_page(address).html)
        assert request
        form = urlencode({"request": request[1], "person": "ada", "decision": "approve"})
        kind = "application/x-www-form-urlencoded"
        answer = ask(f"{center.url}/authorize", "POST", form, Content_Type=kind)
        redirect = answer.headers["location"]
        stolen = parse_qs(urlsplit(redirect).query)["code"][0]
        client = json.loads(machine.registration_file(center).read_text())
        parameters = {
            "grantType": "authorization_code",
            "clientId": client["clientId"],
            "clientSecret": client["clientSecret"],
            "redirectUri": redirect.partition("?")[0],
            "codeVerifier": ProofKey().verifier,
            "code": stolen,
        }
        thief = AwsClient(System(), ClientSettings(endpoints=Endpoints(center.url)))
        with pytest.raises(ProviderError) as caught:
            thief.call("sso-oidc", "CreateToken", parameters)
    assert caught.value.code == "InvalidGrantException"
    assert center.logins == []


def test_proof_keys_are_random_and_hidden() -> None:
    first, second = ProofKey(), ProofKey()
    assert first.verifier != second.verifier
    assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", first.verifier)  # RFC 7636, 4.1
    assert first.verifier not in repr(first)
    # The example of RFC 7636, appendix B.
    challenge = challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
