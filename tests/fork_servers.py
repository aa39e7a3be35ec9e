"""The fork server of a test, which ends with it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.agents import is_alive, wait_for


class ForkServer:
    """The fork server next to an agent's socket."""

    def __init__(self, agent: Path) -> None:
        self.path = Path(f"{agent}.warm")

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(60)
        connection.connect(str(self.path))
        return connection

    @property
    def pid(self) -> int:
        with self.connect() as connection:
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            return int.from_bytes(credentials[:4], sys.byteorder)

    @contextlib.contextmanager
    def runs_child(self) -> Iterator[None]:
        """Fails unless a child ends within the block."""
        pid = self.pid
        before = faults_of_children(pid)
        yield
        assert faults_of_children(pid) > before, "no child ran"

    @contextlib.contextmanager
    def runs_nothing(self) -> Iterator[None]:
        """Fails if a child ends within the block."""
        pid = self.pid
        before = faults_of_children(pid)
        yield
        assert faults_of_children(pid) == before, "a child ran"


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
    found = ForkServer(agent)
    pid = found.pid
    try:
        yield found
    finally:
        os.close(write)
        wait_for(lambda: not is_alive(pid))
