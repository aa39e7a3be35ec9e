"""Servers that send malformed responses: exit 7 with a message, and no key in it."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest

from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN
from tests.conftest import Keystead

Answer = Callable[[BaseHTTPRequestHandler], tuple[int, str]]

KEYS = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_SESSION_TOKEN": SESSION_TOKEN,
}
WHERE = {**KEYS, "AWS_REGION": "eu-west-1"}
ROLE = ("-RoleArn", "arn:aws:iam::123456789012:role/r", "-RoleSessionName", "name")


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The address of a server that gives ``answer`` to every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            code, text = answer(self)
            self.send_response(code)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def assumed(expiration: str, token: str = SESSION_TOKEN) -> str:
    return (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
        f"<Credentials><AccessKeyId>{ACCESS_KEY_ID}</AccessKeyId>"
        f"<SecretAccessKey>{SECRET_KEY}</SecretAccessKey>"
        f"<SessionToken>{token}</SessionToken>{expiration}</Credentials>"
        "</AssumeRoleResult></AssumeRoleResponse>"
    )


BROKEN = {
    "nothing": (200, ""),
    "a sign-in page": (200, "<html><body>sign in</body></html>"),
    "no XML": (200, "\x01 no"),
    "JSON": (200, '{"a": 1}'),
    "a redirection": (307, ""),
    "a failure without words": (500, ""),
    "no credentials": (200, "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>"),
    "no expiration": (200, assumed("")),
    "no date": (200, assumed("<Expiration>soon</Expiration>")),
    "a date beyond all": (200, assumed("<Expiration>1e300</Expiration>")),
    "a line break": (200, assumed("<Expiration>2099-01-01T00:00:00Z</Expiration>", "a\nb")),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_malformed_response_is_a_provider_error(
    keystead: Keystead, broken: tuple[int, str]
) -> None:
    with serving(lambda _: broken) as address:
        done = keystead("Use-STSRole", *ROLE, env={**KEYS, "AWS_ENDPOINT_URL": address})
    assert (done.code, done.stdout) == (7, "")
    assert done.stderr.startswith("keystead: error: sts ")


@pytest.mark.parametrize(
    ("ends", "zone", "shown"),
    [
        ("9999-12-31T23:59:59Z", "Asia/Tokyo", "12/31/9998 9:00:00 AM"),  # as late as can be shown
        ("2099-01-01T00:00:00", "UTC", "1/1/2099 12:00:00 AM"),
    ],
)
def test_unusual_timestamps_are_shown(keystead: Keystead, ends: str, zone: str, shown: str) -> None:
    text = assumed(f"<Expiration>{ends}</Expiration>")
    with serving(lambda _: (200, text)) as address:
        done = keystead(
            "Use-STSRole", *ROLE, env={**WHERE, "TZ": zone, "AWS_ENDPOINT_URL": address}
        )
    assert (done.code, done.stderr) == (0, "")
    assert f"Expiration       : {shown}" in done.stdout


def test_time_before_1970_is_a_provider_error(keystead: Keystead) -> None:
    text = assumed("<Expiration>0001-01-01T00:00:00Z</Expiration>")
    with serving(lambda _: (200, text)) as address:
        done = keystead("Use-STSRole", *ROLE, env={**WHERE, "AWS_ENDPOINT_URL": address})
    assert (done.code, done.stdout) == (7, "")


def test_an_error_that_quotes_the_token_is_masked_in_every_form(keystead: Keystead) -> None:
    def echo(request: BaseHTTPRequestHandler) -> tuple[int, str]:
        token = request.headers["X-Amz-Security-Token"]
        message = f"{token} {quote(token, safe='')} {'x' * 430} {token}"
        return 400, f"<E><Error><Code>Bad</Code><Message>{message}</Message></Error></E>"

    with serving(echo) as address:
        done = keystead("whoami", env={**WHERE, "AWS_ENDPOINT_URL": address})
    assert done.code == 7
    assert "Bad: ******** ******** xxx" in done.stderr


@pytest.mark.parametrize("variable", KEYS)
def test_key_with_a_line_break_is_refused_and_not_shown(keystead: Keystead, variable: str) -> None:
    done = keystead("whoami", env={**KEYS, variable: KEYS[variable] + "\r"})
    assert done.code == 4
    assert "(environment) contains a line break or control character" in done.stderr


@pytest.mark.parametrize(
    "odd",
    [
        {"AWS_ENDPOINT_URL": "nowhere"},
        {"AWS_ENDPOINT_URL": "http://[::1"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:99999"},
        {"AWS_REGION": "../@nowhere"},
        {"AWS_ENDPOINT_URL": "https://127.0.0.1:9", "AWS_CA_BUNDLE": "/nowhere"},
    ],
)
def test_unusable_settings_are_a_provider_error(keystead: Keystead, odd: dict[str, str]) -> None:
    done = keystead("whoami", env={**WHERE, **odd})
    assert done.code == 7
    assert done.stderr.startswith(
        "keystead: error: sts could not be called for GetCallerIdentity: "
    )


@pytest.mark.parametrize("secret", [SECRET_KEY.replace("/", ""), quote(SECRET_KEY, safe="")])
def test_a_password_in_an_address_is_masked(keystead: Keystead, secret: str) -> None:
    address = f"http://user:{secret}@127.0.0.1:9"
    done = keystead("whoami", env={**KEYS, "AWS_ENDPOINT_URL": address})
    assert done.code == 7
    assert "wJalr" not in done.stderr
