"""A child of the fork server: takes the state of the client's process and runs its command.

What the command prints is held until it commits, so that nothing is to be seen of a command that
is handed back.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"  # noqa: S101  # for the type checker

import io
import os
import resource
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from keystead import caller
from keystead.agent.fork_server import at_start
from keystead.cli.run import finish
from keystead.cli.run import run as run_command
from keystead.errors import InteractionRequired
from keystead.warm import protocol

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

    from keystead.warm.request import Request

NEEDED_SERVICES = 113
"""The exit code of a child whose client has got that of the command, and that loaded botocore."""

MOST_HELD_BYTES = 64 * 1024
"""How much output is held."""

_STREAMS = 3
_ERRORS = 2
_UNWRITTEN = 120  # as `finish`
_MOST_DESCRIPTORS = 1 << 20
_PYTHON_IGNORES = (signal.SIGPIPE, signal.SIGXFSZ)


def run(connection: socket.socket, request: Request, own: Mapping[str, str]) -> NoReturn:
    """Runs the command of the request and exits.

    The command is handed back unless `at_start` of its environment is ``own``, the server's.
    """
    client = Client(connection, request)
    try:
        encodings, arguments, environ = _command(request)
        if at_start(environ.items()) != own:
            raise caller.HandBack
        _take_state(client, request, arguments, environ)
        _take_streams(client, encodings)
        code = _run(client)
        client.send(protocol.END + b"%d" % code)  # the end of this process takes a while
        code = NEEDED_SERVICES if "botocore" in sys.modules else 0  # for the server
    except BaseException:  # noqa: BLE001  # `HandBack`, or Ctrl-C before the command handles it
        code = 1
        if not client.committed:
            client.send(protocol.HAND_BACK)
    os._exit(code)


class Client(caller.Caller):
    """The process of the client."""

    def __init__(self, connection: socket.socket, request: Request) -> None:
        self._connection = connection
        self._process = request.client
        self._pidfd = request.pidfd
        self.committed = False
        self._held: list[tuple[io.FileIO, bytes]] = []

    @property
    def pid(self) -> int:
        """See `Caller`."""
        return self._process.pid

    @property
    def parent(self) -> int:
        """See `Caller`."""
        return self._process.parent

    @property
    def status_file(self) -> str:
        """See `Caller`."""
        return f"/proc/{self.pid}/stat"

    def watch(self) -> int:
        """See `Caller`."""
        return os.dup(self._pidfd)

    def fileno(self) -> int:
        """The descriptor of the connection to it."""
        return self._connection.fileno()

    def has_terminal(self, name: str) -> bool:
        """Whether it has a controlling terminal, which only the client could open."""
        del name
        try:
            with open(self.status_file, "rb") as file:
                return file.read(4096).rpartition(b")")[2].split()[4] != b"0"
        except OSError:
            return False

    def require_own_process(self) -> None:
        """Raises `HandBack`, or `InteractionRequired` once the command is committed."""
        if self.committed:
            raise InteractionRequired(
                "this command asked after it had changed or printed something",
                hint="run it with KEYSTEAD_AGENT=off",
            )
        raise caller.HandBack

    def commit(self) -> None:
        """Writes what was held. Raises `OSError`."""
        if not self.committed:
            self.committed = True
            self.send(protocol.COMMITTED)
            for file, data in self._held:
                try:
                    _write(file, data)
                except OSError:
                    if file.fileno() != _ERRORS:  # as for `Console.say`, which ignores it
                        raise

    def execute(self, command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
        """Makes the client replace itself by the command. Raises `OSError` where that fails."""
        self.commit()
        failure, given = os.pipe()
        variables = {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}
        given_command = protocol.command([os.fsencode(word) for word in command], variables)
        socket.send_fds(self._connection, [protocol.EXECUTE, given_command], [given])
        os.close(given)
        number = os.read(failure, 16)
        if not number:
            os._exit(0)  # it is the command now
        raise OSError(int(number), os.strerror(int(number)))

    def send(self, message: bytes) -> None:
        """Sends a message to the client; this process ends if there is none any more."""
        try:
            self._connection.send(message)
        except OSError:
            os._exit(1)

    def write(self, file: io.FileIO, data: bytes) -> int | None:
        """Holds the data or writes some of it. Raises `OSError`."""
        if self.committed:
            return file.write(data)
        self._held.append((file, data))
        if sum(len(held) for _, held in self._held) > MOST_HELD_BYTES:
            self.commit()
        return len(data)


class _Output(io.RawIOBase):
    """Standard output or error of the client."""

    def __init__(self, client: Client, number: int) -> None:
        self._client = client
        self._file = io.FileIO(number, "w", closefd=False)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()

    def write(self, data: ReadableBuffer) -> int | None:
        return self._client.write(self._file, bytes(data))


class _Input(io.RawIOBase):
    """Standard input of the client, which can be read once and so only by the client."""

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 0

    def isatty(self) -> bool:
        return os.isatty(0)

    def readinto(self, buffer: WriteableBuffer) -> int:
        del buffer
        caller.process.require_own_process()
        raise AssertionError("a child of the fork server reads no standard input")


def close_all_but(*numbers: int) -> None:
    """Closes the other descriptors that are not standard streams."""
    last = _STREAMS
    for number in sorted(numbers):
        os.closerange(last, number)
        last = number + 1
    os.closerange(last, _MOST_DESCRIPTORS)


def _write(file: io.FileIO, data: bytes) -> None:
    while data:
        data = data[file.write(data) or 0 :]


def _command(request: Request) -> tuple[list[str], list[str], dict[str, str]]:
    """Encodings, arguments and environment. Raises `ValueError` or `OSError`."""
    whole = os.pread(request.command, protocol.MOST_BYTES, 0)
    (encodings, *arguments), variables = protocol.read_command(whole)
    environ = {os.fsdecode(name): os.fsdecode(value) for name, value in variables.items()}
    return encodings.decode().split(), [*map(os.fsdecode, arguments)], environ


def _take_state(
    client: Client, request: Request, arguments: list[str], environ: Mapping[str, str]
) -> None:
    _set_signals(request.client.ignored_signals)
    for number, descriptor in enumerate(request.streams):
        os.dup2(descriptor, number)
    os.fchdir(request.folder)
    close_all_but(client.fileno(), request.pidfd)
    files = resource.prlimit(client.pid, resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, files)  # the agent raised its own
    os.umask(request.client.umask)
    os.environ.clear()  # noqa: TID251  # the client's take its place
    os.environ.update(environ)  # noqa: TID251  # as above
    time.tzset()
    sys.argv[:] = arguments
    caller.process = client


def _take_streams(client: Client, encodings: list[str]) -> None:
    """Makes the standard streams as Python makes them, also as ``sys.__stdout__`` or the like.

    Raises `ValueError` or `LookupError`.
    """
    buffers: dict[str, Any] = {
        "stdin": io.BufferedReader(_Input()),
        "stdout": io.BufferedWriter(_Output(client, 1)),
        "stderr": io.BufferedWriter(_Output(client, _ERRORS)),
    }
    for name, code, errors in zip(buffers, encodings[::2], encodings[1::2], strict=True):
        buffer = buffers[name]
        stream = io.TextIOWrapper(
            buffer,
            code,
            errors,
            newline=None if name == "stdin" else "\n",
            line_buffering=name == "stderr" or buffer.isatty(),
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _set_signals(ignored: int) -> None:
    """The handlers that Python sets when it starts; the server's may differ."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        is_ignored = number in _PYTHON_IGNORES or ignored >> (number - 1) & 1
        signal.signal(number, signal.SIG_IGN if is_ignored else signal.SIG_DFL)
    if not ignored >> (signal.SIGINT - 1) & 1:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _run(client: Client) -> int:
    """Runs the command; returns its exit code when its output is written."""
    code = run_command()
    try:
        client.commit()
    except OSError:  # what was held of standard output could not be written
        code = _UNWRITTEN
    return finish(code)
