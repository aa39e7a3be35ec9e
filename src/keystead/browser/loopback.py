"""Pages on the loopback for the browser of one person, while a command waits for it.

Requests with another Host (DNS rebinding), of pages in the browser and, where the system tells it,
of other users are refused.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterator

from keystead.http.application import Application
from keystead.http.guards import PROXIES, Answer, Refusal, Request, host_names
from keystead.http.server import EndpointServer
from keystead.http.sockets import LOOPBACK, address_of, listen, url
from keystead.system import connections

TURN_SECONDS = 0.2
"""How long to wait for a browser at once: Windows handles Ctrl-C in between."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    _T = TypeVar("_T", bound="Pages")


class Pages:
    """One-time pages with random names; a subclass has more in `other`."""

    methods = frozenset({"GET"})
    foreign = PROXIES

    def __init__(self, sock: socket.socket) -> None:
        self.address = address_of(sock)
        self._once: dict[str, tuple[str, Callable[[], None]]] = {}

    def redirect_once(self, target: str, visited: Callable[[], None] = lambda: None) -> str:
        """The address of a page that calls ``visited`` and redirects to ``target``, once.

        For the arguments of a browser, which other users of the machine can read.
        """
        path = f"/{secrets.token_urlsafe(32)}"
        self._once[path] = target, visited
        return url(self.address, path)

    def answer(self, request: Request) -> Answer:
        """The answer to a request, in the thread of the server."""
        if not _is_own(request):
            raise Refusal(403, "OtherUser", "this page is for another user of this machine")
        if request.headers.get("sec-fetch-mode", "navigate") != "navigate":
            raise Refusal(403, "NotNavigated", "this address is for the browser's address bar")
        if "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", "")):
            raise Refusal(503, "NotFetchedAhead", "this page is not for fetching ahead")
        target, visited = self._once.pop(request.path, (None, None))
        if target is None or visited is None:
            return self.other(request)
        visited()
        return Answer(303, b"", headers={"location": target, "referrer-policy": "no-referrer"})

    def other(self, request: Request) -> Answer:
        """The answer to a request for another page."""
        del request
        raise Refusal(404, "NotFound", "there is nothing here, or it was opened before")


@contextlib.contextmanager
def serving(make: Callable[[socket.socket], _T]) -> Iterator[_T]:
    """Serves the pages that ``make`` returns for a socket, until the end of the block.

    Raises `KeysteadError` where it cannot listen.
    """
    sock = listen(LOOPBACK, 0)
    pages = make(sock)
    hosts = host_names([pages.address], ())
    with EndpointServer(Application({pages.address[1]: pages}, hosts), [sock]).running():
        yield pages


if sys.platform == "win32":

    def _is_own(request: Request) -> bool:
        """True: the system does not tell whose a connection is."""
        del request
        return True

else:

    def _is_own(request: Request) -> bool:
        """Whether a process of this user or of root has the other end, where that is known."""
        if not connections.knows_connections():
            return True
        end = connections.connection(request.peer, request.local) if request.peer else None
        return end is not None and end.uid in {0, os.getuid()}
