"""The state of a file, by which an answer that was made from it is known to be still true."""

from __future__ import annotations

import os

from keystead.outside import counted

_TICK_NS = 20_000_000
"""The coarsest step of a file system's clock that is in use: 10 ms, and as much again."""

Stamp = tuple[int, int, int, int, int]
"""What tells one state of a file from another: device, inode, size, times of both changes in ns."""


def stamp(path: str | bytes) -> Stamp | None:
    """The state of the file at ``path``, None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def settled(found: Stamp | None, now: float) -> bool:
    """Whether a later change would show: the last one was not within the same tick."""
    return found is None or max(found[3:]) < now * 1e9 - _TICK_NS


def as_stamp(numbers: list[int] | None) -> Stamp | None:
    """A state as it comes over the wire. Raises `ValueError`, `TypeError`."""
    if numbers is None:
        return None
    device, inode, size, modified, changed = numbers
    high = 1 << 64
    return (
        counted(device, 0, high),
        counted(inode, 0, 1 << 128),
        counted(size, 0, high),
        counted(modified, -high, high),
        counted(changed, -high, high),
    )
