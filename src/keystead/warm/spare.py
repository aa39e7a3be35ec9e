"""A child of the fork server that is forked before its request.

Memory is copied page by page when a child first changes it, and even reading an object changes its
reference count. That takes several times as long as a command. So this child first runs commands
on a profile in memory, without any file of the user, and then waits for its request.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"  # noqa: S101  # for the type checker

import contextlib
import errno
import os
import signal
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import NoReturn

from keystead import caller
from keystead.cli.run import run as run_command
from keystead.system.protection import end_with_parent
from keystead.warm import child
from keystead.warm.request import ClientState, Request

_PROFILE = b"""[x]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = ThisIsNotASecretThisIsNotASecretThisIsNo
"""
_COMMANDS = (["list"], ["env", "x"])
_STATE = struct.Struct("=iiIQ")
_NOWHERE = "/proc/self/none"
"""A path below which there is nothing, and cannot be, not even for root."""


class Spare:
    """One that waits, or is about to."""

    def __init__(self, profile: int, own: Mapping[str, str]) -> None:
        """``profile`` is a `profile_file`; for ``own`` see `child.run`."""
        self._channel, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        server = os.getpid()
        self.pid = os.fork()
        if not self.pid:
            end_with_parent(server)
            _wait(other, profile, own)
        other.close()

    def is_due(self) -> bool:
        """Whether it has run its commands, or has ended; to be called until then."""
        try:
            self._channel.recv(1, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        return True

    def give(self, connection: socket.socket, request: Request) -> None:
        """Has it run the request. Raises `OSError` if it has ended."""
        message = _STATE.pack(*request.client)
        descriptors = [connection.fileno(), *request[1:]]
        try:
            with self._channel:
                socket.send_fds(self._channel, [message], descriptors)
        except OSError:
            os.waitpid(self.pid, 0)
            raise

    def discard(self) -> None:
        """Ends it."""
        self._channel.close()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def profile_file() -> int:
    """A file in memory with the profile. One that was changed just now would be read repeatedly."""
    file = os.memfd_create("keystead")
    os.fchmod(file, 0o600)
    os.write(file, _PROFILE)
    return file


def _wait(channel: socket.socket, profile: int, own: Mapping[str, str]) -> NoReturn:
    try:
        child.close_all_but(channel.fileno(), profile)
        os.dup2(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), 0)  # the pipe of the agent
        with contextlib.suppress(Exception):
            _run_commands(profile)
        channel.send(b".")
        state, descriptors, _, _ = socket.recv_fds(
            channel, _STATE.size, len(Request._fields), socket.MSG_CMSG_CLOEXEC
        )
        if state:
            connection, *rest = descriptors
            request = Request(ClientState(*_STATE.unpack(state)), *rest)
            child.run(socket.socket(fileno=connection), request, own)
    finally:
        os._exit(1)  # nothing may return to the server's loop


class _Nobody(caller.Caller):
    """The caller of commands of which nothing may be seen."""

    def has_terminal(self, name: str) -> bool:
        del name
        return False

    def require_own_process(self) -> None:
        raise caller.HandBack

    def execute(self, command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
        del command, environ
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))


def _run_commands(profile: int) -> None:
    caller.process = _Nobody()
    variables = {
        "HOME": _NOWHERE,
        "KEYSTEAD_HOME": _NOWHERE,
        "KEYSTEAD_AGENT": "off",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": f"/proc/self/fd/{profile}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "us-east-1",
        "PATH": os.defpath,
    }
    os.environ.clear()  # noqa: TID251  # the process is to run commands
    os.environ.update(variables)  # noqa: TID251  # as above
    with open(os.devnull, "w", encoding="utf-8") as null:
        sys.stdout = sys.stderr = null
        for words in _COMMANDS:
            sys.argv[1:] = words
            with contextlib.suppress(caller.HandBack):
                run_command()
