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
"""Answers reach this machine and its next neighbours (a container on a bridge), no farther; it is
EC2's default as well."""


def address(text: str) -> str:
    """The IP address that ``text`` is. Raises `UsageError` for a name or for all addresses."""
    if text == "localhost":
        return LOOPBACK
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise UsageError(
            f"`{text}` is not an IP address",
            id="invalid-listen-address",
            hint="name one of this machine",
        ) from None
    found = getattr(found, "ipv4_mapped", None) or found  # the system takes it for that one
    if found.is_unspecified:
        raise UsageError(
            f"`{text}` means every address of this machine",
            id="invalid-listen-address",
            hint="name the one that the clients use, such as that of a container's bridge",
        )
    return str(found)


def is_loopback(host: str) -> bool:
    """Whether only this machine gets there."""
    return ipaddress.ip_address(host).is_loopback


def listen(host: str, port: int, hops: int = HOPS) -> socket.socket:
    """A socket that listens at ``port`` of the address ``host``; 0: one that is free.

    Its answers pass through no more than ``hops - 1`` machines on their way. Raises `KeysteadError`
    when that cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends without delay only where the protocol is named.
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
    """Where it listens."""
    host, port = sock.getsockname()[:2]
    return host, port


def url(where: Address, path: str = "") -> str:
    """The URL of ``path`` there."""
    host, port = where
    return f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"
