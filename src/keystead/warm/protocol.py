"""The messages on the fork server's socket; it imports only built-in modules, for `keystead.hot`.

Each message is one packet (``SOCK_SEQPACKET``), a type of one byte and its body. The server closes
a connection that it does not serve; then, as after `HAND_BACK`, the client runs the command itself.

========== ================ ======================================================================
sender     type             body
========== ================ ======================================================================
server     `GREETING`       a nonce: the server accepts the client's process
client     `REQUEST`        nonce and `build`; with descriptors 0, 1 and 2, and one of a file in
                            memory, which the server does not read: a `command`
                            whose first argument is `encodings`
client     (a signal)       nothing: the type is the number of a signal for the child
child      `COMMITTED`      from now on a second run would repeat something
child      `HAND_BACK`      the client has to run the command itself
child      `EXECUTE`        the `command` that the client has to execute; with the descriptor of a
                            pipe to write the number of an error to
child      `END`            its exit code
server     `END`            the same; below 0: the signal that killed the child
========== ================ ======================================================================
"""

import sys

from keystead._version import __version__

GREETING, REQUEST, COMMITTED, HAND_BACK, EXECUTE, END = (b"%c" % c for c in b"GRCHXE")

NONCE_BYTES = 16
MOST_BYTES = 200_000
"""Limit of a message, and of a `command`; the kernel's own is a little higher."""

SECONDS = 0.5
"""Time limit of the client for the greeting."""

_FLAGS = (
    "optimize",
    "dont_write_bytecode",
    "no_user_site",
    "no_site",
    "ignore_environment",
    "isolated",
    "dev_mode",
)


def build() -> bytes:
    """What has to be equal in client and server: version, files, interpreter and its options."""
    return repr(
        (
            __version__,
            __file__,
            sys.version,
            sys.prefix,
            sys.getfilesystemencoding(),
            sys.warnoptions,
            sys._xoptions,  # noqa: SLF001  # there is no other name
            [getattr(sys.flags, name) for name in _FLAGS],
        )
    ).encode("utf-8", "surrogateescape")


def request(nonce: bytes) -> bytes:
    """The message with which a client asks for its child."""
    return REQUEST + nonce + build()


def encodings() -> bytes:
    """Encoding and error handler of each standard stream, as Python chose them when it started."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return b" ".join(f"{stream.encoding} {stream.errors}".encode() for stream in streams)


def command(arguments: list[bytes], environ: dict[bytes, bytes]) -> bytes:
    """A command line with its environment: what the child runs, or what the client executes."""
    variables = [name + b"=" + value for name, value in environ.items()]
    texts = [b"%d" % len(arguments), *arguments, *variables]
    return b"".join(text + b"\0" for text in texts)


def read_command(body: bytes) -> tuple[list[bytes], dict[bytes, bytes]]:
    """Arguments and environment of a `command`. Raises `ValueError`."""
    count, *texts, end = body.split(b"\0")
    if end or not 0 < int(count) <= len(texts):
        raise ValueError("a command is incomplete")
    variables = texts[int(count) :]
    return texts[: int(count)], dict(_pair(variable) for variable in variables)


def _pair(variable: bytes) -> tuple[bytes, bytes]:
    name, value = variable.split(b"=", 1)
    return name, value
