"""Runs the application on uvicorn, with bounds on how long and how much a client may send.

uvicorn bounds the size of a request's head and the time between two requests. How long a head may
take it does not bound, so its protocol is told here: somebody who sends a byte now and then would
hold a connection for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from keystead.delivery.endpoint.application import Application

REQUEST_SECONDS = 10.0
"""How long a whole request may take to arrive, and how long a connection may lie idle."""

MAX_HEAD_BYTES = 16 * 1024

MAX_CONNECTIONS = 2000
"""More at once are answered with 503."""

_GRACE_SECONDS = 1


class _PatientProtocol(H11Protocol):
    """uvicorn's protocol, with an end to its patience."""

    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._alarm:
            self._alarm.cancel()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._expect_request()

    def _expect_request(self) -> None:
        if self._alarm:
            self._alarm.cancel()
        self._alarm = self.loop.call_later(REQUEST_SECONDS, self._overdue)

    def _overdue(self) -> None:
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self.transport.abort()


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
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
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
