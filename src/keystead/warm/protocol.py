"""The messages on the fork server's socket; it imports only built-in modules, for `keystead.hot`.

Each message is one packet (``SOCK_SEQPACKET``), a type of one byte and its body. The server closes
a connection that it does not serve; then, as after `HAND_BACK`, the client runs the command itself.

========== ================ ======================================================================
sender     type             body
========== ================ ======================================================================
server     `GREETING`       a nonce: the server accepts the client's process
client     `REQUEST`        nonce, `build`, arguments, environment; with descriptors 0, 1 and 2
client     (a signal)       nothing: the type is the number of a signal for the child
child      `COMMITTED`      from now on a second run would repeat something
child      `HAND_BACK`      the client has to run the command itself
child      `EXECUTE`        arguments, environment: what the client has to execute; with the
                            descriptor of a pipe to write the number of an error to
server     `END`            the exit code of the child; below 0: the signal that killed it
========== ================ ======================================================================
"""

import sys

from keystead._version import __version__

GREETING, REQUEST, COMMITTED, HAND_BACK, EXECUTE, END = (b"%c" % c for c in b"GRCHXE")

NONCE_BYTES = 16
MOST_BYTES = 200_000
"""Limit of a message; the kernel's own is a little higher."""

SECONDS = 0.5
"""Time limit of the client for the greeting."""

_LENGTH = 4
_FLAGS = (
    "optimize",
    "dont_write_bytecode",
    "no_user_site",
    "no_site",
    "ignore_environment",
    "isolated",
    "dev_mode",
)


def socket_path(agent: bytes) -> bytes:
    """The path of the fork server's socket, next to the agent's."""
    return agent + b".warm"


def build() -> bytes:
    """What has to be equal in client and server: version, files, interpreter and its options."""
    return repr(
        (
            __version__,
            __file__,
            sys.version,
            sys.prefix,
            sys.warnoptions,
            sys._xoptions,  # noqa: SLF001  # there is no other name
            [getattr(sys.flags, name) for name in _FLAGS],
        )
    ).encode("utf-8", "surrogateescape")


def request(nonce: bytes, arguments: list[bytes], environ: dict[bytes, bytes]) -> bytes:
    """The message with which a command asks for its child; ``arguments`` without its own name."""
    variables = [name + b"=" + value for name, value in environ.items()]
    return REQUEST + pack(nonce, build(), *map(_joined, (arguments, variables)))


def read_request(body: bytes) -> tuple[bytes, bytes, list[bytes], dict[bytes, bytes]]:
    """Nonce, `build`, arguments and environment. Raises `ValueError`."""
    nonce, built, arguments, variables = unpack(body)
    return nonce, built, _split(arguments), _environ(variables)


def execute(arguments: list[bytes], environ: dict[bytes, bytes]) -> bytes:
    """The message with which a child gives the client a program to execute."""
    variables = [name + b"=" + value for name, value in environ.items()]
    return EXECUTE + pack(*map(_joined, (arguments, variables)))


def read_execute(body: bytes) -> tuple[list[bytes], dict[bytes, bytes]]:
    """Arguments and environment of the program to execute. Raises `ValueError`."""
    arguments, variables = unpack(body)
    return _split(arguments), _environ(variables)


def pack(*parts: bytes) -> bytes:
    """The parts, each after its length."""
    return b"".join(len(part).to_bytes(_LENGTH, "big") + part for part in parts)


def unpack(body: bytes) -> list[bytes]:
    """The parts in a body. Raises `ValueError`."""
    parts = []
    while body:
        end = _LENGTH + int.from_bytes(body[:_LENGTH], "big")
        if len(body) < max(end, _LENGTH):
            raise ValueError("a part is incomplete")
        parts.append(body[_LENGTH:end])
        body = body[end:]
    return parts


def _joined(texts: list[bytes]) -> bytes:
    return b"".join(text + b"\0" for text in texts)


def _split(joined: bytes) -> list[bytes]:
    if joined and joined[-1:] != b"\0":
        raise ValueError("a text has no end")
    return joined.split(b"\0")[:-1]


def _environ(joined: bytes) -> dict[bytes, bytes]:
    found = {}
    for variable in _split(joined):
        name, sign, value = variable.partition(b"=")
        if not name or not sign:
            raise ValueError("a variable has no name or value")
        found[name] = value
    return found
