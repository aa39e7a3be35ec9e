"""The HTTP server of endpoints, by asyncio and httptools, with limits of time, size and number."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import itertools
import signal
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import unquote

import httptools

from keystead.http.application import Application
from keystead.http.guards import Address, Answer, Pending, Refusal, Request

REQUEST_SECONDS = 10.0
"""Time limit of receiving a request, of sending its answer, and of an idle connection."""

MAX_HEAD_BYTES = 16 * 1024

MAX_CONNECTIONS = 2000
"""Further connections are answered with 503."""

MAX_WAITING = 32
"""The limit of pipelined requests on a connection."""

_BACKLOG = 1024
_GRACE_SECONDS = 1.0

_numbers = itertools.count()
"""Numbers identify connections, as client ports are reused."""


class _Connection(asyncio.Protocol):
    """One connection; its requests are answered in order."""

    _transport: asyncio.Transport
    _alarm: asyncio.TimerHandle
    _task: asyncio.Task[None] | None = None
    """Sends the answer to a request that has to wait."""
    _patient_until = 0.0
    _head_bytes = 0
    """The length of the incomplete request head."""
    _is_between = True
    """Whether the parser is between two requests."""
    _is_writable = True
    _last = False
    """Whether the current answer is the last one."""
    _known = b""
    """The bytes of one whole request, which was parsed to `_parsed`."""
    _parsed: tuple[Request, bool]
    """The latest request, and whether the connection stays open after its answer."""

    def __init__(self, connections: _Connections) -> None:
        self._connections = connections
        self._number = next(_numbers)
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._waiting: deque[tuple[Request, bool]] = deque()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._peer = _address(transport, "peername")
        self._local = _address(transport, "sockname")
        self._connections.all.add(self)
        self._be_patient()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._connections.all.discard(self)
        self._alarm.cancel()

    def pause_writing(self) -> None:
        self._is_writable = False

    def resume_writing(self) -> None:
        self._is_writable = True
        self._connections.answer_soon(self)

    def data_received(self, data: bytes) -> None:
        # A client repeats its request, with its token: hence the comparison in constant time.
        if not self._waiting and self._known and hmac.compare_digest(data, self._known):
            self._accept()
            return
        is_first = self._is_between and not self._waiting
        self._known = b""
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # the request is answered, and is the last one
        except httptools.HttpParserError:
            self._refuse(400, "BadRequest", "this is not a valid request")
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(400, "BadRequest", "the head of the request is too long")
        if is_first and self._is_between and len(self._waiting) == 1 and self._parsed[1]:
            self._known = data

    def on_message_begin(self) -> None:
        self._is_between = False
        self._url = b""
        self._size = 0
        self._headers: dict[str, str] = {}

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, raw_name: bytes, raw_value: bytes) -> None:
        self._size += len(raw_name) + len(raw_value)
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        before = self._headers.get(name)
        self._headers[name] = value if before is None else f"{before},{value}"

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        if len(self._url) + self._size > MAX_HEAD_BYTES or len(self._waiting) >= MAX_WAITING:
            raise ValueError  # the parser reports a bad request
        url = httptools.parse_url(self._url)
        path, query = unquote(url.path.decode("ascii")), (url.query or b"").decode("ascii")
        method = self._parser.get_method().decode("ascii")
        request = Request(method, path, self._headers, self._peer, self._local, self._number, query)
        stays = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        self._parsed = request, stays and self._parser.get_http_version() != "1.0"
        self._accept()

    def on_body(self, _body: bytes) -> None:
        self._head_bytes = 0

    def on_message_complete(self) -> None:
        self._is_between = True

    def _accept(self) -> None:
        """Adds the parsed request to the queue."""
        if len(self._connections.all) > MAX_CONNECTIONS:
            self._refuse(503, "TooManyConnections", "there are too many connections")
            return
        self._waiting.append(self._parsed)
        if self._task or not self._is_writable:
            self._transport.pause_reading()
        elif len(self._waiting) == 1:
            self._connections.answer_soon(self)

    def answer(self) -> None:
        """Answers the requests in the queue until one has to wait."""
        while self._waiting and self._is_writable and not self._transport.is_closing():
            if self._task:
                return
            request, stays = self._waiting.popleft()
            try:
                answer = self._connections.application.answer(request)
            except Pending as pending:
                self._task = self._loop.create_task(self._answer_later(request, stays, pending))
            else:
                self._reply(request, answer, stays=stays)
        if self._is_writable and not self._task:
            self._transport.resume_reading()

    async def _answer_later(self, request: Request, stays: bool, pending: Pending) -> None:
        answer = await self._connections.application.answer_later(request, pending)
        self._reply(request, answer, stays=stays)
        self._task = None
        self._connections.answer_soon(self)

    def stop(self) -> asyncio.Task[None] | None:
        """Closes the connection after the current answer; returns its task."""
        self._last = True
        self.answer()
        if self._task is None:
            self._transport.close()
        return self._task

    def _reply(self, request: Request, answer: Answer, *, stays: bool) -> None:
        self._send(answer, stays=stays and not self._last, with_body=request.method != "HEAD")

    def _send(self, answer: Answer, *, stays: bool, with_body: bool = True) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(self._connections.rendered(answer, stays, with_body))
        self._be_patient()
        if not stays:
            self._transport.close()

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._send(Refusal(status, code, message).answer(), stays=False)

    def _be_patient(self) -> None:
        self._patient_until = self._loop.time() + REQUEST_SECONDS

    def _watch(self) -> None:
        """Closes the connection after a time-out, unless an answer is being made."""
        if self._loop.time() >= self._patient_until:
            if self._task is None or self._transport.get_write_buffer_size():
                self._transport.abort()
                return
            self._be_patient()
        self._alarm = self._loop.call_at(self._patient_until, self._watch)


class _Connections:
    """The connections of a server; requests that arrived together are answered in one turn."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.all: set[_Connection] = set()
        self._ready: list[_Connection] = []
        self._rendered: dict[tuple[int, bool, bool], tuple[Answer, bytes]] | None = None

    def answer_soon(self, connection: _Connection) -> None:
        """Answers its requests after all that has arrived by now was read."""
        if not self._ready:
            asyncio.get_running_loop().call_soon(self._answer)
        self._ready.append(connection)

    def _answer(self) -> None:
        ready, self._ready = self._ready, []
        self._rendered = {}
        with self.application.turn.taken():
            for connection in ready:
                connection.answer()
        self._rendered = None

    def rendered(self, answer: Answer, stays: bool, with_body: bool) -> bytes:
        """The bytes of an answer, which are made once in a turn."""
        if self._rendered is None:
            return _rendered(answer, stays, with_body)
        key = id(answer), stays, with_body
        if key not in self._rendered:  # with the answer itself, so that its id is not reused
            self._rendered[key] = answer, _rendered(answer, stays, with_body)
        return self._rendered[key][1]


def _rendered(answer: Answer, stays: bool, with_body: bool) -> bytes:
    headers = {
        "date": formatdate(usegmt=True),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-type": answer.content_type,
        "content-length": str(len(answer.body)),
        **answer.headers,
        **({} if stays else {"connection": "close"}),
    }
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name.lower()}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head + answer.body if with_body else head


def _address(transport: asyncio.Transport, name: str) -> Address:
    host, port = transport.get_extra_info(name)[:2]
    return host, port


class EndpointServer:
    """The server of ``application`` on ``sockets``, which are closed with it."""

    _loop: asyncio.AbstractEventLoop | None = None
    _stopped = False

    def __init__(self, application: Application, sockets: Sequence[socket.socket]) -> None:
        self._application = application
        self._sockets = sockets
        self._wake = asyncio.Event()

    def run(self, announce: Callable[[], None]) -> None:
        """Serves until SIGINT or SIGTERM, in the main thread; calls ``announce`` when ready."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, lambda *_: self._stop()) for number in numbers}
        try:
            announce()
            asyncio.run(self._serve())
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Serves in a thread until the end of the block."""
        thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop()
            thread.join()

    def _stop(self) -> None:
        self._stopped = True
        if self._loop:
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._wake.set)

    async def _serve(self) -> None:
        _raise_file_limit()
        self._loop = asyncio.get_running_loop()
        connections = _Connections(self._application)
        servers = [
            await self._loop.create_server(
                lambda: _Connection(connections), sock=sock, backlog=_BACKLOG
            )
            for sock in self._sockets
        ]
        if not self._stopped:
            await self._wake.wait()
        for server in servers:
            server.close()
        at_work = [task for connection in list(connections.all) if (task := connection.stop())]
        if at_work:
            await asyncio.wait(at_work, timeout=_GRACE_SECONDS)


if sys.platform == "win32":

    def _raise_file_limit() -> None:
        """Does nothing: Windows has no such limit."""

else:

    def _raise_file_limit() -> None:
        """Raises the limit of open files for `MAX_CONNECTIONS`, where the system allows it."""
        import resource

        with contextlib.suppress(ValueError, OSError):
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            wanted = MAX_CONNECTIONS + 200
            if soft != resource.RLIM_INFINITY and soft < wanted:
                limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
