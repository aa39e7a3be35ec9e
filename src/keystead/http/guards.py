"""Checks of every request, as metadata servers need them.

The Host header must be exactly one of ours (DNS rebinding), requests with Origin are refused
(browsers) and no CORS header is sent, and X-Forwarded-For is refused as by EC2 (open proxies).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable, Mapping

from keystead.errors import KeysteadError
from keystead.value import Value, field

PROXIES = ("x-forwarded-for", "forwarded")
"""Headers that proxies add."""
PAGES_AND_PROXIES = ("origin", "sec-fetch-site", *PROXIES)
"""Headers that pages in browsers or proxies add."""

Address = tuple[str, int]
"""An IP address and a port."""


class Request(Value):
    """A request. Header names are in lower case; repeated headers are joined by commas.

    ``peer`` and ``local`` are the addresses, ``connection`` the number of the connection, ``query``
    is still encoded.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    peer: Address | None
    local: Address
    connection: int = 0
    query: str = ""


class Answer(Value):
    """An answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """An error answer; ``code`` is for programs."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, error: KeysteadError) -> Refusal:
        """A keystead error as a refusal, with its hint."""
        message = f"{error}; {error.hint}" if error.hint else str(error)
        return cls(error.http_status, type(error).__name__, message)

    def answer(self) -> Answer:
        """A document with the member names of both protocols."""
        text = str(self)
        document = {"code": self.code, "message": text, "Code": self.code, "Message": text}
        return Answer(self.status, json.dumps(document).encode(), headers=self.headers)


class Pending(Exception):
    """The answer has to wait for ``done``; its error is that of the request."""

    def __init__(self, done: asyncio.Future[None]) -> None:
        super().__init__()
        self.done = done


def host_names(addresses: Iterable[Address], names: Iterable[str]) -> frozenset[str]:
    """The accepted values of the Host header, for ``addresses`` and other ``names``."""
    found: set[str] = set()
    for host, port in addresses:
        shown = f"[{host}]" if ":" in host else host
        own = {shown, *names}
        if host in ("127.0.0.1", "::1"):
            own.add("localhost")
        found |= {f"{name}:{port}".lower() for name in own}
        if port == 80:  # noqa: PLR2004  # the default port is omitted
            found |= {name.lower() for name in own}
    return frozenset(found)


def check(
    request: Request, hosts: Collection[str], methods: Collection[str], foreign: Collection[str]
) -> None:
    """Raises `Refusal` for a request that is not acceptable. None of the headers ``foreign`` is."""
    if request.headers.get("host", "").lower() not in hosts:
        raise Refusal(403, "HostNotAllowed", "the Host header is not an address of this endpoint")
    for name in foreign:
        if name in request.headers:
            raise Refusal(403, "NotForwarded", f"requests with the header {name} are not accepted")
    if request.method not in methods:
        allowed = ", ".join(sorted(methods))
        raise Refusal(
            405, "MethodNotAllowed", f"the methods here are {allowed}", {"Allow": allowed}
        )
    length = request.headers.get("content-length", "0")
    if "transfer-encoding" in request.headers or length.strip("0"):
        raise Refusal(413, "BodyNotAllowed", "a request with a body is not accepted")
