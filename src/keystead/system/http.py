"""One HTTP/1.1 request on a new connection: no proxy, redirect, keep-alive or compression.

The standard library's client takes longer to load than most commands run.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import io
    import socket
    import ssl
    from typing import Literal

    Step = Literal["request", "connect", "tls", "exchange", "size"]

_MOST_BYTES = 256 * 1024
"""Of a body, and of a line of the head."""

_MOST_LINES = 200
"""Of all heads of an answer, and after its chunks."""

_CHUNK = 16384
_SENDABLE = re.compile(rb"[\t -~\x80-\xff]*")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)(?: .*)?")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")
_LENGTH = re.compile(r"\d{1,9}", re.ASCII)
_FIRST_FINAL = 200
_WITHOUT_BODY = frozenset({204, 304})


class Answer(NamedTuple):
    """Status code, body, and the headers by their names in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Unreachable(Exception):
    """No answer; the text quotes nothing that was sent or received.

    ``step`` is the one that failed: ``size`` for an answer that is too large. ``error`` is the
    operating system's or TLS's, where there is one.
    """

    def __init__(self, text: str, step: Step = "exchange", error: Exception | None = None) -> None:
        super().__init__(text)
        self.step = step
        self.error = error


def ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    *,
    seconds: float,
    connect_seconds: float | None = None,
    body: bytes | None = None,
    ca_bundle: str | None = None,
    likely: str | None = None,
) -> Answer:
    """The answer to a request; ``url`` is ASCII, ``http`` or ``https``.

    ``seconds`` bound each step and the whole answer; ``connect_seconds``, connecting alone.
    ``ca_bundle`` is a file of certificates to trust instead of the system's. Those whose labels
    begin with ``likely`` are tried first, as loading all takes longer than the rest of a call.
    Raises `Unreachable`.
    """
    limits = (seconds, connect_seconds or seconds)
    if likely:
        try:
            return _ask(method, url, headers, body, limits, (ca_bundle, likely))
        except Unreachable as error:
            if not hasattr(error.error, "verify_code"):  # `SSLCertVerificationError`
                raise
    return _ask(method, url, headers, body, limits, (ca_bundle, None))


def _ask(  # noqa: PLR0917  # those of `ask`
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    limits: tuple[float, float],
    trusted: tuple[str | None, str | None],
) -> Answer:
    import socket

    seconds, connect_seconds = limits

    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    sent = _request(method, url, headers, body)
    step: Step = "tls"
    try:
        context = _context(*trusted) if secure else None
        step = "connect"
        port = parts.port or (443 if secure else 80)
        connection = socket.create_connection((host, port), connect_seconds)
        step = "exchange"
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is None:
                return _exchange(connection, sent, method, seconds)
            with context.wrap_socket(connection, server_hostname=host) as encrypted:
                return _exchange(encrypted, sent, method, seconds)
    except UnicodeError as error:  # a host name that is not one
        raise Unreachable("the address is not valid", "request", error) from None
    except OSError as error:
        is_tls = hasattr(error, "library")  # an `SSLError`, which only TLS loads
        raise Unreachable(_reason(error), "tls" if is_tls else step, error) from None


def is_proxied(url: str) -> bool:
    """Whether requests to ``url`` go through a proxy, by the rules of the standard library."""
    scheme, _, host = url.rstrip("/").lower().partition("://")
    if sys.platform == "win32" or sys.platform == "darwin":
        from urllib.request import getproxies, proxy_bypass

        return scheme in getproxies() and not proxy_bypass(host)
    else:  # noqa: RET505  # a branch for the type checker of each platform
        named = {k.lower(): v for k, v in os.environ.items() if v and k.lower().endswith("_proxy")}
        if not os.environ.get(f"{scheme}_proxy", named.get(f"{scheme}_proxy")):
            return False
        return not _is_exempt(host, os.environ.get("no_proxy", named.get("no_proxy", "")))


def _is_exempt(host: str, exempt: str) -> bool:
    names = {name.strip().lstrip(".").lower() for name in exempt.split(",")} - {""}
    return exempt == "*" or any(
        place == name or place.endswith(f".{name}")
        for place in (host, host.rpartition(":")[0])
        for name in names
    )


def _exchange(connection: socket.socket, sent: bytes, method: str, seconds: float) -> Answer:
    connection.settimeout(seconds)
    connection.sendall(sent)
    with connection.makefile("rb") as stream:
        return _Reader(stream, time.monotonic() + seconds).answer(method)


def _request(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    rows = {"Host": parts.netloc, "Accept-Encoding": "identity", **headers}
    if body is not None:
        rows["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in rows.items())]
    encoded = [line.encode() for line in lines]
    if not all(map(_SENDABLE.fullmatch, encoded)):
        raise Unreachable("a header has a control character", "request")
    return b"\r\n".join([*encoded, b"", body or b""])


class _Reader:
    """Reads one answer, until a moment of the monotonic clock."""

    def __init__(self, stream: io.BufferedReader, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline
        self._lines = 0

    def answer(self, method: str) -> Answer:
        status = 0
        while status < _FIRST_FINAL:  # interim answers, such as 100 Continue, come first
            found = _STATUS.fullmatch(self._line())
            if not found:
                raise _malformed()
            status, headers = int(found[1]), self._headers()
        without = method == "HEAD" or status in _WITHOUT_BODY
        return Answer(status, b"" if without else self._body(headers), headers)

    def _line(self) -> bytes:
        self._lines += 1
        line = self._stream.readline(_MOST_BYTES)
        self._in_time()
        if not line.endswith(b"\n") or self._lines > _MOST_LINES:
            raise _malformed()
        return line.rstrip(b"\r\n")

    def _headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while line := self._line().decode("latin-1"):
            name, colon, value = line.partition(":")
            if not colon:
                raise _malformed()
            found.setdefault(name.strip().lower(), value.strip())
        return found

    def _body(self, headers: Mapping[str, str]) -> bytes:
        length = headers.get("content-length", "")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._limited(self._chunks())
        if _LENGTH.fullmatch(length):
            return self._limited(self._exactly(int(length)))
        return self._limited(iter(lambda: self._stream.read1(_CHUNK), b""))

    def _chunks(self) -> Iterator[bytes]:
        while True:
            found = _SIZE.fullmatch(self._line())
            if not found:
                raise _malformed()
            size = int(found[1], 16)
            if not size:
                break
            yield from self._exactly(size)
            self._line()
            self._lines -= 2
        while self._line():
            pass

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size:
            part = self._stream.read1(min(size, _CHUNK))
            if not part:
                raise Unreachable("the answer is cut short")
            size -= len(part)
            yield part

    def _limited(self, parts: Iterator[bytes]) -> bytes:
        body = bytearray()
        for part in parts:
            body += part
            if len(body) > _MOST_BYTES:
                raise Unreachable("the answer is too large", "size")
            self._in_time()
        return bytes(body)

    def _in_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise TimeoutError


def _malformed() -> Unreachable:
    return Unreachable("the server there does not speak HTTP")


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return (error.strerror or type(error).__name__).lower()


def _context(ca_bundle: str | None, likely: str | None) -> ssl.SSLContext:
    if ca_bundle is None:
        import ssl

        return ssl.create_default_context()
    try:
        version = os.stat(ca_bundle).st_mtime_ns
    except OSError:  # loading it says what is wrong
        version = 0
    return _trusting(ca_bundle, version, likely)


@lru_cache(maxsize=4)
def _trusting(ca_bundle: str, _version: int, likely: str | None) -> ssl.SSLContext:
    """TLS with the certificates of a file and with botocore's other settings."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    context.post_handshake_auth = True
    context.hostname_checks_common_name = False
    context.set_alpn_protocols(["http/1.1"])
    few = _labelled(ca_bundle, likely) if likely else ""
    if few:
        context.load_verify_locations(cadata=few)
    else:
        context.load_verify_locations(ca_bundle)
    return context


def _labelled(ca_bundle: str, likely: str) -> str:
    """The certificates in the file that have a comment with such a label before them."""
    with open(ca_bundle, encoding="utf-8", errors="replace") as file:
        parts = file.read().split(f'# Label: "{likely}')[1:]
    end = "-----END CERTIFICATE-----"
    return "\n".join(
        "-----BEGIN" + part.partition(end)[0].partition("-----BEGIN")[2] + end
        for part in parts
        if end in part
    )
