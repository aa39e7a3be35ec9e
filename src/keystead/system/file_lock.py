"""The operating system's lock on an open file; it is released when its process ends."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator

from keystead.system.path import Path

_FIRST_PAUSE, _LONGEST_PAUSE = 0.001, 0.05

if sys.platform == "win32":
    import msvcrt

    _BEHIND = 2**40
    """Far behind the end, as other processes cannot read a locked range."""

    def try_lock(fd: int) -> bool:
        """Locks the open file, unless somebody else has; whether it did."""
        os.lseek(fd, _BEHIND, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(fd: int) -> None:
        """Nothing: closing the file unlocks it."""

else:
    import fcntl

    def try_lock(fd: int) -> bool:
        """Locks the open file, unless somebody else has; whether it did."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(fd: int) -> None:
        """Unlocks it in every process that was forked meanwhile and still has it open."""
        fcntl.flock(fd, fcntl.LOCK_UN)


class NotNeeded(Exception):
    """The reason to wait for a lock is gone."""


@contextlib.contextmanager
def locked(
    path: Path, opener: Callable[[Path], int], seconds: float, until: Callable[[], bool] = bool
) -> Iterator[int]:
    """Opens ``path`` by ``opener`` and locks it; a file that was replaced meanwhile is reopened.

    Raises `BlockingIOError` after ``seconds``, `NotNeeded` as soon as ``until`` is true while
    another program has the lock, and what ``opener`` raises.
    """
    ends = time.monotonic() + seconds
    while True:
        fd = opener(path)
        try:
            _wait(fd, ends, until)
            if _is_at(fd, path):
                try:
                    yield fd
                finally:
                    _unlock(fd)
                return
        finally:
            os.close(fd)


def _wait(fd: int, ends: float, until: Callable[[], bool]) -> None:
    pause = _FIRST_PAUSE
    while not try_lock(fd):
        if until():
            raise NotNeeded
        if time.monotonic() > ends:
            raise BlockingIOError(errno.EAGAIN, "another program holds its lock")
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False
