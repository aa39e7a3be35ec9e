"""Requests to the fork server that are malformed, too large, slow, or of processes that ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import keystead
from keystead.warm import protocol
from keystead.warm.loaded_files import LoadedFiles
from tests.agents import is_alive, wait_for
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.conftest import Keystead
from tests.effort import amount
from tests.fork_servers import ForkServer, fork_server

pytestmark = [
    pytest.mark.posix("the fork server"),
    pytest.mark.skipif(sys.platform != "linux", reason="the fork server runs on Linux"),
]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[contextlib.ExitStack, list[ForkServer]]]:
    with contextlib.ExitStack() as stack:
        yield stack, []


@pytest.fixture
def server(
    running: tuple[contextlib.ExitStack, list[ForkServer]],
    tmp_path_factory: pytest.TempPathFactory,
    isolation: Keystead,
) -> ForkServer:
    """The fork server of all tests here, with the environment of tests."""
    stack, found = running
    if not found:
        folder = tmp_path_factory.mktemp("run")
        folder.chmod(0o700)
        found.append(stack.enter_context(fork_server(folder / "agent.sock")))
    return found[0]


@pytest.fixture(autouse=True)
def leaves_nothing(server: ForkServer) -> Iterator[None]:
    """Each test leaves a server that serves, with as few descriptors as before."""
    yield
    assert ask(server, ["--version"]) == b"0"
    wait_for(lambda: server.descriptors <= server.idle_descriptors and not server.children)


def ask(server: ForkServer, words: list[str]) -> bytes | None:
    """The exit code of a command without output; None when the server did not run it."""
    with server.connect() as connection, open(os.devnull, "r+b") as null:
        server.request(connection, words, [null.fileno()] * 3)
        for message in iter(lambda: connection.recv(protocol.MOST_BYTES), b""):
            if message[:1] == protocol.HAND_BACK:
                break
            if message[:1] == protocol.END:
                return message[1:]
    return None


def good(nonce: bytes) -> bytes:
    return protocol.request(nonce)


MALFORMED = {
    "another type": lambda nonce: b"X" + good(nonce)[1:],
    "no type": lambda nonce: b"\0",
    "nothing else": lambda nonce: protocol.REQUEST,
    "the greeting itself": lambda nonce: protocol.GREETING + nonce,
    "a nonce of another connection": lambda nonce: good(bytes(len(nonce))),
    "no nonce": lambda nonce: good(b""),
    "another version": lambda nonce: good(nonce).replace(b"keystead", b"keystoad", 1),
    "half of it": lambda nonce: good(nonce)[: len(good(nonce)) // 2],
    "without its last byte": lambda nonce: good(nonce)[:-1],
    "one byte more": lambda nonce: good(nonce) + b"x",
    "as much as fits": lambda nonce: good(nonce).ljust(protocol.MOST_BYTES, b"x"),
    "more than the limit": lambda nonce: good(nonce).ljust(protocol.MOST_BYTES + 1, b"x"),
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED)
def test_malformed_request_is_not_served(server: ForkServer, message) -> None:
    with server.runs_nothing(), server.connect() as connection, open(os.devnull, "r+b") as null:
        nonce = connection.recv(100)[1:]
        socket.send_fds(connection, [message(nonce)], [null.fileno()] * 4)
        assert connection.recv(100) == b""


@pytest.mark.parametrize("count", [0, 1, 3, 5, 200])
def test_request_with_other_than_four_descriptors_is_not_served(
    server: ForkServer, count: int
) -> None:
    with server.runs_nothing(), server.connect() as connection, open(os.devnull, "r+b") as null:
        nonce = connection.recv(100)[1:]
        socket.send_fds(connection, [good(nonce)], [null.fileno()] * count)
        assert connection.recv(100) == b""


COMMANDS = {
    "nothing": b"",
    "no command": b"0\0",
    "fewer arguments than it says": b"3\0keystead\0--version\0",
    "no number": b"keystead\0--version\0",
    "a negative number": b"-1\0keystead\0--version\0",
    "a variable without a value": b"1\0keystead\0HOME\0",
    "no encodings": b"2\0keystead\0--version\0",
    "an unknown encoding": b"3\0a strict utf-8 strict utf-8 strict\0keystead\0--version\0",
    "without its end": b"2\0keystead\0--version",
    "more than the limit": b"2\0keystead\0--version\0X=".ljust(protocol.MOST_BYTES, b"x") + b"\0",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_malformed_command_is_handed_back(server: ForkServer, command: bytes) -> None:
    with server.connect() as connection, open(os.devnull, "r+b") as null:
        server.send(connection, command, [null.fileno()] * 3)
        assert connection.recv(100) == protocol.HAND_BACK


@pytest.mark.parametrize("kind", ["a pipe", "a folder", "a closed file"])
def test_command_that_is_not_in_a_file_is_handed_back(
    server: ForkServer, kind: str, home: Path
) -> None:
    read, write = os.pipe()
    folder = os.open(home, os.O_RDONLY)
    command = {"a pipe": read, "a folder": folder, "a closed file": write}[kind]
    with server.connect() as connection:
        nonce = connection.recv(100)[1:]
        socket.send_fds(connection, [good(nonce)], [read, write, write, command])
        assert connection.recv(100) == protocol.HAND_BACK
    for number in (read, write, folder):
        os.close(number)


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONUTF8", "LD_PRELOAD", "SSL_CERT_FILE"])
def test_commands_with_other_variables_of_the_interpreter_are_handed_back(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(name, "1")
        assert ask(server, ["--version"]) is None


@pytest.mark.parametrize("name", ["LANG", "LC_ALL", "LC_CTYPE", "LC_TIME"])
@pytest.mark.parametrize("value", ["", "C", "POSIX", "C.UTF-8", "C.utf8", "missing.UTF-8"])
def test_commands_in_another_locale_are_served_if_encodings_are_the_same(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(name, value)
        assert ask(server, ["--version"]) == b"0"


@pytest.mark.parametrize(("code", "shown"), [("ascii", rb"\xe9"), ("latin-1", b"\xe9")])
def test_standard_streams_have_the_encodings_of_the_client(
    server: ForkServer, write_credentials: Callable[[str], Path], code: str, shown: bytes
) -> None:
    keys = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    write_credentials(f"[\u00e9]\n{keys}")
    read, write = os.pipe()
    with server.connect() as connection, open(read, "rb") as output:
        server.request(connection, ["list"], [read, write, write], f"{code} strict")
        os.close(write)
        assert shown in output.read()


@pytest.mark.parametrize(
    "message",
    [good(bytes(16)), b"", b"\0", b"\x02\x02"]
    + [bytes([number]) for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP, 64, 255)],
)
def test_anything_but_a_signal_of_a_terminal_ends_the_child(
    server: ForkServer, message: bytes
) -> None:
    with server.blocked_child("help") as (connection, _):
        connection.send(message)
        wait_for(lambda: not server.children)


def test_client_that_leaves_takes_its_child_along(server: ForkServer) -> None:
    with server.blocked_child("help") as (connection, _):
        connection.close()
        wait_for(lambda: not server.children)


def test_silent_clients_are_closed_and_only_so_many_accepted(server: ForkServer) -> None:
    from keystead.warm.server import MOST_AT_ONCE

    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(server.connect()) for _ in range(MOST_AT_ONCE)]
        assert all(len(connection.recv(100)) > 1 for connection in silent)
        with server.connect() as one_more:
            assert one_more.recv(100) == b""
        assert {connection.recv(100) for connection in silent} == {b""}


def test_client_that_ended_before_it_is_looked_at_is_not_served(server: ForkServer) -> None:
    pid = server.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        code = f"import socket; c = socket.socket(1, 5); c.connect({str(server.path)!r})"
        for _ in range(3):
            subprocess.run([sys.executable, "-c", code], check=True)
    finally:
        os.kill(pid, signal.SIGCONT)


FORKED = """
import os, socket, sys
from pathlib import Path
from tests.fork_servers import ForkServer
server = ForkServer(Path(sys.argv[1]))
connection = server.connect()
nonce = connection.recv(100)
if os.fork():
    os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
try:
    server.send(connection, b"", [0, 1, 2], nonce)
    print(connection.recv(100))
except ConnectionError:
    print(b"")
"""


def test_request_of_another_process_than_the_greeted_one_is_not_served(
    server: ForkServer,
) -> None:
    with server.runs_nothing():
        done = subprocess.run(
            [sys.executable, "-c", FORKED, str(server.path).removesuffix(".warm")],
            cwd=Path(__file__).parent.parent.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
    assert done.stdout == b"b''\n"


@pytest.mark.root("choosing the id of the next process")
def test_process_that_got_the_id_of_the_connected_one_is_not_served(server: ForkServer) -> None:
    pid = server.pid
    left, right = socket.socketpair()
    code = (
        "import socket, sys; c = socket.socket(1, 5); c.connect(sys.argv[1]); "
        "socket.send_fds(socket.socket(fileno=int(sys.argv[2])), [b'x'], [c.fileno()])"
    )
    os.kill(pid, signal.SIGSTOP)
    try:
        first = subprocess.Popen(
            [sys.executable, "-c", code, server.path, str(right.fileno())],
            pass_fds=[right.fileno()],
        )
        first.wait()
        _, (descriptor,), _, _ = socket.recv_fds(left, 1, 1)
        reused = process_with_id(first.pid)
    finally:
        os.kill(pid, signal.SIGCONT)
    with socket.socket(fileno=descriptor) as connection:
        connection.settimeout(60)
        try:
            assert connection.recv(100) == b""
        finally:
            os.kill(reused, signal.SIGKILL)
            os.waitpid(reused, 0)
            left.close()
            right.close()


def process_with_id(pid: int) -> int:
    """A process that sleeps, with this id."""
    for _ in range(1000):
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        found = os.fork()
        if not found:
            signal.pause()
        if found == pid:
            return pid
        os.kill(found, signal.SIGKILL)
        os.waitpid(found, 0)
    pytest.skip("other processes took the id each time")


def test_a_thousand_commands_leave_the_server_as_it_was(server: ForkServer) -> None:
    for _ in range(20):
        assert ask(server, ["--version"]) == b"0"
    memory = server.memory
    for _ in range(amount(short=100, full=1000)):
        assert ask(server, ["--version"]) == b"0"
    assert server.memory - memory < 300_000


def test_changed_files_of_keystead_end_the_server(
    tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "lib" / "keystead"
    shutil.copytree(Path(keystead.__file__).parent, package)
    with monkeypatch.context() as patch:
        patch.setenv("PYTHONPATH", str(package.parent))
        with fork_server(short / "agent.sock") as found:
            assert ask(found, ["--version"]) is None  # it is of other files than this client
            assert is_alive(found.pid)
            os.utime(package / "near.py")
            with found.connect() as connection:
                connection.recv(100)
                assert connection.recv(100) == b""
            wait_for(lambda: not is_alive(found.pid))
            assert not found.path.exists()


def test_a_file_replaced_while_the_server_loads_has_changed(
    tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "keystead"
    shutil.copytree(Path(keystead.__file__).parent, package)
    monkeypatch.setattr(keystead, "__file__", str(package / "__init__.py"))
    before, after = LoadedFiles(), LoadedFiles()
    after.add_folders()
    assert after.are_current
    os.utime(package / "cli" / "profiles.py")
    before.add_folders()
    assert not before.are_current


def test_children_of_a_server_that_ends_run_to_their_end(short: Path) -> None:
    with (
        fork_server(short / "agent.sock") as found,
        found.blocked_child("help") as (connection, output),
    ):
        found.close()  # as a lock of the agent does
        wait_for(lambda: not found.path.exists())
        assert is_alive(found.pid)
        os.set_blocking(output, False)

        def is_over() -> bool:
            with contextlib.suppress(BlockingIOError):
                os.read(output, 1 << 20)
            return not is_alive(found.pid)

        wait_for(is_over)
        messages = [*iter(lambda: connection.recv(100), b"")]
        assert messages[-1] == protocol.END + b"0"


def test_killed_server_takes_its_children_along(short: Path) -> None:
    with (
        fork_server(short / "agent.sock") as found,
        found.blocked_child("help") as (connection, _),
    ):
        children = found.children
        os.kill(found.pid, signal.SIGKILL)
        wait_for(lambda: not any(map(is_alive, children)))
        messages = [*iter(lambda: connection.recv(100), b"")]
        assert protocol.END not in {message[:1] for message in messages}
