"""The socket that the agent listens on: one agent in one private folder.

On Windows it is a port of the loopback; a file in that folder says which, and holds the secret
that clients have to know.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sys

from keystead.agent import address

BACKLOG = 2048
_FILES = 4096
"""Open files, and so connections, that this process may have, where it may have so many."""


class Taken(Exception):
    """Another agent listens there, or is about to."""


class Listening:
    """The socket, and the lock on its folder that keeps others from listening there.

    The lock is the system's, so it ends with this process, however that ends; what is left of a
    socket by then is stale, and the next one puts its own in that place. ``secret`` is what a
    client has to know; None where the system tells whose process a client is.
    """

    def __init__(self, path: bytes) -> None:
        """Raises `Taken`, or `OSError` where a folder or socket cannot be had as it has to be."""
        self._path = path
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        self.secret: bytes | None = None
        if sys.platform == "win32":
            import msvcrt

            self._lock = os.open(path + b".lock", os.O_RDWR | os.O_CREAT)
            try:
                msvcrt.locking(self._lock, msvcrt.LK_NBLCK, 1)
            except OSError:
                raise Taken from None
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            self.socket.bind(("127.0.0.1", 0))
            self.socket.listen(BACKLOG)
            self.secret = secrets.token_hex(32).encode()
            with open(path + b".new", "wb") as file:
                file.write(b"%d %b" % (self.socket.getsockname()[1], self.secret))
            os.replace(path + b".new", path)
        else:
            import fcntl
            import resource

            address.require_private(os.path.dirname(path))
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._lock = os.open(path + b".lock", flags, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Taken from None
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.bind(path)
            self.socket.listen(BACKLOG)
            most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES, most), most))

    def close(self) -> None:
        """Takes the socket away. The lock goes with the process: its file is never removed."""
        self.socket.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)
