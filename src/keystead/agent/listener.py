"""The socket that the agent listens on: one agent in one private folder.

On Windows it is a port of the loopback; a file in that folder says which, and holds the secret
that clients have to know.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import stat
import sys
from typing import NamedTuple

from keystead.agent import protocol
from keystead.system.file_lock import try_lock

BACKLOG = 2048
_SECRET_FILE = re.compile(rb"\d{1,5} [0-9a-f]{64}")
_FILES = 4096
"""Open files, and so connections, that this process may have, where it may have so many."""


class Taken(Exception):
    """Another agent listens there, or is about to."""


class Inherited(NamedTuple):
    """File descriptors that an agent passes on when it executes itself again.

    ``client`` is the connection that waits for the answer to its lock, None where there is none.
    """

    socket: int
    lock: int
    client: int | None


def is_taken(path: bytes) -> bool:
    """Whether an agent listens at ``path``, or is about to. Raises `OSError`."""
    try:
        lock = os.open(path + b".lock", os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return False
    try:
        return not try_lock(lock)
    finally:
        os.close(lock)


def require_free(path: bytes) -> None:
    """Raises `FileExistsError` when ``path`` is a file that no agent has made."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if sys.platform == "win32":
        with open(path, "rb") as file:
            ours = _SECRET_FILE.fullmatch(file.read(100)) is not None
    else:
        ours = stat.S_ISSOCK(found.st_mode) and found.st_uid == os.geteuid()
    if not ours:
        raise FileExistsError("a file that is not an agent's socket")


def _take(lock: int) -> None:
    """Takes the lock on an open file. Raises `Taken`."""
    if not try_lock(lock):
        raise Taken


class Listener:
    """The socket, and the lock on its folder that keeps others from listening there.

    The lock is the system's, so it ends with this process, however that ends; what is left of a
    socket by then is stale, and the next one puts its own in that place. ``secret`` is what a
    client has to know; None where the system tells whose process a client is. ``inherited`` is
    what the same agent had before it executed itself again.
    """

    def __init__(self, path: bytes, inherited: Inherited | None = None) -> None:
        """Raises `Taken`, or `OSError` where a folder or socket cannot be had as it has to be."""
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
        """What the next image of this process inherits."""
        found = Inherited(
            self.socket.fileno(), self._lock, None if client is None else client.fileno()
        )
        for number in found:
            if number is not None:
                os.set_inheritable(number, True)
        return found

    def close(self) -> None:
        """Takes the socket away. The lock goes with the process: its file is never removed."""
        self.socket.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)
