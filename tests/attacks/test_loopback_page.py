"""The page of this machine that a browser is opened with: others on the machine, and web pages.

Its address is in the browser's arguments, which every user can read; what it leads to is a secret.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit

import pytest

from keystead.browser.loopback import Pages, serving
from tests.endpoints import status_for_another_user

SECRET = "https://signin.aws.amazon.com/federation?Action=login&SigninToken=secret"


@pytest.fixture
def loopback() -> Iterator[Pages]:
    with serving(Pages) as found:
        yield found


def ask(url: str, method: str = "GET", **headers: str) -> HTTPResponse:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    with contextlib.closing(connection):
        connection.putrequest(method, f"{parts.path}?{parts.query}", skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.read()
        return answer


def test_the_page_redirects_once(loopback: Pages) -> None:
    visits: list[None] = []
    address = loopback.redirect_once(SECRET, lambda: visits.append(None))
    answer = ask(address)
    assert (answer.status, answer.headers["Location"]) == (303, SECRET)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    again = ask(address)
    assert (again.status, again.headers["Location"]) == (404, None)
    assert len(visits) == 1


def test_of_many_visits_at_once_one_is_redirected(loopback: Pages) -> None:
    address = loopback.redirect_once(SECRET)
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(ask(address).status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [303, *[404] * 7]


@pytest.mark.parametrize("host", ["example.com", "localhost", "127.0.0.1", "127.0.0.1:1", ""])
def test_a_host_name_that_was_rebound_does_not_get_the_page(loopback: Pages, host: str) -> None:
    address = loopback.redirect_once(SECRET)
    assert ask(address, Host=host).status == 403
    assert ask(address).status == 303


@pytest.mark.parametrize(
    "headers", [{"Sec_Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}]
)
def test_a_page_that_is_fetched_ahead_is_not_used_up(
    loopback: Pages, headers: dict[str, str]
) -> None:
    address = loopback.redirect_once(SECRET)
    assert ask(address, **headers).status == 503
    assert ask(address, "HEAD").status == 405
    assert ask(address, "POST").status == 405
    assert ask(address).status == 303


def test_other_paths_lead_nowhere(loopback: Pages) -> None:
    address = loopback.redirect_once(SECRET)
    for url in (
        address.rpartition("/")[0] + "/",
        address[:-1],
        f"{address}0",
        address.replace("http:/", "http:"),
    ):
        with contextlib.suppress(OSError):
            assert ask(url).status == 404
    assert ask(address).status == 303


@pytest.mark.posix("users")
@pytest.mark.root("becoming another user")
def test_another_user_who_reads_the_arguments_does_not_get_the_page(loopback: Pages) -> None:
    address = loopback.redirect_once(SECRET)
    assert status_for_another_user(address) == "403"
    assert ask(address).status == 303


def test_connections_that_say_nothing_keep_nobody_waiting(loopback: Pages) -> None:
    address = loopback.redirect_once(SECRET)
    host, port = urlsplit(address).netloc.split(":")
    with contextlib.ExitStack() as stack:
        for data in (b"", b"GET / HTTP/1.1\r\n", b"\r\n\r\n", b"x" * 20_000):
            silent = stack.enter_context(socket.create_connection((host, int(port))))
            silent.sendall(data)
        assert ask(address).status == 303


def test_nothing_listens_after_the_end() -> None:
    with serving(Pages) as loopback:
        address = loopback.redirect_once(SECRET)
    with pytest.raises(OSError):
        ask(address)
