"""Reading a passphrase from a named pipe, bounded in size and time."""

from __future__ import annotations

import os
import stat
import sys
import time

from keystead import caller
from keystead.errors import FileProblem, Origin
from keystead.system.path import Path

MAX_BYTES = 64 * 1024
SECONDS = 10.0
"""The limits; a passphrase is a line."""


def read_pipe(path: Path) -> bytes | None:
    """Reads the pipe to its end; None for anything but a pipe.

    Raises `FileProblem` after `SECONDS` or `MAX_BYTES`, and `Exposed` when other users can use it.
    """
    if sys.platform == "win32":
        return None
    else:  # noqa: RET505  # a branch for the type checker of each platform
        try:
            if stat.S_ISFIFO(os.stat(path).st_mode):  # its content can be read once
                caller.process.require_own_process()
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError):
            return None
        try:
            status = os.fstat(fd)
            if not stat.S_ISFIFO(status.st_mode):
                return None
            require_own(status, str(path))
            return _drained(fd, path)
        finally:
            os.close(fd)


if sys.platform != "win32":
    from keystead.system.private import require_own

    def _drained(fd: int, path: Path) -> bytes:
        import select

        ends = time.monotonic() + SECONDS
        data = b""
        waiting = select.poll()
        waiting.register(fd, select.POLLIN)
        while len(data) <= MAX_BYTES:
            left = ends - time.monotonic()
            if left <= 0 or not waiting.poll(left * 1000):
                raise FileProblem(
                    f"cannot be read: its writer did not finish within {SECONDS:.0f} seconds",
                    where=Origin(str(path)),
                )
            part = os.read(fd, MAX_BYTES)
            if not part:
                return data
            data += part
        raise FileProblem(
            f"is longer than the limit of {MAX_BYTES // 1024} KiB",
            id="file-too-large",
            where=Origin(str(path)),
        )
