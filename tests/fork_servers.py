"""The fork server of a test, which ends with it."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from keystead.warm import protocol
from tests.agents import connected, is_alive, wait_for


class ForkServer:
    """The fork server next to an agent's socket."""

    def __init__(self, agent: Path, pipe: int | None = None) -> None:
        self.path = Path(f"{agent}.warm")
        self._pipe = pipe
        self.idle_descriptors = 0

    def connect(self) -> socket.socket:
        return connected(self.path, socket.SOCK_SEQPACKET)

    def request(
        self,
        connection: socket.socket,
        words: list[str],
        streams: list[int],
        output: str = "utf-8 strict",
    ) -> None:
        """Sends a command with the environment of this process."""
        environ = {os.fsencode(name): os.fsencode(value) for name, value in os.environ.items()}
        arguments = [f"utf-8 strict {output} utf-8 strict", "keystead", *words]
        command = protocol.command([*map(os.fsencode, arguments)], environ)
        self.send(connection, command, streams)

    def send(
        self,
        connection: socket.socket,
        command: bytes,
        streams: list[int],
        greeting: bytes | None = None,
    ) -> None:
        """Sends the bytes of a command."""
        nonce = (greeting or connection.recv(100))[1:]
        with open(os.memfd_create("command"), "w+b") as file:
            file.write(command)
            file.flush()
            socket.send_fds(connection, [protocol.request(nonce)], [*streams, file.fileno()])

    @contextlib.contextmanager
    def blocked_child(self, *words: str) -> Iterator[tuple[socket.socket, int]]:
        """A connection whose child waits until its output is read, and the pipe for that."""
        read, write = os.pipe()
        os.set_blocking(write, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(write, bytes(4096))
        os.set_blocking(write, True)
        try:
            before = len(self.children)
            with self.connect() as connection:
                self.request(connection, [*words], [read, write, write])
                wait_for(lambda: len(self.children) > before)
                yield connection, read
        finally:
            os.close(read)
            os.close(write)

    @functools.cached_property
    def pid(self) -> int:
        with self.connect() as connection:
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            return int.from_bytes(credentials[:4], sys.byteorder)

    @property
    def children(self) -> list[int]:
        """Those that have a request."""
        path = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [pid for pid in map(int, path.read_text().split()) if not _is_spare(pid)]

    @property
    def descriptors(self) -> int:
        """How many it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    @property
    def memory(self) -> int:
        """The bytes of its memory that no file has; what a child shares counts too."""
        text = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return 1024 * int(re.search(r"^Anonymous: +(\d+)", text, re.MULTILINE)[1])

    @contextlib.contextmanager
    def runs_child(self) -> Iterator[None]:
        """Fails unless a child ends within the block."""
        pid = self.pid
        before = faults_of_children(pid)
        yield
        wait_for(lambda: faults_of_children(pid) > before, seconds=10)

    @contextlib.contextmanager
    def runs_nothing(self) -> Iterator[None]:
        """Fails if a child ends within the block."""
        pid = self.pid
        before = faults_of_children(pid)
        yield
        assert faults_of_children(pid) == before, "a child ran"

    def close(self) -> None:
        """Makes it end as its agent does."""
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None


def _is_spare(pid: int) -> bool:
    """Whether it waits for a request, or is about to: it has the profile in memory open."""
    with contextlib.suppress(OSError):
        return any("memfd" in os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir())
    return False


def faults_of_children(pid: int) -> int:
    """Page faults of the children that the process has waited for."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[8])


@contextlib.contextmanager
def fork_server(agent: Path) -> Iterator[ForkServer]:
    """A fork server for an agent's socket at ``agent``, of which it needs the folder only."""
    agent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    read, write = os.pipe()
    subprocess.run(
        [sys.executable, "-P", "-m", "keystead.warm", str(agent)], stdin=read, check=True
    )
    os.close(read)
    found = ForkServer(agent, write)
    found.idle_descriptors = found.descriptors
    try:
        yield found
    finally:
        found.close()
        wait_for(lambda: not is_alive(found.pid))
