"""A loopback forwarder in front of an emulator that records calls.

It forwards requests unchanged, including the `Host` header, so that signatures stay valid. It
records no body, signature or secret. ``GET /_calls`` returns the calls as JSON and clears them.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

NOTED = frozenset(
    {
        "DurationSeconds",
        "Policy",
        "PolicyArns.member.1.arn",
        "SourceIdentity",
        "Tags.member.1.Key",
        "Tags.member.1.Value",
        "TransitiveTagKeys.member.1",
        "ExternalId",
        "RoleArn",
        "RoleSessionName",
        "SerialNumber",
        "TokenCode",
    }
)
"""The recorded form parameters of STS."""

UPSTREAM_SECONDS = 60.0
CALLS = "/_calls"
"""The path of the recorder's answers."""

_SECRET = re.compile(
    r"secret|token|password|plaintext|private|signature|credential|string|binary|^x-amz-|body",
    re.IGNORECASE,
)

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_UNNAMED = {("s3", "GET", "/"): "ListBuckets"}
# These describe one connection, not the message.
_PER_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass(frozen=True)
class Call:
    """One request; unsigned ones have no service, region and key."""

    service: str
    region: str
    operation: str
    access_key_id: str
    has_session_token: bool
    parameters: Mapping[str, str]
    members: Mapping[str, object] = field(default_factory=dict)
    """Members of the query, form or JSON whose name does not suggest a secret."""

    def __str__(self) -> str:
        settings = "".join(f" {name}={value}" for name, value in sorted(self.parameters.items()))
        return f"{self.service} {self.operation} {self.access_key_id}{settings}"


class Recorder:
    """The result of `recording`: the address to call, and the calls so far in order.

    ``down``: answer every call with 503. ``clock`` sets the date of answers, ``seconds`` delays
    them.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.down = False
        self.clock: Callable[[], datetime] | None = None
        self.seconds = 0.0
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    @property
    def calls(self) -> list[Call]:
        """The calls since the start or the last `clear`, oldest first."""
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        """Reset the calls, the clock and the delay, and forward again."""
        self.down = False
        self.clock = None
        self.seconds = 0.0
        with self._lock:
            self._calls.clear()

    def take(self) -> list[Call]:
        """Return the calls and clear them."""
        with self._lock:
            taken, self._calls = self._calls, []
        return taken

    def note(self, call: Call) -> None:
        """Add one call."""
        with self._lock:
            self._calls.append(call)


@contextlib.contextmanager
def recording(upstream: str) -> Iterator[Recorder]:
    """Run a recorder in front of ``upstream``, an address such as ``http://127.0.0.1:5000``."""
    server = _Server(urlsplit(upstream).netloc)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Forward)
        self.upstream = upstream
        self.recorder = Recorder(f"http://127.0.0.1:{self.server_address[1]}")

    def handle_error(self, request: object, client_address: object) -> None:
        # An interrupted caller drops its connection, which is not an error here.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Forward(BaseHTTPRequestHandler):
    """Forwards one request and its answer."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def forward(self) -> None:
        if self.path == CALLS:
            self._give_calls()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.recorder.note(_call(self.command, self.path, self.headers, body))
        time.sleep(self.server.recorder.seconds)
        if self.server.recorder.down:
            self.send_response_only(503)
            self._send_date()
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        connection = HTTPConnection(self.server.upstream, timeout=UPSTREAM_SECONDS)
        try:
            connection.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                if name.lower() not in _PER_CONNECTION and name.lower() != "expect":
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        self.send_response_only(answer.status, answer.reason)
        dated = self._send_date()
        for name, value in answer.getheaders():
            if name.lower() not in _PER_CONNECTION and not (dated and name.lower() == "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", answer.getheader("Content-Length", str(len(content))))
        self.end_headers()
        self.wfile.write(content)

    def _give_calls(self) -> None:
        calls = self.server.recorder.take()
        content = json.dumps([asdict(call) for call in calls]).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _send_date(self) -> bool:
        clock = self.server.recorder.clock
        if clock is not None:
            self.send_header("Date", format_datetime(clock().astimezone(UTC), usegmt=True))
        return clock is not None

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = forward  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Log nothing: the calls are the log."""


def _call(method: str, target: str, headers: Message, body: bytes) -> Call:
    path, query = urlsplit(target).path, urlsplit(target).query
    signed = _CREDENTIAL.search(headers.get("Authorization", ""))
    access_key_id, region, service = signed.groups() if signed else ("", "", "")
    form: dict[str, list[str]] = {}
    if headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        form = parse_qs(body.decode())
    # Query services name the operation in the form, JSON services in a header, others not at all.
    operation = (
        form.get("Action", [""])[0]
        or headers.get("X-Amz-Target", "").rpartition(".")[2]
        or _UNNAMED.get((service, method, path), f"{method} {path}")
    )
    return Call(
        service=service,
        region=region,
        operation=operation,
        access_key_id=access_key_id,
        has_session_token="X-Amz-Security-Token" in headers,
        parameters={name: values[0] for name, values in form.items() if name in NOTED},
        members=_members(query, form, headers, body),
    )


def _members(
    query: str, form: Mapping[str, list[str]], headers: Message, body: bytes
) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, values in {**parse_qs(query, keep_blank_values=True), **form}.items():
        found[name] = values[0]
    if "json" in headers.get("Content-Type", "") and body:
        with contextlib.suppress(ValueError):
            found |= json.loads(body)
    return {name: value for name, value in found.items() if not _SECRET.search(name)}
