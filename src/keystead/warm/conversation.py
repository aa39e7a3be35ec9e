"""A connection of the fork server: greeting, request, a child, and its exit code."""

from __future__ import annotations

import sys

assert sys.platform == "linux"  # noqa: S101  # for the type checker

import contextlib
import os
import secrets
import signal
import socket
import struct
import time
from typing import TYPE_CHECKING

from keystead.system.protection import end_with_parent
from keystead.warm import protocol
from keystead.warm.child import NEEDED_SERVICES, run
from keystead.warm.peer import Peer, Refused
from keystead.warm.request import ClientState, Request

if TYPE_CHECKING:
    from keystead.warm.server import Server

REQUEST_SECONDS = 2.0
"""Time limit for a client to send its request."""

_CREDENTIALS = struct.Struct("=iII")
_DESCRIPTORS = 4
"""Standard input, output, error, and the command."""

_MOST_ANCILLARY = socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(4 * _DESCRIPTORS)
_PASSED_ON = (
    *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM),
    *(signal.SIGCONT, signal.SIGWINCH),
)
# SIGTSTP would be ignored by the child, whose process group has no shell.
_FORWARDED: dict[int, int] = {
    **{number: number for number in _PASSED_ON},
    signal.SIGTSTP: signal.SIGSTOP,
}


class Conversation:
    """One client of the server. ``connection`` is closed with it."""

    def __init__(self, server: Server, connection: socket.socket) -> None:
        """Greets the client. Raises `Refused` or `OSError`."""
        self._server = server
        self._connection = connection
        self._began = time.monotonic()
        self._nonce = secrets.token_bytes(protocol.NONCE_BYTES)
        self._pid = 0
        self._child: int | None = None  # its pidfd
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._peer = Peer(connection, server.own)
        try:
            connection.send(protocol.GREETING + self._nonce)
        except OSError:
            self._peer.close()
            raise
        server.watch(connection, self._readable)
        if not server.are_files_current():  # while the client writes its request
            self.close()
            raise Refused

    def is_late(self, now: float) -> bool:
        """Whether its request is overdue at ``now`` (monotonic)."""
        return self._child is None and now - self._began > REQUEST_SECONDS

    def close(self) -> None:
        """Ends the connection, and the child if it is running."""
        if self._child is not None:
            signal.pidfd_send_signal(self._child, signal.SIGKILL)
            self._server.unwatch(self._connection)
            self._connection.close()
            return  # `_ended` does the rest
        self._server.unwatch(self._connection)
        self._connection.close()
        self._peer.close()
        self._server.forget(self)

    def _readable(self) -> None:
        if self._connection.fileno() < 0:
            return  # `_ended` was called for the same round of events
        try:
            if self._child is None:
                self._take_request()
            else:
                self._take_signal(self._child)
        except BlockingIOError:
            pass
        except (Refused, OSError, ValueError):
            self.close()

    def _take_signal(self, child: int) -> None:
        message = self._connection.recv(2)
        if len(message) != 1 or message[0] not in _FORWARDED:
            raise Refused
        signal.pidfd_send_signal(child, _FORWARDED[message[0]])

    def _take_request(self) -> None:
        message, ancillary, flags, _ = self._connection.recvmsg(
            protocol.MOST_BYTES + 1, _MOST_ANCILLARY, socket.MSG_CMSG_CLOEXEC
        )
        streams, sender = _read_ancillary(ancillary)
        try:
            if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) or len(streams) != _DESCRIPTORS:
                raise Refused
            if message[:1] != protocol.REQUEST or sender != self._peer.process.pid:
                raise Refused
            if message[1:] != self._nonce + self._server.build:
                raise Refused
            self._fork(streams)
        finally:
            for descriptor in streams:
                os.close(descriptor)

    def _fork(self, descriptors: tuple[int, ...]) -> None:
        process = self._peer.process
        client = ClientState(process.pid, process.parent, process.umask, process.ignored_signals)
        request = Request(client, self._peer.pidfd, self._peer.folder, *descriptors)
        pid = self._server.run_in_spare(self._connection, request) or self._fork_for(request)
        try:
            self._child = os.pidfd_open(pid)
        except OSError:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise
        self._pid = pid
        self._server.watch(self._child, self._ended)

    def _fork_for(self, request: Request) -> int:
        """Forks a child for the request; returns its process id."""
        server = os.getpid()
        pid = os.fork()
        if not pid:
            try:
                end_with_parent(server)
                run(self._connection, request, self._server.at_start)
            finally:
                os._exit(1)  # nothing may return to the server's loop
        return pid

    def _ended(self) -> None:
        assert self._child is not None  # noqa: S101  # it has ended just now
        _, status = os.waitpid(self._pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == NEEDED_SERVICES:
            self._server.needs_services()
        self._server.unwatch(self._child)
        os.close(self._child)
        self._child = None
        if self._connection.fileno() < 0:  # the client has disconnected
            self._peer.close()
            self._server.forget(self)
            return
        with contextlib.suppress(OSError):
            self._connection.send(protocol.END + b"%d" % code)
        self.close()


def _read_ancillary(ancillary: list[tuple[int, int, bytes]]) -> tuple[tuple[int, ...], int]:
    """The descriptors, and the process that sent them."""
    descriptors: tuple[int, ...] = ()
    sender = 0
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            count = len(data) // 4
            descriptors += struct.unpack(f"={count}i", data[: 4 * count])
        elif level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            sender = _CREDENTIALS.unpack(data)[0]
    return descriptors, sender
