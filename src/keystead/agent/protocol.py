"""The agent's socket and requests to it; it imports only built-in modules, for `keystead.hot`.

All failures are `OSError`: the caller proceeds without an agent. The environment is in bytes.
"""

import sys

from keystead._version import __version__

if sys.platform == "win32":
    import _blake2
    import nt as system
else:
    import posix as system

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket

SECONDS = 2.0
"""Time limit of connecting, and of each read."""

SENDER = b"keystead/" + __version__.encode()
"""The `User-Agent` of a command; an agent of another version refuses it."""

OTHER_VERSION = 421
"""The status of that refusal: misdirected (RFC 9110)."""

_FOLDER_OF_ONE = 0o040000  # a folder without rights for group and others

_UNTOLD = (b"KEYSTEAD_AGENT", b"KEYSTEAD_AGENT_IDLE")
_COUNTS = (
    b"HOME",
    b"CREDENTIALS_DIRECTORY",
    b"XDG_DATA_HOME",
    b"XDG_STATE_HOME",
    b"XDG_CACHE_HOME",
)
_UNUSUAL = (b"KEYSTEAD_DEBUG", b"KEYSTEAD_MFA_CODE", b"KEYSTEAD_RUNNING_PROCESS")
_PATHS = (
    b"HOME",
    b"KEYSTEAD_HOME",
    b"XDG_DATA_HOME",
    b"XDG_CACHE_HOME",
    b"AWS_CONFIG_FILE",
    b"AWS_SHARED_CREDENTIALS_FILE",
)


def is_absolute(path: bytes) -> bool:
    """Whether a path is absolute."""
    if sys.platform == "win32":
        return path[1:3] in (b":\\", b":/") or path[:2] == b"\\\\"
    else:  # noqa: RET505  # a branch for the type checker of each platform
        return path[:1] == b"/"


def scope(environ: dict[bytes, bytes]) -> bytes | None:
    """The variables that affect an answer, as one block in a fixed order.

    None when the agent cannot answer: a variable is for this one command, or a path is relative.
    """
    for name in _UNUSUAL:
        if name in environ:
            return None
    for name in _PATHS:
        path = environ.get(name)
        if path and path[:1] != b"~" and not is_absolute(path):
            return None
    return b"\0".join(
        sorted(
            name + b"=" + value
            for name, value in environ.items()
            if (name.startswith((b"AWS_", b"KEYSTEAD_")) and name not in _UNTOLD) or name in _COUNTS
        )
    )


def socket_path(environ: dict[bytes, bytes]) -> bytes | None:
    """The path of the socket (on Windows, of the file with the port); None if disabled.

    ``KEYSTEAD_AGENT``, else in ``run`` of ``KEYSTEAD_HOME``, else in ``keystead`` of the
    platform's runtime folder.
    """
    named = environ.get(b"KEYSTEAD_AGENT") or b"auto"
    if named != b"auto":
        return named if is_absolute(named) else None
    own = environ.get(b"KEYSTEAD_HOME")
    if own:
        if own == b"~" or own[:2] in (b"~/", b"~\\"):
            own = environ.get(b"HOME", b"") + own[1:]
        return own + b"/run/agent.sock" if is_absolute(own) else None
    if sys.platform == "win32":
        runtime = environ.get(b"LOCALAPPDATA", b"")
        return runtime + b"/keystead/run/agent.sock" if is_absolute(runtime) else None
    else:  # noqa: RET505  # a branch for the type checker of each platform
        runtime = environ.get(b"TMPDIR" if sys.platform == "darwin" else b"XDG_RUNTIME_DIR", b"")
        if is_absolute(runtime):
            return runtime.rstrip(b"/") + b"/keystead/agent.sock"
        return b"/tmp/keystead-%d/agent.sock" % system.geteuid()


def fork_server_path(agent: bytes) -> bytes:
    """The path of the fork server's socket, next to the agent's at ``agent``."""
    return agent + b".warm"


def target(name: str) -> bytes | None:
    """A profile's name quoted for the path of a request; None if it cannot be encoded."""
    try:
        raw = name.encode()
    except UnicodeEncodeError:
        return None
    if name.isalnum() and name.isascii():
        return raw
    return b"".join(
        b"%c" % byte if byte in _PLAIN else b"%%%02X" % byte  # RFC 3986
        for byte in raw
    )


_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def request(method: bytes, where: bytes, body: bytes, more: bytes = b"") -> bytes:
    """The bytes of a request, with ``more`` header lines."""
    head = b"%b %b HTTP/1.1\r\nHost: keystead\r\nUser-Agent: %b\r\n%bContent-Length: %d\r\n\r\n"
    return head % (method, where, SENDER, more, len(body)) + body


def ask(path: bytes, method: bytes, where: bytes, body: bytes, seconds: float = SECONDS) -> bytes:
    """The whole answer of this user's agent at ``path``. Raises `OSError`."""
    import _socket

    if sys.platform == "win32":
        port, secret = secret_of(path)
        connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    else:
        require_private(path[: path.rfind(b"/")] or b"/")
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    more = b""
    try:
        connection.settimeout(seconds)
        if sys.platform == "win32":
            connection.connect(("127.0.0.1", port))
            _require_proof(connection, secret)
            more = b"Authorization: Bearer %b\r\n" % secret
        else:
            connection.connect(path)
            if peer_uid(connection) != system.geteuid():
                raise PermissionError("another user's process is at the agent's socket")
        connection.sendall(request(method, where, body, more))
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer
    finally:
        connection.close()


if sys.platform == "win32":

    def secret_of(path: bytes) -> tuple[int, bytes]:
        """The port of the agent and the secret of its clients. Raises `OSError`."""
        fd = system.open(path, system.O_RDONLY)
        try:
            port, _, secret = system.read(fd, 100).partition(b" ")
        finally:
            system.close(fd)
        if not port.isdigit() or len(port) > 5 or int(port) > 65535 or not secret:  # noqa: PLR2004  # ports
            raise OSError("the agent's file is not finished")
        return int(port), secret

    def proof(secret: bytes, nonce: bytes) -> bytes:
        """The proof of knowing the secret, for ``nonce``."""
        return _blake2.blake2b(nonce, key=secret, digest_size=32).hexdigest().encode()

    def _require_proof(connection: "_socket.socket", secret: bytes) -> None:
        """Raises `OSError` unless the agent is the peer, as its port may have been reused."""
        nonce = system.urandom(16).hex().encode()
        connection.sendall(request(b"GET", b"/proof/" + nonce, b""))
        answer = b""
        while (found := body_of(answer)) is None:
            chunk = connection.recv(65536)
            if not chunk:
                raise OSError("the agent does not prove that it is yours")
            answer += chunk
        if found != proof(secret, nonce):
            raise PermissionError("another program listens at the agent's port")

else:

    def require_private(folder: bytes) -> None:
        """Raises `PermissionError` unless ``folder`` is this user's private folder."""
        found = system.lstat(folder)
        if found.st_uid != system.geteuid() or found.st_mode & 0o170077 != _FOLDER_OF_ONE:
            raise PermissionError("the folder of the agent's socket is not private")

    def peer_pid(connection: "_socket.socket") -> int | None:
        """The process at the other end of a Unix socket, where known."""
        import _socket

        if sys.platform != "linux":
            return None
        found = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
        return int.from_bytes(found[:4], sys.byteorder)

    def listener(path: bytes) -> int | None:
        """The process that listens at the agent's path, where known."""
        import _socket

        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            connection.settimeout(SECONDS)
            require_private(path[: path.rfind(b"/")] or b"/")
            connection.connect(path)
            return peer_pid(connection)
        except OSError:
            return None
        finally:
            connection.close()

    def peer_uid(connection: "_socket.socket") -> int:
        """The user at the other end of a Unix socket."""
        import _socket

        if sys.platform == "linux":
            found = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
        else:
            found = connection.getsockopt(0, 1, 76)  # LOCAL_PEERCRED: version, user id
        return int.from_bytes(found[4:8], sys.byteorder)


def is_good(answer: bytes) -> bool:
    """Whether it is a successful answer."""
    return answer[:13] == b"HTTP/1.1 200 "


def body_of(answer: bytes) -> bytes | None:
    """The body of a complete successful answer, else None."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = head.rpartition(b"\r\nContent-Length: ")[2]
    return body if end and length == b"%d" % len(body) else None
