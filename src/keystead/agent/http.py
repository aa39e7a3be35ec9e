"""HTTP/1.1 of the agent: one small request on each connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from keystead.outside import whole
from keystead.value import NamedTuple

MOST_HEAD_BYTES = 8 * 1024
MOST_BODY_BYTES = 256 * 1024
SECONDS = 5.0
"""Time limit of reading a request and of writing an answer."""

_REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    421: "Misdirected Request",
    423: "Locked",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


class Refused(Exception):
    """An error answer: a status, and a message that quotes nothing."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Request(NamedTuple):
    """A request; ``path`` is split at slashes and decoded."""

    method: str
    path: tuple[str, ...]
    body: bytes
    sender: bytes = b""
    """The header `User-Agent`."""
    authorization: bytes = b""
    pid: int | None = None
    """The client's process, where known."""


def answer(status: int, body: bytes) -> bytes:
    """The bytes of an answer; `protocol` expects its length as the last header."""
    return (
        b"HTTP/1.1 %d %b\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n%b"
        % (status, _REASONS[status].encode(), len(body), body)
    )


def json_answer(status: int, value: Mapping[str, object]) -> bytes:
    """An answer with a JSON object."""
    return answer(status, json.dumps(value).encode() + b"\n")


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Reads the request. Raises `Refused`."""
    try:
        async with asyncio.timeout(SECONDS):
            return await _read(reader)
    except TimeoutError:
        raise Refused(408, "the request took too long") from None


async def _read(reader: asyncio.StreamReader) -> Request:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        raise Refused(400, "the request is incomplete") from None
    except asyncio.LimitOverrunError:
        raise Refused(431, "the head of the request is too large") from None
    first, *lines = head[:-4].split(b"\r\n")
    words = first.split(b" ")
    if len(words) != 3 or not words[2].startswith(b"HTTP/1."):  # noqa: PLR2004  # method, target, version
        raise Refused(400, "this is not an HTTP/1.1 request")
    headers = _headers(lines)
    if b"origin" in headers:
        raise Refused(403, "requests from browsers are not accepted")
    if b"transfer-encoding" in headers:
        raise Refused(501, "a request with a body needs `Content-Length`")
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        raise Refused(400, "`Content-Length` is not a number")
    try:
        expected = whole(length.decode(), 0, MOST_BODY_BYTES)
    except ValueError:
        raise Refused(413, "the body of the request is too large") from None
    try:
        body = await reader.readexactly(expected)
    except asyncio.IncompleteReadError:
        raise Refused(400, "the request is incomplete") from None
    sender, authorization = (headers.get(name, b"") for name in (b"user-agent", b"authorization"))
    return Request(words[0].decode("latin-1"), _path(words[1]), body, sender, authorization)


def _headers(lines: list[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise Refused(400, "a header of the request is malformed")
        if found.setdefault(name.lower(), value.strip()) != value.strip():
            raise Refused(400, "a header of the request is repeated")
    return found


def _path(target: bytes) -> tuple[str, ...]:
    try:
        parts = [unquote_to_bytes(part).decode() for part in target.split(b"/")]
    except UnicodeDecodeError:
        raise Refused(400, "the path of the request is not text") from None
    if parts[0] or len(parts) < 2:  # noqa: PLR2004  # the part before the first slash is empty
        raise Refused(400, "the path of the request is not absolute")
    return tuple(parts[1:])
