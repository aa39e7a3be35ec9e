"""The agent of a test: talked to over its socket, and ended with the test."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from keystead.system.clocks import Clocks

STATUS = b"GET /status HTTP/1.1\r\n\r\n"


def wait_for(what: Callable[[], object], seconds: float = 60.0) -> None:
    """Waits until ``what`` is true; fails after ``seconds``, far more than it ever takes."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the latter if it ends while it is read
        return False


def mark_descendants() -> None:
    """Marks all processes that this one will start, for `agents_alive`.

    The mark is a limit that Linux inherits and does not enforce. Unlike the environment of a
    process that is protected as the agent is, any user may read it.
    """
    import resource  # which Windows does not have

    _, hard = resource.getrlimit(resource.RLIMIT_RSS)
    resource.setrlimit(resource.RLIMIT_RSS, (os.getpid(), hard))


def agents_alive() -> set[int]:
    """The agents that tests of this process started; other processes may run tests as well."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            limits = (process / "limits").read_text()
            words = (process / "cmdline").read_bytes().split(b"\0")
            mark = re.search(rf"^Max resident set +{os.getpid()} ", limits, re.MULTILINE)
            if mark and b"keystead.agent" in words:
                found.add(int(process.name))
    return {pid for pid in found if is_alive(pid)}


def memory(pid: int) -> bytes:
    """All that a process has in its memory."""
    found = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        for line in maps:
            area, rights = line.split()[:2]
            start, end = (int(number, 16) for number in area.split("-"))
            if rights.startswith("rw"):
                file.seek(start)
                found.append(file.read(end - start) or b"")
    return b"".join(found)


def connected(path: Path, kind: int) -> socket.socket:
    """A connection to the Unix socket."""
    connection = socket.socket(socket.AF_UNIX, kind)
    connection.settimeout(60)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


class Agent:
    """The agent at a socket."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def connect(self) -> socket.socket:
        return connected(self.path, socket.SOCK_STREAM)

    def send(self, data: bytes, *, half_close: bool = False) -> tuple[int, bytes]:
        """Status and body of the response to exactly these bytes; status 0 without an answer."""
        with self.connect() as connection:
            with contextlib.suppress(BrokenPipeError):
                connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split(b" ")[1]) if head else 0, body

    def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        return self.send(head.encode() + body)

    def status(self) -> dict[str, object]:
        return json.loads(self.send(STATUS)[1])

    @property
    def pid(self) -> int:
        found = self.status()["pid"]
        assert isinstance(found, int)
        return found

    def end(self) -> None:
        """Ends it, if it is there."""
        try:
            pid = self.pid
        except (FileNotFoundError, NotADirectoryError, ConnectionError, ValueError):
            return  # it is gone, or goes over the very question
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not is_alive(pid))


class Time:
    """The machine's time, controlled by a test."""

    def __init__(self) -> None:
        self.wall, self.running, self.asleep = 1_800_000_000.0, 1000.0, 50.0

    def clocks(self) -> Clocks:
        return Clocks(lambda: self.wall, lambda: self.running, lambda: self.asleep)

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.running += seconds


@contextlib.contextmanager
def answering(path: Path, answer: bytes | None) -> Iterator[queue.Queue[bytes]]:
    """A server at the agent's socket that sends this answer, or none, to each request.

    Yields the requests that it received.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    asked: queue.Queue[bytes] = queue.Queue()
    with socket.socket(socket.AF_UNIX) as listening, contextlib.ExitStack() as open_ones:
        listening.bind(str(path))
        listening.listen(8)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                open_ones.enter_context(connection)
                asked.put(connection.recv(65536))
                if answer is not None:
                    with contextlib.suppress(OSError):
                        connection.sendall(answer)
                    connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield asked
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
    path.unlink()
