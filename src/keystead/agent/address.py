"""Where the agent listens and how it is reached, with no module but built-in ones.

The hot command (`keystead.hot`) imports this and little else. Whatever is not as it should be is
an `OSError` here: the caller then goes on without an agent. The environment is the one that the
system gives a process, in bytes.
"""

import _socket
import sys

if sys.platform != "win32":
    import posix

SECONDS = 2.0
"""How long connecting, and each step of an answer, may take."""

_FOLDER_OF_ONE = 0o040000  # a folder, with no right for anybody but its owner

_UNTOLD = (b"KEYSTEAD_AGENT", b"KEYSTEAD_AGENT_IDLE")
_COUNTS = (b"HOME", b"CREDENTIALS_DIRECTORY", b"XDG_DATA_HOME", b"XDG_CACHE_HOME")
_UNUSUAL = (b"KEYSTEAD_DEBUG", b"KEYSTEAD_MFA_CODE", b"KEYSTEAD_RUNNING_PROCESS")
_PATHS = (
    b"HOME",
    b"KEYSTEAD_HOME",
    b"XDG_DATA_HOME",
    b"XDG_CACHE_HOME",
    b"AWS_CONFIG_FILE",
    b"AWS_SHARED_CREDENTIALS_FILE",
)


def scope(environ: dict[bytes, bytes]) -> bytes | None:
    """The variables that decide what an answer is, as one block in a fixed order.

    None when the agent is not to be asked: a variable is meant for this one command, or a path
    is relative, and so means another file to the agent.
    """
    for name in _UNUSUAL:
        if name in environ:
            return None
    for name in _PATHS:
        if environ.get(name, b"/")[:1] not in (b"/", b"~", b""):
            return None
    return b"\0".join(
        sorted(
            name + b"=" + value
            for name, value in environ.items()
            if (name.startswith((b"AWS_", b"KEYSTEAD_")) and name not in _UNTOLD) or name in _COUNTS
        )
    )


def socket_path(environ: dict[bytes, bytes]) -> bytes | None:
    """The path of the socket; None where there is to be no agent.

    ``KEYSTEAD_AGENT`` names it, else it is in ``run`` of ``KEYSTEAD_HOME``, else in ``keystead``
    of the platform's runtime folder.
    """
    if sys.platform == "win32":
        return None
    else:  # noqa: RET505  # a branch of its own, for the type checker of each platform
        named = environ.get(b"KEYSTEAD_AGENT") or b"auto"
        if named != b"auto":
            return named if named[:1] == b"/" else None
        own = environ.get(b"KEYSTEAD_HOME")
        if own:
            if own == b"~" or own[:2] == b"~/":
                own = environ.get(b"HOME", b"") + own[1:]
            return own + b"/run/agent.sock" if own[:1] == b"/" else None
        runtime = environ.get(b"TMPDIR" if sys.platform == "darwin" else b"XDG_RUNTIME_DIR", b"")
        if runtime[:1] == b"/":
            return runtime.rstrip(b"/") + b"/keystead/agent.sock"
        return b"/tmp/keystead-%d/agent.sock" % posix.geteuid()


def target(name: str) -> bytes | None:
    """A profile's name as it stands in the path of a request; None for one that has no bytes."""
    try:
        raw = name.encode()
    except UnicodeEncodeError:
        return None
    if name.isalnum() and name.isascii():
        return raw
    return b"".join(
        b"%c" % byte if byte in _PLAIN else b"%%%02X" % byte  # as RFC 3986 has it
        for byte in raw
    )


_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def request(method: bytes, where: bytes, body: bytes) -> bytes:
    """A request as it goes over the wire."""
    head = b"%b %b HTTP/1.1\r\nHost: keystead\r\nContent-Length: %d\r\n\r\n"
    return head % (method, where, len(body)) + body


if sys.platform != "win32":

    def require_private(folder: bytes) -> None:
        """Raises `PermissionError` unless ``folder`` is a folder of ours, for us alone."""
        found = posix.lstat(folder)
        if found.st_uid != posix.geteuid() or found.st_mode & 0o170077 != _FOLDER_OF_ONE:
            raise PermissionError("the folder of the agent's socket is not private")

    def peer_uid(connection: _socket.socket) -> int:
        """Whose process is at the other end of a Unix socket."""
        if sys.platform == "linux":
            found = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
        else:
            found = connection.getsockopt(0, 1, 76)  # LOCAL_PEERCRED: a version, then the user id
        return int.from_bytes(found[4:8], sys.byteorder)

    def ask(path: bytes, method: bytes, where: bytes, body: bytes) -> bytes:
        """The whole answer of the agent behind ``path``, which is ours. Raises `OSError`."""
        require_private(path[: path.rfind(b"/")] or b"/")
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            connection.settimeout(SECONDS)
            connection.connect(path)
            if peer_uid(connection) != posix.geteuid():
                raise PermissionError("another user's process is at the agent's socket")
            connection.sendall(request(method, where, body))
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
            return answer
        finally:
            connection.close()


def body_of(answer: bytes) -> bytes | None:
    """What an answer of ours carries, once it is all there; None when it is not."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = head.rpartition(b"\r\nContent-Length: ")[2]
    return body if end and length == b"%d" % len(body) else None
