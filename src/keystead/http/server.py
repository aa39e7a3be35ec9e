"""Runs the application on uvicorn, with bounds on how long and how much a client may send.

Of the two parsers that uvicorn has, httptools costs a third of what h11 does. With it uvicorn
bounds neither the size of a request's head, nor how many of them wait, nor the time that one may
take, so that is done here: somebody who sends a byte now and then, or reads none, would hold a
connection for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from keystead.http.application import Application

REQUEST_SECONDS = 10.0
"""How long a whole request may take to arrive, its answer to be read, and how long a connection may
lie idle."""

MAX_HEAD_BYTES = 16 * 1024

MAX_CONNECTIONS = 2000
"""More at once are answered with 503."""

MAX_WAITING = 32
"""So many requests may follow one on its connection before it was answered."""

_GRACE_SECONDS = 1


class _WholeAnswers(asyncio.Transport):
    """A transport that sends an answer at once: head and body one by one are twice the work."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._parts: list[bytes | bytearray | memoryview] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._parts.append(data)

    def send(self) -> None:
        """Sends what was written."""
        self._transport.write(b"".join(self._parts))
        self._parts.clear()

    def close(self) -> None:
        self.send()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size()


_numbers = itertools.count()
"""A port is used by one client after the other: connections are told apart by number."""


class _PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with an end to its patience."""

    _alarm: asyncio.TimerHandle | None = None
    _patient_until = 0.0
    _head_bytes = 0
    """Of the head that has not come to its end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {"connection": next(_numbers)}
        self._answers = self.transport = _WholeAnswers(transport)
        self._be_patient()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._alarm:
            self._alarm.cancel()

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MAX_HEAD_BYTES or len(self.pipeline) >= MAX_WAITING:
            raise ValueError  # which the parser makes a bad request
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        self._answers.send()
        super().on_response_complete()
        self._be_patient()

    def _be_patient(self) -> None:
        self._patient_until = self.loop.time() + REQUEST_SECONDS

    def _watch(self) -> None:
        """Ends the connection when its time is over, unless it is we who are at work."""
        now = self.loop.time()
        if now >= self._patient_until:
            if not self._at_work() or self.transport.get_write_buffer_size():
                self.transport.abort()
                return
            self._be_patient()
        self._alarm = self.loop.call_at(self._patient_until, self._watch)

    def _at_work(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # there is none before the first request
        return cycle is not None and not cycle.response_complete and not cycle.more_body


class EndpointServer:
    """The server of ``application`` on ``sockets``, which are closed with it."""

    def __init__(self, application: Application, sockets: Sequence[socket.socket]) -> None:
        self._sockets = list(sockets)
        config = uvicorn.Config(
            application,
            http=_PatientProtocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=int(REQUEST_SECONDS),
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        # What a client sent wrong is told to the client; here it would be noise, or a way in.
        logging.getLogger("uvicorn").addHandler(logging.NullHandler())
        logging.getLogger("uvicorn").propagate = False
        self._server = uvicorn.Server(config)

    def run(self, announce: Callable[[], None]) -> None:
        """Serves until SIGINT or SIGTERM comes; call it in the main thread.

        ``announce`` tells clients where; the sockets listen already and signals end it cleanly.
        """
        _raise_file_limit()
        with self._ended_by_signals():
            announce()
            self._server.run(self._sockets)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Serves in a thread until the end of the block."""
        _raise_file_limit()
        thread = threading.Thread(target=self._server.run, args=(self._sockets,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.should_exit = True
            thread.join()

    @contextlib.contextmanager
    def _ended_by_signals(self) -> Iterator[None]:
        """Has a signal be the end of serving and not that of the process.

        uvicorn listens for them while it serves, and raises them again once it is done, for
        whoever listened before.
        """

        def end(*_: object) -> None:
            self._server.should_exit = True

        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


if sys.platform == "win32":

    def _raise_file_limit() -> None:
        """There is no such limit."""

else:

    def _raise_file_limit() -> None:
        """Has room for `MAX_CONNECTIONS`, where the system lets one ask for that."""
        import resource

        with contextlib.suppress(ValueError, OSError):
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            wanted = MAX_CONNECTIONS + 200
            if soft != resource.RLIM_INFINITY and soft < wanted:
                limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
