"""Small HTTP servers on the loopback with answers from a test; they record requests."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """One request; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Reply:
    """An answer; a body that is not text is sent as JSON."""

    status: int
    body: object = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        """The body as sent."""
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


Answer = Callable[[Request], Reply]


class Service:
    """The result of `serving`: the address, and the requests so far in order.

    ``clock`` gives the date of answers, in UTC.
    """

    def __init__(self, url: str, clock: Callable[[], datetime]) -> None:
        self.url = url
        self.clock = clock
        self.requests: list[Request] = []

    @property
    def calls(self) -> list[str]:
        """The requests as ``METHOD /path``."""
        return [str(request) for request in self.requests]


@contextlib.contextmanager
def serving(
    answer: Answer, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Service]:
    """Run a server that answers requests by ``answer``, one at a time."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            parts = urlsplit(self.path)
            request = Request(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            )
            with lock:
                service.requests.append(request)
                reply = answer(request)
            self.send_response_only(reply.status)
            self.send_header("Date", format_datetime(service.clock(), usegmt=True))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.data)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # the caller may have timed out
                self.wfile.write(reply.data)

        do_GET = do_PUT = do_POST = handle_one  # noqa: N815 - http.server's names

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = Service(f"http://127.0.0.1:{server.server_port}", clock)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()


def metadata_service(document: object, role: str = "app-role", token: str = "imds-token") -> Answer:
    """The EC2 metadata service, version 2 only, of an instance with one role."""
    roles = "/latest/meta-data/iam/security-credentials/"

    def answer(request: Request) -> Reply:
        if str(request) == "PUT /latest/api/token":
            life = request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
            return Reply(200, token) if life.isdigit() else Reply(400)
        if request.method != "GET" or not request.path.startswith(roles):
            return Reply(404)
        if request.headers.get("x-aws-ec2-metadata-token") != token:
            return Reply(401)
        return {roles: Reply(200, role), roles + role: Reply(200, document)}.get(
            request.path, Reply(404)
        )

    return answer
