"""The sockets that endpoints listen on."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import sys

from keystead.errors import KeysteadError, UsageError
from keystead.http.guards import Address

LOOPBACK = "127.0.0.1"

_BACKLOG = 1024
HOPS = 1
"""The time to live of answers: this machine and containers on its bridges, as EC2's default."""


def address(text: str) -> str:
    """Parses an IP address. Raises `UsageError` for a name or for the unspecified address."""
    if text == "localhost":
        return LOOPBACK
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise UsageError(
            f"`{text}` is not an IP address",
            id="invalid-listen-address",
            hint="use an IP address of this machine",
        ) from None
    found = getattr(found, "ipv4_mapped", None) or found  # the same address for the system
    if found.is_unspecified:
        raise UsageError(
            f"`{text}` means every address of this machine",
            id="invalid-listen-address",
            hint="use the one that the clients use, such as that of a container's bridge",
        )
    return str(found)


def is_loopback(host: str) -> bool:
    """Whether it is a loopback address."""
    return ipaddress.ip_address(host).is_loopback


def listen(host: str, port: int, hops: int = HOPS) -> socket.socket:
    """A socket that listens at ``host`` and ``port`` (0: a free one), with ``hops`` as its TTL.

    Raises `KeysteadError`.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only for sockets with an explicit protocol.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            if family == socket.AF_INET:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
            else:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        sock.close()
        reason = str(getattr(error, "strerror", None) or error).lower()
        raise KeysteadError(
            f"cannot listen at port {port} of {host}: {reason}",
            id="port-unavailable",
            hint="choose another --port; 0 picks a free one",
        ) from None
    return sock


def address_of(sock: socket.socket) -> Address:
    """The address it listens at."""
    host, port = sock.getsockname()[:2]
    return host, port


def url(where: Address, path: str = "") -> str:
    """The URL of ``path`` at that address."""
    host, port = where
    return f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"
