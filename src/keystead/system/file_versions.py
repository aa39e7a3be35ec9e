"""Versions of files: detects a change of a file without reading it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable

from keystead.value import NamedTuple

_TICK_NS = 20_000_000
"""Twice the coarsest time stamp of the file systems in use (10 ms)."""


class FileVersion(NamedTuple):
    """One state of a file; times in nanoseconds since 1970."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int
    """When its status changed; 0 on Windows, where ``st_ctime`` is the time of creation."""

    @classmethod
    def of(cls, status: os.stat_result) -> FileVersion:
        """The version in this status."""
        changed_ns = 0 if sys.platform == "win32" else status.st_ctime_ns
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, changed_ns)

    @classmethod
    def at(cls, path: str | bytes | os.PathLike[str]) -> FileVersion | None:
        """The current version of the file at ``path``, None for no file."""
        try:
            return cls.of(os.stat(path))
        except (OSError, ValueError):
            return None

    def is_settled(self, now: float | None = None) -> bool:
        """Whether any change after ``now``, in seconds since 1970, will change the version."""
        now_ns = time.time_ns() if now is None else now * 1e9
        return max(self.modified_ns, self.changed_ns) < now_ns - _TICK_NS


ChangeToken = tuple[tuple[str, tuple[int, ...] | None], ...]
"""What was read, as paths with their versions; it differs after a change.

A store without a file has a name in place of a path: see `stores.registry`.
"""


def is_settled(token: ChangeToken) -> bool:
    """Whether any later change of the files will change the token."""
    return all(not isinstance(v, FileVersion) or v.is_settled() for _, v in token)


def change_token(paths: Iterable[str | os.PathLike[str]]) -> ChangeToken:
    """The current versions of these files."""
    return tuple((os.fspath(path), FileVersion.at(path)) for path in paths)
