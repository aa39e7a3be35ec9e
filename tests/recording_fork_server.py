"""A fork server, without an agent, that records the commands of its clients.

As a program it gets the path of the agent's socket and the file of the records.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from devtools.command import clean_environ

_LOCALE = "C.UTF-8"
_PROGRAM = f"""
import sys
sys.path.append({str(Path(__file__).parent.parent)!r})
from tests.recording_fork_server import main
sys.exit(main())
"""


class Record(NamedTuple):
    """A command that reached the server."""

    pid: int
    """The process of the child."""
    words: list[str]
    answered: bool
    """Whether a child ran it to its end, and did not hand it back."""


class RecordingServer:
    """A server in ``folder``, which has a short path. Commands with `environ` find it."""

    def __init__(self, folder: Path) -> None:
        self._agent = folder / "agent.sock"
        self._records = folder / "records"
        self.restart()

    def restart(self) -> None:
        """Starts it, in place of an earlier one."""
        environ = clean_environ(os.environ)
        for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"):
            environ.pop(name, None)
        reading, self._pipe = os.pipe()
        try:
            subprocess.run(
                [sys.executable, "-P", "-c", _PROGRAM, str(self._agent), str(self._records)],
                env={**environ, "LC_ALL": _LOCALE},
                stdin=reading,
                start_new_session=True,
                check=True,
                timeout=60,
            )
        finally:
            os.close(reading)

    @property
    def environ(self) -> Mapping[str, str]:
        """The variable with which commands find it, and no agent."""
        return {"KEYSTEAD_AGENT": str(self._agent)}

    def records(self) -> list[Record]:
        """The commands since the last call, in the order of their start."""
        if not self._records.exists():
            return []
        lines = [json.loads(line) for line in self._records.read_text().splitlines()]
        self._records.unlink()
        handed_back = {pid for pid, words in lines if words is None}
        return [
            Record(pid, words, pid not in handed_back) for pid, words in lines if words is not None
        ]

    def end(self) -> None:
        """Ends it."""
        os.close(self._pipe)


def main() -> int:
    """Runs the server with children that record."""
    from keystead.warm import __main__ as server
    from keystead.warm import child, protocol

    records = sys.argv[2]

    class Recorded(child.Client):
        """Records lines of JSON: the process, and its arguments or null when it hands back."""

        def __init__(self, connection, request) -> None:
            super().__init__(connection, request)
            command = os.pread(request.command, protocol.MOST_BYTES, 0)
            self._record([*map(os.fsdecode, protocol.read_command(command)[0][2:])])

        def send(self, message: bytes) -> None:
            if message == protocol.HAND_BACK:
                self._record(None)
            super().send(message)

        def _record(self, words: list[str] | None) -> None:
            fd = os.open(records, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(fd, json.dumps([os.getpid(), words]).encode() + b"\n")
            os.close(fd)

    child.Client = Recorded
    return server.main()
