"""The socket that the agent listens on: one agent in one private folder."""

from __future__ import annotations

import contextlib
import os
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
    socket by then is stale, and the next one puts its own in that place.
    """

    socket: socket.socket
    _path: bytes

    def __init__(self, path: bytes) -> None:
        """Raises `Taken`, or `OSError` where a folder or socket cannot be had as it has to be."""
        if sys.platform == "win32":
            raise OSError("there is no agent on Windows")
        else:  # noqa: RET506  # a branch of its own, for the type checker of each platform
            import fcntl
            import resource

            folder = os.path.dirname(path)
            os.makedirs(folder, mode=0o700, exist_ok=True)
            address.require_private(folder)
            self._path = path
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
