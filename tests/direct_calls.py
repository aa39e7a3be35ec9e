"""The same call by keystead's own client and by botocore's, at a server with given answers."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from keystead.errors import ProviderError
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.model.endpoints import Endpoints
from keystead.resolve.aws.client import AwsClient, Headers
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN

KEYS = Credentials(ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN)
IN_REGION = ClientSettings("eu-west-1")
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@contextlib.contextmanager
def speaking(
    answers: tuple[bytes, ...], tls: ssl.SSLContext | None = None
) -> Iterator[tuple[str, list[bytes]]]:
    """A server that says the bytes of each answer in turn, the last one from then on, and hangs up
    each time; its address, and what it received since that list was emptied.
    """
    server = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                wrapped = tls.wrap_socket(connection, server_side=True) if tls else connection
                with wrapped:
                    received.append(_request(wrapped))
                    wrapped.sendall(answers[min(len(received), len(answers)) - 1])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.getsockname()[1]}", received
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def _request(connection: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found or len(found.partition(b"\r\n\r\n")[2]) < _length(found):
        more = connection.recv(65536)
        if not more:
            raise ConnectionError
        found += more
    return found


def _length(request: bytes) -> int:
    return int(headers(request).get("content-length", "0"))


def headers(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    rows = (line.partition(": ") for line in lines)
    return {name.lower(): value for name, _, value in rows}


def answer(body: str, status: int = 200, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status} Any\r\nConnection: close\r\nContent-Length: {len(body.encode())}\r\n{headers}\r\n"
    return (head + body).encode()


class Outcome(NamedTuple):
    """What came of a call: answer or error, requests, pauses, and what was learned of the clock."""

    answer: object
    error: object
    requests: list[tuple[bytes, bytes, dict[str, str]]]
    pauses: list[float]
    ahead: timedelta


OF_THE_PROGRAM = ("user-agent", "amz-sdk-invocation-id", "amz-sdk-request")
"""Headers that say which program sends, and how often it has."""


def outcomes(
    operation: str,
    parameters: dict[str, Any],
    *answers: bytes,
    settings: ClientSettings = IN_REGION,
    keys: Credentials | None = KEYS,
    url: str = "",
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    service: str = "sts",
    more: Headers | None = None,
) -> tuple[Outcome, Outcome]:
    """Of keystead's own client and of botocore, for a server with these answers."""
    with speaking(answers, tls) as (address, received):
        place = url or address.replace("127.0.0.1", host)
        settings = replace(settings, endpoints=Endpoints(place))
        found = [
            _outcome(
                (service, operation, parameters, more),
                settings,
                keys,
                received,
                by_botocore=by_botocore,
            )
            for by_botocore in (False, True)
        ]
    return found[0], found[1]


def _outcome(
    call: tuple[str, str, dict[str, Any], Headers | None],
    settings: ClientSettings,
    keys: Credentials | None,
    received: list[bytes],
    *,
    by_botocore: bool,
) -> Outcome:
    del received[:]
    pauses: list[float] = []
    # With models of their own, calls are left to botocore.
    environ = {**os.environ, "AWS_DATA_PATH": "/nowhere"} if by_botocore else dict(os.environ)
    system = System(environ, clock=lambda: NOW, sleep=pauses.append)
    client = AwsClient(system, settings, keys)
    found: object = None
    problem: object = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=pauses.append))
        random.seed(7)
        try:
            found = client.call(*call)
        except ProviderError as error:
            problem = (type(error), str(error), error.id, error.hint, error.code)
    requests = []
    for request in received:
        given = headers(request)
        assert given["user-agent"].startswith("Botocore" if by_botocore else "keystead")
        for name in OF_THE_PROGRAM:
            del given[name]
        head, _, body = request.partition(b"\r\n\r\n")
        requests.append((head.split(b"\r\n")[0], body, given))
    return Outcome(found, problem, requests, pauses, system.server_time.ahead)


_HEAVY = {"boto3", "botocore", "dateutil", "email", "http.client", "jmespath", "urllib3", "uuid"}


def client_libraries(importtime: str) -> set[str]:
    """The modules of client libraries among those that a command says it loaded."""
    loaded = {line.rpartition("|")[2].strip() for line in importtime.splitlines()}
    return {name for name in loaded if not _HEAVY.isdisjoint({name, name.partition(".")[0]})}
