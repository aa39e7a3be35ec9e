"""The socket that the agent listens on, in a private folder.

On Windows it is a port of the loopback; a file in that folder has its number and the secret of the
clients.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sys

from keystead.agent import protocol
from keystead.agent.connection import require_free
from keystead.system.file_lock import try_lock
from keystead.value import NamedTuple

BACKLOG = 2048
_FILES = 4096
"""The limit of open files to set, where the system allows it."""


class Taken(Exception):
    """Another agent is listening or starting there."""


class Inherited(NamedTuple):
    """The file descriptors of a re-executed agent; ``client`` is waiting for its lock request."""

    socket: int
    lock: int
    client: int | None


def is_taken(path: bytes) -> bool:
    """Whether an agent is listening or starting at ``path``. Raises `OSError`."""
    try:
        lock = os.open(path + b".lock", os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return False
    try:
        return not try_lock(lock)
    finally:
        os.close(lock)


def _take(lock: int) -> None:
    """Takes the lock on an open file. Raises `Taken`."""
    if not try_lock(lock):
        raise Taken


class Listener:
    """The socket, and a lock of the operating system that excludes other agents.

    A stale socket is replaced. ``secret`` authenticates clients on Windows; elsewhere it is None,
    as the system reports their user. ``inherited`` is given to a re-executed agent.
    """

    def __init__(self, path: bytes, inherited: Inherited | None = None) -> None:
        """Raises `Taken` or `OSError`."""
        self._path = path
        self.secret: bytes | None = None
        if inherited:
            self._lock = inherited.lock
            self.socket = socket.socket(fileno=inherited.socket)
            for number in inherited[:2]:
                os.set_inheritable(number, False)
            return
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        if sys.platform == "win32":
            self._lock = os.open(path + b".lock", os.O_RDWR | os.O_CREAT)
            _take(self._lock)
            require_free(path)
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            self.socket.bind(("127.0.0.1", 0))
            self.socket.listen(BACKLOG)
            self.secret = secrets.token_hex(32).encode()
            with open(path + b".new", "wb") as file:
                file.write(b"%d %b" % (self.socket.getsockname()[1], self.secret))
            os.replace(path + b".new", path)
        else:
            import resource

            protocol.require_private(os.path.dirname(path))
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._lock = os.open(path + b".lock", flags, 0o600)
            _take(self._lock)
            require_free(path)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.bind(path)
            self.socket.listen(BACKLOG)
            most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES, most), most))

    def passed_on(self, client: socket.socket | None) -> Inherited:
        """The descriptors for re-executing the agent."""
        found = Inherited(
            self.socket.fileno(), self._lock, None if client is None else client.fileno()
        )
        for number in found:
            if number is not None:
                os.set_inheritable(number, True)
        return found

    def close(self) -> None:
        """Removes the socket; the lock file is never removed."""
        self.socket.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)
