"""One request to a local server, such as the metadata service: no proxy, redirect or keep-alive."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from keystead.value import NamedTuple

if TYPE_CHECKING:
    from http.client import HTTPResponse

_MOST_BYTES = 256 * 1024
_CHUNK = 16384


class Answer(NamedTuple):
    """Status code and body."""

    status: int
    body: bytes


class Unreachable(Exception):
    """No answer; the text quotes nothing that was sent or received."""


def ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    *,
    seconds: float,
    ca_bundle: str | None = None,
) -> Answer:
    """The answer to a request without a body; ``url`` is ASCII, ``http`` or ``https``.

    ``seconds`` bound each step (connecting, a read) and the whole body. ``ca_bundle`` is a file of
    certificates to trust instead of the system's. Raises `Unreachable`.
    """
    import http.client
    import ssl

    parts = urlsplit(url)
    host = parts.hostname or ""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    secure = parts.scheme == "https"
    # http.client would look for a port behind the last colon of an IPv6 address.
    port = parts.port or (443 if secure else 80)
    connection: http.client.HTTPConnection
    try:
        if secure:
            context = ssl.create_default_context(cafile=ca_bundle)
            connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=seconds)
    except OSError as error:
        raise Unreachable(_reason(error)) from None
    try:
        connection.request(method, target, headers=dict(headers))
        with connection.getresponse() as response:
            return Answer(response.status, _body(response, time.monotonic() + seconds))
    except OSError as error:
        raise Unreachable(_reason(error)) from None
    except (http.client.HTTPException, ValueError):
        raise Unreachable("the server there does not speak HTTP") from None
    finally:
        connection.close()


def _body(response: HTTPResponse, deadline: float) -> bytes:
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if len(body) > _MOST_BYTES:
            raise Unreachable("the answer is too large")
        if time.monotonic() > deadline:
            raise Unreachable("timed out")
    return bytes(body)


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return (error.strerror or type(error).__name__).lower()
