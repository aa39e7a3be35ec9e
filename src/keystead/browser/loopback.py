"""A server on the loopback for the browser of one person, while a command waits for it.

Its paths are one-time pages with random names, and those that the command adds. Requests with
another Host (DNS rebinding) and, where the system tells it, of other users are refused.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from html import escape
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from keystead.http.sockets import LOOPBACK, address_of, listen
from keystead.system import connections
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

_SECONDS = 10.0
"""Time limit of receiving a request and of sending its answer."""
_MOST_BYTES = 16 * 1024
_MOST_CONNECTIONS = 32
_REQUEST = re.compile(r"(GET|HEAD) (/[!-~]*) HTTP/1\.[01]")
_HEADERS = {
    "Cache-Control": "no-store",
    "Connection": "close",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Content-Type": "text/html; charset=utf-8",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Reply(NamedTuple):
    """An answer: a page, or with a ``location`` a redirection."""

    status: int
    page: str = ""
    location: str | None = None


Route = Callable[[Mapping[str, str]], Reply]
"""Answers a request by the parameters of its query."""


def page(title: str, *paragraphs: str) -> str:
    """A page of text in HTML."""
    body = "".join(f"<p>{escape(text)}</p>" for text in paragraphs)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>"
        "<style>body{font-family:sans-serif;margin:4em auto;max-width:40em}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )


class Loopback:
    """The server, while it is a context; ``port`` 0 is a free one.

    Raises `KeysteadError` where it cannot listen there.
    """

    def __init__(self, port: int = 0) -> None:
        self._socket = listen(LOOPBACK, port)
        self._routes: dict[str, Route] = {}
        self._slots = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        self._answering = threading.Lock()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://{self._host}"

    @property
    def _host(self) -> str:
        host, port = address_of(self._socket)
        return f"{host}:{port}"

    def route(self, path: str, answer: Route) -> None:
        """Answers requests for ``path``."""
        self._routes[path] = answer

    def redirect_once(self, target: str, visited: Callable[[], None] = lambda: None) -> str:
        """The address of a page that redirects to ``target`` once, then calls ``visited``."""
        name = f"/{os.urandom(32).hex()}"
        lock, left = threading.Lock(), [target]

        def answer(_: Mapping[str, str]) -> Reply:
            with lock:
                if not left:
                    return Reply(410, page("Already used", "This page works once."))
                location = left.pop()
            visited()
            return Reply(303, location=location)

        self.route(name, answer)
        return self.url + name

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # ends the wait for a connection
        self._socket.close()
        self._thread.join()
        with self._answering:  # the answer that is being sent
            self._routes.clear()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            if not self._slots.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        try:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(_SECONDS)
                head = _head(connection)
                with self._answering:  # short enough for the buffers of the system
                    connection.sendall(self._answer(head, connection))
        finally:
            self._slots.release()

    def _answer(self, head: list[str], connection: socket.socket) -> bytes:
        found = _REQUEST.fullmatch(head[0])
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:])
        }
        if found is None or headers.get("host") != self._host:
            return _sent(Reply(400, page("Not accepted", "This is not a request of a browser.")))
        if not _is_own(connection):
            return _sent(Reply(403, page("Not accepted", "This page is another user's.")))
        method, target = found.groups()
        parts = urlsplit(target)
        route = self._routes.get(parts.path)
        is_prefetch = "prefetch" in headers.get("sec-purpose", "") + headers.get("purpose", "")
        if route is None or is_prefetch or method == "HEAD":
            return _sent(Reply(404, page("Not found", "There is no such page.")))
        return _sent(route(dict(parse_qsl(parts.query, keep_blank_values=True))))


def _head(connection: socket.socket) -> list[str]:
    data = b""
    while b"\r\n\r\n" not in data and len(data) < _MOST_BYTES:
        more = connection.recv(_MOST_BYTES)
        if not more:
            break
        data += more
    return data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")


def _sent(reply: Reply) -> bytes:
    body = reply.page.encode()
    headers = {**_HEADERS, "Content-Length": str(len(body))}
    if reply.location is not None:
        headers["Location"] = reply.location
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


if sys.platform == "win32":

    def _is_own(connection: socket.socket) -> bool:
        """True: the system does not tell whose a connection is."""
        del connection
        return True

else:

    def _is_own(connection: socket.socket) -> bool:
        """Whether a process of this user or of root has the other end, where that is known."""
        if not connections.knows_connections():
            return True
        end = connections.connection(connection.getpeername(), connection.getsockname())
        return end is not None and end.uid in {0, os.getuid()}
