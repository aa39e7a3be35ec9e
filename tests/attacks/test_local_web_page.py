"""A page in a browser on this machine: it reaches every local port, and says what a browser says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.endpoints import IMDS_TOKEN, ROLES, TTL, Serving, ask, serving

pytestmark = pytest.mark.posix("signals of POSIX and its shells")


@pytest.fixture
def server(write_credentials: Callable[[str], Path]) -> Iterator[Serving]:
    write_credentials(
        f"[base]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
        "region = eu-west-1\n"
    )
    with serving("base", "--container", "--imds") as found:
        yield found
        assert found.keys("base").status == 200  # whatever was done to it


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:1",
        "127.0.0.1.example.com:{}",
        "[::1]:{}",
        "127.0.0.2:{}",
        "evil@127.0.0.1:{}",
        "127.0.0.1:{}.example.com",
        "0:{}",
        "2130706433:{}",
        "",
    ],
)
def test_a_host_name_that_was_rebound_is_refused(server: Serving, host: str) -> None:
    """DNS rebinding: a page's host name resolves to this machine, and the browser sends that name."""
    port = server.url("base").split(":")[2].split("/")[0]
    answer = server.keys("base", Host=host.replace("{}", port))
    assert (answer.status, answer.document["code"]) == (403, "HostNotAllowed")
    answer = ask(
        server.url("base", "imds") + "/latest/api/token", {TTL: "60", "Host": "example.com"}, "PUT"
    )
    assert answer.status == 403


def test_localhost_is_an_accepted_host_name(server: Serving) -> None:
    port = server.url("base").split(":")[2].split("/")[0]
    assert server.keys("base", Host=f"localhost:{port}").status == 200
    assert server.keys("base", Host=f"LOCALHOST:{port}").status == 200


@pytest.mark.parametrize("name", ["Origin", "X-Forwarded-For", "Forwarded"])
def test_requests_from_browsers_and_proxies_are_refused(server: Serving, name: str) -> None:
    answer = server.keys("base", **{name: "http://127.0.0.1"})
    assert (answer.status, answer.document["code"]) == (403, "NotForwarded")
    given = {TTL: "60", name: "203.0.113.1"}
    answer = ask(server.url("base", "imds") + "/latest/api/token", given, "PUT")
    assert answer.status == 403
    token = server.imds_token("base").text
    answer = ask(server.url("base", "imds") + ROLES + "base", {IMDS_TOKEN: token, name: "x"})
    assert answer.status == 403
    assert SECRET_KEY not in answer.text


def test_responses_have_no_cors_headers(server: Serving) -> None:
    preflight = ask(server.url("base"), {"Access-Control-Request-Method": "GET"}, method="OPTIONS")
    assert preflight.status == 405
    for answer in (preflight, server.keys("base"), server.imds_token("base")):
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "PATCH", "TRACE", "SEARCH"])
def test_only_get_gets_keys(server: Serving, method: str) -> None:
    answer = ask(server.url("base"), {"Authorization": server.token("base")}, method)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET"


def test_a_request_has_no_body(server: Serving) -> None:
    given = {"Authorization": server.token("base"), "Content-Length": "5"}
    assert ask(server.url("base"), given, body="12345").status == 413
    given = {"Authorization": server.token("base"), "Transfer-Encoding": "chunked"}
    assert ask(server.url("base"), given).status == 413


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin", "none"])
def test_a_request_of_a_browser_without_an_origin_is_refused(server: Serving, site: str) -> None:
    """A form, an image or a script of a page has no Origin; the browser names the site instead."""
    given = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    answer = server.keys("base", **given)
    assert (answer.status, answer.document["code"]) == (403, "NotForwarded")
    token = ask(server.url("base", "imds") + "/latest/api/token", {TTL: "60", **given}, "PUT")
    assert token.status == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_post_without_a_preflight_gets_nothing(server: Serving, kind: str) -> None:
    given = {"Content-Type": kind, "Content-Length": "3"}
    for url in (server.url("base"), server.url("base", "imds") + "/latest/api/token"):
        answer = ask(url, given, "POST", body="a=b")
        assert answer.status in (405, 413)
        assert SECRET_KEY not in answer.text
