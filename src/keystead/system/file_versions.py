"""Versions of files: what tells one state of a file from the next without reading it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import NamedTuple

_TICK_NS = 20_000_000
"""The coarsest step of a file system's clock that is in use: 10 ms, and as much again."""


class FileVersion(NamedTuple):
    """One state of a file; times in nanoseconds since 1970."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int
    """When its status changed; 0 on Windows, which has the time of creation in that place."""

    @classmethod
    def of(cls, status: os.stat_result) -> FileVersion:
        """The version of the file that has this status."""
        changed_ns = 0 if sys.platform == "win32" else status.st_ctime_ns
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, changed_ns)

    @classmethod
    def at(cls, path: str | bytes | os.PathLike[str]) -> FileVersion | None:
        """The version that is at ``path`` now, None where there is none."""
        try:
            return cls.of(os.stat(path))
        except (OSError, ValueError):
            return None

    def is_settled(self, now: float) -> bool:
        """Whether a later change would show: the last one was not within the same tick as
        ``now``, in seconds since 1970.
        """
        return max(self.modified_ns, self.changed_ns) < now * 1e9 - _TICK_NS


ChangeToken = tuple[tuple[str, tuple[int, ...] | None], ...]
"""Where something was read from, each with the version that was there; it differs after a change.

A name is a path with its `FileVersion`, or one of a store that has no file: see `stores.registry`.
"""


def is_settled(token: ChangeToken, now: float) -> bool:
    """Whether every later change of the files will change the token."""
    return all(not isinstance(v, FileVersion) or v.is_settled(now) for _, v in token)


def change_token(paths: Iterable[str | os.PathLike[str]]) -> ChangeToken:
    """The versions that are at these paths now."""
    return tuple((os.fspath(path), FileVersion.at(path)) for path in paths)
