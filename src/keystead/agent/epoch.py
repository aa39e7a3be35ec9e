"""The time between two locks: what was begun in one is not stored in the next.

An empty file next to the agent's socket stands for it, and its state is the epoch. A command reads
that state before it begins and sends it with what it hands over; `agent lock` changes it, whether
an agent runs or not. So an answer, or an opened key, that was on its way during a lock is refused.
"""

from __future__ import annotations

import contextlib
import os

from keystead.system.file_versions import FileVersion

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class Epoch:
    """The epoch of the agent whose socket is at ``socket``."""

    def __init__(self, socket: bytes) -> None:
        self.path = socket + b".epoch"

    def current(self) -> FileVersion | None:
        """The version of the file that represents it now; None: nothing was ever locked."""
        return FileVersion.at(self.path)

    def end(self) -> None:
        """Begins another one. No byte of a file is changed. Raises `OSError`."""
        folder = os.path.dirname(self.path)
        with contextlib.suppress(FileExistsError):
            os.makedirs(folder, mode=0o700)
        fd = os.open(self.path, _FLAGS, 0o600)
        try:
            os.utime(fd if os.utime in os.supports_fd else self.path)
        finally:
            os.close(fd)
