"""A private file of lines that a long job appends to, so that it can continue after a kill."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_FLAGS = (
    os.O_RDWR
    | os.O_CREAT
    | os.O_APPEND
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class Journal:
    """Best effort: without a writable folder the job works, and cannot be continued.

    There is no lock or fsync; each line is one write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def lines(self) -> list[bytes]:
        """The whole lines; none where there is no file."""
        try:
            return self._path.read_bytes().split(b"\n")[:-1]
        except OSError:
            return []

    def append(self, line: bytes) -> None:
        """Append a line, which has no line end in it."""
        with contextlib.suppress(OSError):
            if self._fd is None:
                os.makedirs(self._path.parent, mode=0o700, exist_ok=True)
                self._fd = os.open(self._path, _FLAGS, 0o600)
                size = os.lseek(self._fd, 0, os.SEEK_END)
                os.lseek(self._fd, max(0, size - 1), os.SEEK_SET)
                if os.read(self._fd, 1) not in {b"", b"\n"}:
                    line = b"\n" + line  # ends the line that was cut short, which is not valid
            os.write(self._fd, line + b"\n")

    def close(self) -> None:
        """Close the file, which stays."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def remove(self) -> None:
        """Remove the file."""
        self.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)
