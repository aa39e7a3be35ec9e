"""The process at the other end of a connection, which must be confined as the server is."""

from __future__ import annotations

import sys

assert sys.platform == "linux"  # noqa: S101  # for the type checker

import contextlib
import os
import select
import socket

from keystead.agent import protocol
from keystead.system.confinement import Confinement, process

_SO_PEERPIDFD = 77


class Refused(Exception):
    """The client has to run its command itself."""


class Peer:
    """A client's process, held by a file descriptor so that its number means no other."""

    def __init__(self, connection: socket.socket, own: Confinement) -> None:
        """Raises `Refused`."""
        pid = protocol.peer_pid(connection)
        if not pid or protocol.peer_uid(connection) != os.geteuid():
            raise Refused
        with contextlib.ExitStack() as stack:
            try:
                self.pidfd = _pidfd(connection, pid)
                stack.callback(os.close, self.pidfd)
                self.process = process(pid)
                folder = os.open(f"/proc/{pid}/cwd", os.O_PATH)
                stack.callback(os.close, folder)
            except (OSError, ValueError, LookupError):
                raise Refused from None
            if self.process.confinement != own or self.has_ended:
                raise Refused
            self.folder = folder
            stack.pop_all()

    @property
    def has_ended(self) -> bool:
        """Whether the process has exited."""
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Closes the descriptors."""
        os.close(self.pidfd)
        os.close(self.folder)


def _pidfd(connection: socket.socket, pid: int) -> int:
    try:
        return connection.getsockopt(socket.SOL_SOCKET, _SO_PEERPIDFD)
    except OSError:  # before Linux 6.5
        return os.pidfd_open(pid)
