"""The processes at the other end of local connections; best effort, None where unknown."""

from __future__ import annotations

import os
import struct
import sys
import time

from keystead.value import NamedTuple


class Connection(NamedTuple):
    """The other end of a local connection."""

    uid: int
    inode: int


if sys.platform == "linux":
    _SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
    _BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY, of the question and of the answer
    _REQUEST = 1  # NLM_F_REQUEST
    _HEAD = struct.Struct("=IHHII")
    _OPTIONS = struct.Struct("=BBBBI")
    _ANY_COOKIE = b"\xff" * 8
    _OWNER = struct.Struct("=II")
    _OWNER_AT = _HEAD.size + 4 + 48 + 12  # behind state, addresses, timer and queues
    _SECONDS = 1.0

    def knows_connections() -> bool:
        """Whether `connection` works on this system."""
        import socket

        try:
            socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG).close()
        except OSError:
            return False
        return True

    def connection(peer: tuple[str, int], local: tuple[str, int]) -> Connection | None:
        """The end ``peer`` of the connection to ``local``, by sock_diag(7).

        Reading ``/proc/net/tcp`` takes two hundred times as long.
        """
        import socket

        family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
        ends = [socket.inet_pton(family, host).ljust(16, b"\0") for host, _ in (peer, local)]
        which = struct.pack("!HH", peer[1], local[1]) + b"".join(ends) + bytes(4) + _ANY_COOKIE
        body = _OPTIONS.pack(family, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF) + which
        question = _HEAD.pack(_HEAD.size + len(body), _BY_FAMILY, _REQUEST, 1, 0) + body
        try:
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
                kernel.settimeout(_SECONDS)
                kernel.send(question)
                answer = kernel.recv(4096)
        except OSError:
            return None
        if len(answer) < _OWNER_AT + _OWNER.size or _HEAD.unpack_from(answer)[1] != _BY_FAMILY:
            return None
        return Connection(*_OWNER.unpack_from(answer, _OWNER_AT))

else:

    def knows_connections() -> bool:
        """Whether `connection` works on this system."""
        return False

    def connection(peer: tuple[str, int], local: tuple[str, int]) -> Connection | None:
        """None: not implemented on this system."""
        del peer, local
        return None


def holder(end: Connection, *, until: float) -> int | None:
    """The process of this user that has the connection open; searches ``until`` (monotonic)."""
    wanted = f"socket:[{end.inode}]"
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return None
    for pid in sorted(pids, reverse=True):  # newest first, the likeliest ones
        if time.monotonic() > until:
            return None
        folder = f"/proc/{pid}/fd"
        try:
            if any(os.readlink(f"{folder}/{fd}") == wanted for fd in os.listdir(folder)):
                return pid
        except OSError:
            continue
    return None
