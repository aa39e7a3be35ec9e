"""The client of the fork server; it imports only built-in modules, for `keystead.hot`."""

import sys

assert sys.platform == "linux"  # noqa: S101  # for the type checker

import _socket
import posix

from keystead.agent import protocol as agent_protocol
from keystead.warm import protocol


def run(words: list[str]) -> int | None:
    """The exit code of the command, run by a child of the fork server; None: it has not run."""
    path = agent_protocol.socket_path(posix.environ)
    if path is None or words[:1] != ["list"] or b"KEYSTEAD_DEBUG" in posix.environ:
        return None
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    try:
        connection.settimeout(protocol.SECONDS)
        try:
            connection.connect(protocol.socket_path(path))
        except (FileNotFoundError, ConnectionRefusedError):
            agent_protocol.ask(path, b"POST", b"/warm", b"")
            return None
        greeting = connection.recv(protocol.NONCE_BYTES + 1)
        if greeting[:1] != protocol.GREETING:
            return None
        arguments = [word.encode(sys.getfilesystemencoding(), "surrogateescape") for word in words]
        message = protocol.request(greeting[1:], arguments, posix.environ)
        streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
        connection.sendmsg([message], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
        connection.settimeout(None)
        answer = connection.recv(protocol.MOST_BYTES)
        return int(answer[1:]) if answer[:1] == protocol.END else None
    except OSError:
        return None
    finally:
        connection.close()
