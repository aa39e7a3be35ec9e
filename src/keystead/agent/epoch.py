"""The epoch between two locks: answers and keys from an earlier epoch are refused.

It is the version of an empty file next to the agent's socket. A command reads it before it begins
and sends it with its answer; `agent lock` changes it, also when no agent is running.
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
        """The version of the file; None before the first lock."""
        return FileVersion.at(self.path)

    def end(self) -> None:
        """Begins the next epoch. Raises `OSError`."""
        folder = os.path.dirname(self.path)
        with contextlib.suppress(FileExistsError):
            os.makedirs(folder, mode=0o700)
        fd = os.open(self.path, _FLAGS, 0o600)
        try:
            os.utime(fd if os.utime in os.supports_fd else self.path)
        finally:
            os.close(fd)
