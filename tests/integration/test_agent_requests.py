"""Requests to the agent that are malformed, incomplete, slow, too large or too many."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keystead.agent import protocol
from tests.agents import STATUS, Agent
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.conftest import Keystead

pytestmark = pytest.mark.posix("the agent")

DEV = f'{{"Version": 1, "AccessKeyId": "{ACCESS_KEY_ID}", "SecretAccessKey": "{SECRET_KEY}"}}\n'
MANY = 1000


@pytest.fixture(autouse=True)
def started(agent: Agent, keystead: Keystead, write_credentials: Callable[[str], Path]) -> None:
    write_credentials(
        f"[dev]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    )
    keystead("process", "dev")


BAD = {
    "nothing but an end": (b"\r\n\r\n", 400),
    "not an HTTP": (b"hello\r\n\r\n", 400),
    "another protocol": (b"GET /status FTP/1.0\r\n\r\n", 400),
    "binary": (bytes(range(256)) + b"\r\n\r\n", 400),
    "a header without a colon": (b"GET /status HTTP/1.1\r\nnonsense\r\n\r\n", 400),
    "a folded header": (b"GET /status HTTP/1.1\r\nA: b\r\n c: d\r\n\r\n", 400),
    "two lengths": (b"GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n", 400),
    "a length below nothing": (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    "a length of letters": (b"GET / HTTP/1.1\r\nContent-Length: ten\r\n\r\n", 400),
    "a length beyond the bound": (b"GET / HTTP/1.1\r\nContent-Length: 262145\r\n\r\n", 413),
    "a length of many digits": (
        b"GET / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        413,
    ),
    "chunks": (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    "a head beyond the bound": (b"GET / HTTP/1.1\r\nA: " + b"a" * 9000 + b"\r\n\r\n", 431),
    "a head without an end": (b"GET / HTTP/1.1\r\nA: " + b"a" * 90000, 431),
    "a page in a browser": (b"GET /status HTTP/1.1\r\nOrigin: http://x\r\n\r\n", 403),
    "a relative path": (b"GET status HTTP/1.1\r\n\r\n", 400),
    "a path that is not text": (b"GET /process/%ff HTTP/1.1\r\n\r\n", 400),
    "no such path": (b"GET /nothing HTTP/1.1\r\n\r\n", 404),
    "another method": (b"DELETE /keys/x HTTP/1.1\r\n\r\n", 404),
    "no profile": (b"GET /process HTTP/1.1\r\n\r\n", 404),
    "an empty profile": (b"GET /process/ HTTP/1.1\r\n\r\n", 404),
    "an option for a profile": (b"GET /process/--help HTTP/1.1\r\n\r\n", 400),
    "a folder more": (b"GET /process/dev/x HTTP/1.1\r\n\r\n", 404),
    "a key that is none": (protocol.request(b"PUT", b"/keys/x", b"{}"), 400),
    "an answer that is none": (protocol.request(b"PUT", b"/ready/x", b"[]"), 400),
    "an answer of NUL": (protocol.request(b"PUT", b"/ready/x", b"\0"), 400),
    "what is between commands and agent": (b"GET /keys/x HTTP/1.1\r\n\r\n", 421),
}


@pytest.mark.parametrize(("data", "status"), BAD.values(), ids=BAD)
def test_malformed_request_gets_an_error_response(agent: Agent, data: bytes, status: int) -> None:
    found, body = agent.send(data)
    assert found == status
    assert json.loads(body)["error"]
    assert agent.send(STATUS)[0] == 200


def test_incomplete_request_gets_an_error_response(agent: Agent) -> None:
    whole = b"POST /ready/dev HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345"
    for end in (0, 1, 20, len(whole) - 8, len(whole)):
        assert agent.send(whole[:end], half_close=True)[0] == 400
    assert agent.send(STATUS)[0] == 200


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for as many connections in this very process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def answer_of(connection: socket.socket) -> bytes:
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


@pytest.mark.usefixtures("many_files")
def test_a_thousand_connections_at_once(agent: Agent, keystead: Keystead) -> None:
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(agent.connect()) for _ in range(MANY)]
        for number, connection in enumerate(connections):
            # Each that asks for credentials has a command run for it, which takes longest.
            path = b"status" if number % 50 else b"process/dev"
            connection.sendall(b"GET /%b HTTP/1.1\r\n" % path)
        for connection in connections:
            connection.sendall(b"\r\n")
        answers = [answer_of(connection) for connection in connections]
    assert {answer[:15] for answer in answers} == {b"HTTP/1.1 200 OK"}
    assert {answer.partition(b"\r\n\r\n")[2] for answer in answers[::50]} == {DEV.encode()}
    assert keystead("process", "dev").stdout == DEV


@pytest.mark.usefixtures("many_files")
def test_slow_requests_delay_no_other_and_are_closed(agent: Agent, keystead: Keystead) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(agent.connect()) for _ in range(MANY + 200)]
        for connection in slow:
            with contextlib.suppress(BrokenPipeError):
                connection.sendall(b"GET /process/dev HTTP/1.1\r\nX: ")
        assert keystead("process", "dev").stdout == DEV
        statuses = {answer_of(connection)[9:12] for connection in slow}
    assert statuses <= {b"408", b"503"}
    assert b"408" in statuses
    assert keystead("process", "dev").stdout == DEV
    assert agent.status()["profiles"] == ["dev"]


def test_unread_response_does_no_harm(agent: Agent) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            connection = stack.enter_context(agent.connect())
            connection.sendall(b"GET /process/dev HTTP/1.1\r\n\r\n")
        assert agent.send(b"GET /process/dev HTTP/1.1\r\n\r\n") == (200, DEV.encode())
