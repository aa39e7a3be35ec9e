"""Occupies the port of an ended endpoint while background processes still have its address.

Otherwise another user of the machine could listen there and give these processes other keys. A
small process without any key answers 410 until no process has the address in its environment.
"""

from __future__ import annotations

import os
import socket
import sys

_LOOK_SECONDS = 1.0
_CLIENT_SECONDS = 1.0
_ENVIRONMENT_BYTES = 256 * 1024
"""How much of an environment is searched."""

_BODY = b'{"code": "Gone", "message": "the command of this endpoint has ended"}'
_ANSWER = (
    b"HTTP/1.1 410 Gone\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


def keep_port(listening: socket.socket, variable: str) -> None:
    """Executes that process if any other one has ``variable`` (``NAME=value``); else returns.

    The exec discards the memory of this process, which has keys.
    """
    if _is_known(variable) and sys.executable:
        listening.set_inheritable(True)
        argv = [sys.executable, "-I", "-S", __file__, str(listening.fileno()), variable]
        os.execve(sys.executable, argv, {})  # noqa: S606  # this very file, in this very Python


def _is_known(variable: str) -> bool:
    wanted = b"\0%b\0" % os.fsencode(variable)
    found = bytearray(_ENVIRONMENT_BYTES)
    return any(_has(name, wanted, found) for name in filter(str.isdecimal, os.listdir("/proc")))


def _has(process: str, wanted: bytes, buffer: bytearray) -> bool:
    """Whether ``wanted``, a variable between two NULs, is in the environment of the process.

    ``buffer`` is cleared afterwards, as environments contain secrets.
    """
    end = 1  # after a NUL
    with memoryview(buffer) as view:
        try:
            with open(f"/proc/{process}/environ", "rb", buffering=0) as file:
                while size := file.readinto(view[end:]):
                    end += size
        except OSError:
            return False  # another user's, or it has ended
        finally:
            there = buffer.find(wanted, 0, end) >= 0
            view[:end] = bytes(end)
    return there


def _answer(connection: socket.socket) -> None:
    connection.settimeout(_CLIENT_SECONDS)
    connection.recv(65536)
    connection.sendall(_ANSWER)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65536):
        pass


def _main(descriptor: int, variable: str) -> None:
    with socket.socket(fileno=descriptor) as listening:
        listening.settimeout(_LOOK_SECONDS)
        while _is_known(variable):
            try:
                connection, _ = listening.accept()
                with connection:
                    _answer(connection)
            except OSError:
                continue  # no client, or it disconnected


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2])
