"""The client of the fork server; it imports only built-in modules, for `keystead.hot`."""

import sys

assert sys.platform == "linux"  # noqa: S101  # for the type checker

import _socket
import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable
    from types import FrameType
else:
    import _signal

from keystead.agent import protocol as agent_protocol
from keystead.warm import protocol

_INTERRUPT, _STOP, _CONTINUE = _signal.SIGINT, _signal.SIGTSTP, _signal.SIGCONT
_FORWARDED = (
    *(_signal.SIGHUP, _INTERRUPT, _signal.SIGQUIT, _signal.SIGTERM),
    *(_STOP, _CONTINUE, _signal.SIGWINCH),
)
_FOR_EVER = 1e9
_OUTPUTS = (1, 2)
_LAST_STREAM = 2  # a lower descriptor means that a standard stream is closed
_OF_THIS_PROCESS = (b"/dev/fd", b"/dev/std", b"/dev/tty", b"/proc/self", b"/proc/thread-self")
"""Paths that mean something else in another process."""
_LARGEST = protocol.MOST_BYTES // 2
"""The child's message with a program to execute contains the environment as well."""


def run(agent: bytes) -> None:
    """Runs the command of this process by a child of the fork server, and exits as the child did.

    ``agent`` is the path of the agent's socket. Returns where the command has to be run here.
    """
    environ = posix.environ
    if b"KEYSTEAD_DEBUG" in environ or any(map(_is_background_of, _OUTPUTS)):
        return
    try:
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        try:
            if connection.fileno() > _LAST_STREAM and _request(connection, agent, environ):
                _Conversation(connection).hold()
        finally:
            connection.close()
    except OSError:
        return


def _is_background_of(terminal: int) -> bool:
    """Whether the terminal may stop this process for its output: it cannot stop a child."""
    try:
        return posix.tcgetpgrp(terminal) != posix.getpgrp()
    except OSError:  # no terminal, or not the controlling one
        return False


def _request(connection: _socket.socket, agent: bytes, environ: dict[bytes, bytes]) -> bool:
    """Whether the request was sent. Raises `OSError`."""
    connection.settimeout(protocol.SECONDS)
    path = agent_protocol.fork_server_path(agent)
    agent_protocol.require_private(path[: path.rfind(b"/")] or b"/")
    try:
        connection.connect(path)
    except (FileNotFoundError, ConnectionRefusedError):
        agent_protocol.ask(agent, b"POST", b"/warm", b"", protocol.SECONDS)
        return False
    if agent_protocol.peer_uid(connection) != posix.geteuid():
        return False
    greeting = connection.recv(protocol.NONCE_BYTES + 1)
    if greeting[:1] != protocol.GREETING:
        return False
    code = sys.getfilesystemencoding()
    words = [word.encode(code, "surrogateescape") for word in sys.argv]
    command = protocol.command([protocol.encodings(), *words], environ)
    if len(command) > _LARGEST or any(part in command for part in _OF_THIS_PROCESS):
        return False
    file = posix.memfd_create("keystead")
    posix.write(file, command)
    given = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2, file))
    message = protocol.request(greeting[1:])
    connection.sendmsg([message], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, given)])
    posix.close(file)
    return True


class _Conversation:
    """What follows the request.

    Signals are forwarded by the handler of Python's interpreter, which writes the number of each
    on the connection.
    """

    def __init__(self, connection: _socket.socket) -> None:
        self._connection = connection
        self._handlers: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}
        self._received: list[int] = []
        connection.settimeout(_FOR_EVER)  # a descriptor for signals must not block
        mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, _FORWARDED)
        for number in _FORWARDED:
            handler = _signal.getsignal(number)
            if handler != _signal.SIG_IGN:
                self._handlers[number] = handler
                _signal.signal(number, self._stop if number == _STOP else self._note)
        _signal.set_wakeup_fd(connection.fileno(), warn_on_full_buffer=False)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)

    def hold(self) -> None:
        """Exits as the child did; returns if the command has to be run here."""
        committed = False
        while True:
            try:
                message, ancillary, _, _ = self._connection.recvmsg(
                    protocol.MOST_BYTES, _socket.CMSG_SPACE(4), _socket.MSG_CMSG_CLOEXEC
                )
            except OSError:
                message, ancillary = b"", []
            kind, body = message[:1], message[1:]
            if kind == protocol.END:
                _exit(int(body))
            elif kind == protocol.EXECUTE:
                self._execute(body, int.from_bytes(ancillary[0][2][:4], sys.byteorder))
            elif kind == protocol.COMMITTED:
                committed = True
            elif kind == protocol.HAND_BACK or not committed:
                self._end()
                return
            else:
                posix.write(2, b"keystead: error: the process that ran this command was ended\n")
                posix._exit(1)  # noqa: SLF001  # nothing is left to clean up

    def _note(self, number: int, _frame: object) -> None:
        self._received.append(number)

    def _stop(self, _number: int, _frame: object) -> None:
        """Stops this process as well; the server stops the child."""
        _signal.signal(_STOP, _signal.SIG_DFL)
        posix.kill(posix.getpid(), _STOP)
        _signal.signal(_STOP, self._stop)
        posix.write(
            self._connection.fileno(), b"%c" % _CONTINUE
        )  # the system may not have stopped it

    def _end(self) -> None:
        """Restores the handlers; they get the signals that the child has not handled."""
        mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, _FORWARDED)
        _signal.set_wakeup_fd(-1)
        for number, handler in self._handlers.items():
            _signal.signal(number, handler)
        for number in self._received:
            posix.kill(posix.getpid(), number)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)

    def _execute(self, body: bytes, failure: int) -> None:
        """Replaces this process; returns when the child has been informed of an error."""
        words, environ = protocol.read_command(body)
        self._end()  # a signal that the child no longer handles must not be lost
        for number in (_signal.SIGPIPE, _signal.SIGXFSZ):  # Python ignores them
            _signal.signal(number, _signal.SIG_DFL)
        errors = []
        for path in _paths(words[0], environ):
            try:
                posix.execve(path, words, environ)
            except OSError as error:
                errors.append(error.errno or 0)
        serious = [number for number in errors if number not in _MISSING]
        posix.write(failure, b"%d" % (serious or errors[-1:])[0])
        posix.close(failure)


_MISSING = (2, 20)
"""ENOENT and ENOTDIR."""


def _paths(program: bytes, environ: dict[bytes, bytes]) -> list[bytes]:
    """The files to try, as execvp(3) does."""
    if b"/" in program:
        return [program]
    folders = environ.get(b"PATH", b"/bin:/usr/bin").split(b":")
    return [folder.rstrip(b"/") + b"/" + program if folder else program for folder in folders]


def _exit(code: int) -> None:
    """Exits with the code, or below 0 by that signal."""
    if code < 0:
        number = -code
        if number != _signal.SIGKILL:
            _signal.signal(number, _signal.SIG_DFL)
        posix.kill(posix.getpid(), number)
    posix._exit(code)  # noqa: SLF001  # as above
