"""Services on the loopback for tests: HTTP, the record of calls, and faults on request."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

from keystead.system import System
from keystead.testing.pages import page
from keystead.value import NamedTuple

_SECRETS = {
    "Session",
    "SigninToken",
    "clientSecret",
    "code",
    "codeVerifier",
    "deviceCode",
    "refreshToken",
}
_THROTTLED = 429
_MAX_BODY_BYTES = 64 * 1024


class Request(NamedTuple):
    """One request. Header names are in lower case, parameters those of the query and the body."""

    method: str
    path: str
    headers: Mapping[str, str]
    parameters: Mapping[str, Any]


class Reply(NamedTuple):
    """An answer: a string is sent as HTML, anything else as JSON."""

    status: int
    body: object
    headers: Mapping[str, str] = {}

    @property
    def data(self) -> bytes:
        """The body as sent."""
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


class Refused(Exception):
    """An error that the service answers with; ``code`` is its name in botocore's model."""

    def __init__(self, code: str, reply: Reply) -> None:
        super().__init__(code)
        self.code = code
        self.reply = reply


class Call(NamedTuple):
    """One answered request: parameters without secrets, the code of the error if it was one."""

    operation: str
    parameters: Mapping[str, Any]
    status: int
    error: str | None
    at: datetime


class Faults:
    """What goes wrong on request.

    ``per_second`` calls of the throttled operations pass in a second, and a ``share`` of them from
    0 to 1 is throttled at random; ``retry_after`` is the header of these refusals. Each answer
    takes ``latency`` seconds. Pages of lists repeat the token that they were asked with if
    ``repeats_paging_token``. ``redirect`` replaces parameters of redirects to the client; an empty
    value removes one.
    """

    def __init__(self) -> None:
        self.per_second: float | None = None
        self.share = 0.0
        self.retry_after: str | None = None
        self.latency = 0.0
        self.repeats_paging_token = False
        self.redirect: dict[str, str] = {}
        self._random = random.Random(0)  # noqa: S311 - the same faults in each run
        self._next: dict[str, deque[str | int]] = {}
        self._allowance = 0.0
        self._filled: datetime | None = None

    def next(self, operation: str, *errors: str | int) -> None:
        """The next calls of ``operation`` fail: error codes, or the status 429 or 500."""
        self._next.setdefault(operation, deque()).extend(errors)

    def due(self, operation: str, now: datetime, *, throttled: bool) -> str | int | None:
        """The error that a call of ``operation`` at ``now`` gets."""
        if waiting := self._next.get(operation):
            return waiting.popleft()
        if not throttled:
            return None
        return _THROTTLED if self._random.random() < self.share or not self._allowed(now) else None

    def _allowed(self, now: datetime) -> bool:
        """Takes a token from the bucket, which holds those of one second."""
        if self.per_second is None:
            return True
        passed = 1.0 if self._filled is None else (now - self._filled).total_seconds()
        self._allowance = min(self.per_second, self._allowance + passed * self.per_second)
        self._filled = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


Operation = Callable[[Request], Reply]


class LocalService:
    """A service that listens on 127.0.0.1, a port of the system, while it is a context.

    Requests are answered one at a time. ``clock`` is the service's own and can be replaced.
    """

    services: ClassVar[Sequence[str]]
    """The services as the variables of their addresses name them."""
    throttled: ClassVar[frozenset[str]] = frozenset()
    """The operations that are throttled."""

    def __init__(self, *, port: int = 0, clock: Callable[[], datetime] | None = None) -> None:
        system = System()
        self.clock = clock or system.clock
        self.faults = Faults()
        self.requests: list[Call] = []
        self._sleep = system.sleep
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """The address of the service."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables by which programs use this service."""
        return {f"AWS_ENDPOINT_URL_{service}": self.url for service in self.services}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def calls(self, operation: str, **parameters: object) -> list[Call]:
        """The requests so far for ``operation`` that have these parameters."""
        return [
            call
            for call in self.requests
            if call.operation == operation and parameters.items() <= call.parameters.items()
        ]

    def answer(self, request: Request) -> Reply:
        """Answers one request and records it."""
        if self.faults.latency:
            self._sleep(self.faults.latency)
        name, operation = self._operations().get(
            f"{request.method} {request.path}", (request.path, _unknown)
        )
        error = None
        with self._lock:
            try:
                now, throttled = self.clock(), name in self.throttled
                if (due := self.faults.due(name, now, throttled=throttled)) is not None:
                    raise self._refusal(name, due)
                reply = operation(request)
            except Refused as refused:
                error, reply = refused.code, refused.reply
            if reply.status == _THROTTLED and self.faults.retry_after is not None:
                headers = {**reply.headers, "Retry-After": self.faults.retry_after}
                reply = reply._replace(headers=headers)
            shown = {k: v for k, v in request.parameters.items() if k not in _SECRETS}
            self.requests.append(Call(name, shown, reply.status, error, now))
        return reply

    def _operations(self) -> Mapping[str, tuple[str, Operation]]:
        """The operation of each method and path, with its name."""
        raise NotImplementedError("the subclass has operations")

    def _refusal(self, operation: str, error: str | int) -> Refused:
        """The error ``error`` of ``operation`` in the service's form."""
        raise NotImplementedError("the subclass has errors")


def checked(
    parameters: Mapping[str, Any], required: Mapping[str, type], optional: Mapping[str, type]
) -> Mapping[str, Any]:
    """``parameters``, where all are known and of their types. Raises `ValueError`."""
    known = {**required, **optional}
    for name, value in parameters.items():
        if name not in known:
            raise ValueError(f"unknown parameter {name}")
        if not isinstance(value, known[name]) or not value:
            raise ValueError(f"invalid {name}")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise ValueError(f"invalid {name}")
    if missing := required.keys() - parameters.keys():
        raise ValueError(f"missing {', '.join(sorted(missing))}")
    return parameters


def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form that a browser sent. Raises `Refused`."""
    if request.headers.get("content-type") != "application/x-www-form-urlencoded":
        raise wrong_page("This is not a form.")
    return request.parameters


def wrong_page(message: str) -> Refused:
    """The page for a request that a browser should not have been sent with."""
    return Refused("InvalidRequest", Reply(400, page("Error", message)))


def redirect(url: str) -> Reply:
    """Sends the browser to ``url``."""
    return Reply(302, "", {"Location": url})


def run(service: LocalService) -> None:
    """Serves until the input ends or Ctrl-C, after printing the variables."""
    with service, contextlib.suppress(KeyboardInterrupt):
        for name, value in service.variables.items():
            sys.stdout.write(f"export {name}={value}\n")
        sys.stdout.flush()
        sys.stdin.read()


def _unknown(_request: Request) -> Reply:
    code = "UnknownOperationException"
    raise Refused(code, Reply(404, {"__type": code}, {"x-amzn-ErrorType": code}))


class _Server(ThreadingHTTPServer):
    """A server whose end closes its connections and awaits their threads."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(address, handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, peer = super().get_request()
        self.connections.add(connection)
        return connection, peer

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as the base class
        self.connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), OSError):  # else the client has closed the connection
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _handler(service: LocalService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        timeout = 60

        def one(self) -> None:
            try:
                reply = service.answer(_request(self))
            except ValueError as error:
                reply = Reply(400, {"message": str(error)})
                self.close_connection = True
            is_page = isinstance(reply.body, str)
            self.send_response_only(reply.status)
            headers = {
                "Date": format_datetime(service.clock(), usegmt=True),
                "Content-Type": "text/html; charset=utf-8" if is_page else "application/json",
                "Content-Length": str(len(reply.data)),
                "Cache-Control": "no-store",
                **reply.headers,
            }
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.data)

        do_GET = do_POST = one  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _request(handler: BaseHTTPRequestHandler) -> Request:
    """The request that ``handler`` got. Raises `ValueError` for a malformed one."""
    length = int(handler.headers.get("Content-Length") or 0)
    if not 0 <= length <= _MAX_BODY_BYTES or "Transfer-Encoding" in handler.headers:
        raise ValueError("invalid length")
    body = handler.rfile.read(length).decode()
    url = urlsplit(handler.path)
    kind = handler.headers.get_content_type()
    pairs: list[tuple[str, Any]] = parse_qsl(url.query, keep_blank_values=True)
    if kind == "application/x-www-form-urlencoded":
        pairs += parse_qsl(body, keep_blank_values=True)
    elif kind == "application/json" and body:
        document = json.loads(body)
        if not isinstance(document, dict):
            raise ValueError("the body is not an object")
        pairs += document.items()
    headers = [(name.lower(), value) for name, value in handler.headers.items()]
    request = Request(handler.command, url.path, dict(headers), dict(pairs))
    if len(request.parameters) < len(pairs) or len(request.headers) < len(headers):
        raise ValueError("a parameter or header is given twice")
    return request
