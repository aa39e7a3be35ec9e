"""Adding lines to a file that is never rewritten: one writer at a time, each line in one write.

The lock is the system's own on a file beside it, so that a killed writer blocks nobody and the
file itself is closed while it is moved, as Windows wants it. It is taken by hand: what a lock of
the `filelock` package costs to import is what nobody would pay for a line of a log.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from keystead.errors import FileProblem, Origin
from keystead.system.sharing import patiently

LOCK_SECONDS = 2.0
"""How long a writer waits for the others: they write a line each."""

TAIL_BYTES = 8192
"""How much of the end a writer sees; a line is shorter."""

_PAUSE_SECONDS = 0.002
_FLAGS = (
    os.O_RDWR
    | os.O_APPEND
    | os.O_CREAT
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe of that name would wait for a reader
    | getattr(os, "O_BINARY", 0)
)


def append(
    path: Path, compose: Callable[[bytes], bytes], *, most_bytes: int, old: Callable[[int], Path]
) -> None:
    """Adds what ``compose`` makes of the file's last `TAIL_BYTES`, under the lock of the file.

    A file that has ``most_bytes`` becomes ``old(1)`` first, the one there ``old(2)`` and so on as
    long as there are any; who finds the file empty is given the end of ``old(1)``. Nothing is
    flushed to the disk: a line of a log is not worth its price.

    Raises `FileProblem` when it cannot be had, cannot be written, or belongs to somebody else.
    """
    try:
        os.makedirs(path.parent, mode=0o700, exist_ok=True)
        with _locked(path.with_suffix(".lock")):
            with _opened(path) as fd:
                tail = _tail(fd) or _end_of(old(1))
                if os.fstat(fd).st_size < most_bytes or not tail.endswith(b"\n"):
                    _write(fd, compose(tail))
                    return
            _make_room(old, 1)
            patiently(os.rename, path, old(1))
            with _opened(path) as fresh:
                _write(fresh, compose(tail))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FileProblem(f"cannot be written: {reason}", where=Origin(str(path))) from None


def _make_room(old: Callable[[int], Path], number: int) -> None:
    if old(number).exists():
        _make_room(old, number + 1)
        patiently(os.replace, old(number), old(number + 1))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    """The file at ``path``, made where it is not there, for its owner alone."""
    fd = os.open(path, _FLAGS, 0o600)
    try:
        _check(fd)
        yield fd
    finally:
        os.close(fd)


def _check(fd: int) -> None:
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no file")
    if sys.platform != "win32":
        if os.geteuid() not in (0, status.st_uid):
            raise PermissionError(errno.EPERM, "it belongs to another user")
        if status.st_mode & 0o077:
            os.fchmod(fd, 0o600)


def _tail(fd: int) -> bytes:
    size = os.fstat(fd).st_size
    os.lseek(fd, max(0, size - TAIL_BYTES), os.SEEK_SET)
    return os.read(fd, TAIL_BYTES)


def _end_of(path: Path) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return b""
    try:
        return _tail(fd)
    finally:
        os.close(fd)


def _write(fd: int, data: bytes) -> None:
    if os.write(fd, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds the lock that is the file at ``path``; closing it ends the lock."""
    with _opened(path) as fd:
        ends = time.monotonic() + LOCK_SECONDS
        while not _lock(fd):
            if time.monotonic() > ends:
                raise OSError(errno.EAGAIN, "another program holds its lock")
            time.sleep(_PAUSE_SECONDS)
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int) -> bool:
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
