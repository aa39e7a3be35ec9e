"""The socket of the fork server, in the private folder of the agent's."""

from __future__ import annotations

import sys

assert sys.platform == "linux"  # noqa: S101  # for the type checker

import contextlib
import os
import socket

from keystead.agent.protocol import require_private

_BACKLOG = 128


class Listener:
    """A listening socket at ``path``, in place of an earlier one."""

    def __init__(self, path: bytes) -> None:
        """Raises `OSError`."""
        require_private(os.path.dirname(path))
        self._path = path
        new = path + b".new"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.bind(new)
        self._file = os.lstat(new).st_ino
        self.socket.listen(_BACKLOG)
        self.socket.setblocking(False)
        os.replace(new, path)

    def close(self) -> None:
        """Closes it, and removes its file unless it is another server's by now."""
        self.socket.close()
        with contextlib.suppress(OSError):
            if os.lstat(self._path).st_ino == self._file:
                os.unlink(self._path)
