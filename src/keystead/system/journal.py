"""A private file of lines that a long job appends to, so that it can continue after a kill."""

from __future__ import annotations

import contextlib
import os

from keystead.system.path import Path

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

    def lines(self) -> list[bytes]:
        """The whole lines; none where there is no file."""
        try:
            with open(self._path, "rb") as file:
                return file.read().split(b"\n")[:-1]
        except OSError:
            return []

    def append(self, line: bytes) -> None:
        """Append a line, which has no line end in it."""
        with contextlib.suppress(OSError):
            os.makedirs(self._path.parent, mode=0o700, exist_ok=True)
            # Closed each time, as Windows removes no file that is open.
            fd = os.open(self._path, _FLAGS, 0o600)
            try:
                size = os.lseek(fd, 0, os.SEEK_END)
                os.lseek(fd, max(0, size - 1), os.SEEK_SET)
                is_cut_short = os.read(fd, 1) not in {b"", b"\n"}
                os.write(fd, b"\n" * is_cut_short + line + b"\n")
            finally:
                os.close(fd)

    def remove(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            os.unlink(self._path)
