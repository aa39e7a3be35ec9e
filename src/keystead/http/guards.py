"""What every request has to be before anybody looks at what it wants.

The rules are those that metadata servers learned the hard way: a page in a browser reaches a local
port by a name of its own (DNS rebinding: so the Host header has to be one of ours, to the letter),
it says where it comes from (Origin: so nothing with one is answered, and no CORS header is ever
sent), and a proxy that was talked into asking says so (X-Forwarded-For: refused as by EC2).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from keystead.errors import KeysteadError

_FOREIGN = ("origin", "sec-fetch-site", "x-forwarded-for", "forwarded")

Address = tuple[str, int]
"""An IP address and a port."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are in lower case; one that came twice has both values, by comma.

    ``peer`` is who asks, ``local`` where it came to, ``connection`` the number of the connection.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    peer: Address | None
    local: Address
    connection: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """A request that is not answered with what it wants; ``code`` is a word for programs."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, error: KeysteadError) -> Refusal:
        """An error of ours as a refusal, with its hint."""
        message = f"{error}; {error.hint}" if error.hint else str(error)
        return cls(error.http_status, type(error).__name__, message)

    def answer(self) -> Answer:
        """The refusal as a document, with the member names of both protocols."""
        text = str(self)
        document = {"code": self.code, "message": text, "Code": self.code, "Message": text}
        return Answer(self.status, json.dumps(document).encode(), headers=self.headers)


def host_names(addresses: Iterable[Address], names: Iterable[str]) -> frozenset[str]:
    """The values of the Host header that are ours, at ``addresses`` or by other ``names``."""
    found: set[str] = set()
    for host, port in addresses:
        shown = f"[{host}]" if ":" in host else host
        own = {shown, *names}
        if host in ("127.0.0.1", "::1"):
            own.add("localhost")
        found |= {f"{name}:{port}".lower() for name in own}
        if port == 80:  # noqa: PLR2004  # the port that nobody writes
            found |= {name.lower() for name in own}
    return frozenset(found)


def check(request: Request, hosts: Collection[str], methods: Collection[str]) -> None:
    """Raises `Refusal` for a request that no client of ours would make."""
    if request.headers.get("host", "").lower() not in hosts:
        raise Refusal(403, "HostNotAllowed", "the Host header names no address of this endpoint")
    for name in _FOREIGN:
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
