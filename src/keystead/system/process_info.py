"""Parents of processes and owners of connections; best effort, None where unknown."""

from __future__ import annotations

import os
import struct
import sys
import time

from keystead.value import NamedTuple


def variable(pid: int, name: str) -> str | None:
    """A variable in the environment that the process was started with."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            found = file.read().split(b"\0")
    except OSError:
        return None
    start = os.fsencode(f"{name}=")
    return next((os.fsdecode(v[len(start) :]) for v in found if v.startswith(start)), None)


def parent(pid: int) -> int | None:
    """The process that started the process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read(4096).rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None


def started_at(pid: int) -> int | None:
    """When the process started, which distinguishes it from others with the same id.

    None for no such process; 0 where the system does not report the time.
    """
    return _started_at(pid)


class Connection(NamedTuple):
    """The other end of a local connection."""

    uid: int
    inode: int


if sys.platform == "linux":

    def _started_at(pid: int) -> int | None:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                fields = file.read(4096).rpartition(b")")[2].split()
        except OSError:
            return None
        return None if fields[0] in (b"Z", b"X") else int(fields[19])

elif sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _QUERY = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION

    def _started_at(pid: int) -> int | None:
        kernel = ctypes.WinDLL("kernel32")
        kernel.OpenProcess.restype = wintypes.HANDLE
        process: int | None = kernel.OpenProcess(_QUERY, 0, pid)
        if process is None:
            return None
        handle = wintypes.HANDLE(process)
        try:
            times = [ctypes.c_uint64() for _ in range(4)]  # of start, end, kernel, user
            if not kernel.GetProcessTimes(handle, *map(ctypes.byref, times)):
                return 0
            return None if times[1].value else times[0].value
        finally:
            kernel.CloseHandle(handle)

else:

    def _started_at(pid: int) -> int | None:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except OSError:
            return 0  # another user's
        return 0


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
