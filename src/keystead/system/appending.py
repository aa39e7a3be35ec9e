"""Adding lines to a file that is never rewritten: one writer at a time, each line in one write.

The lock is the system's own on the file itself, so that a killed writer blocks nobody, and it is
taken by hand: what a lock of the `filelock` package costs to import is what nobody would pay for a
line of a log.
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
        with _opened(path) as fd:
            tail = _tail(fd) or _end_of(old(1))
            if os.fstat(fd).st_size < most_bytes or not tail.endswith(b"\n"):
                _write(fd, compose(tail))
                return
            _make_room(old, 1)
            os.rename(path, old(1))
            with _opened(path) as fresh:
                _write(fresh, compose(_tail(fresh) or _end_of(old(1))))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FileProblem(f"cannot be written: {reason}", where=Origin(str(path))) from None


def _make_room(old: Callable[[int], Path], number: int) -> None:
    if old(number).exists():
        _make_room(old, number + 1)
        os.replace(old(number), old(number + 1))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    """The file that is at ``path``, locked. Where somebody moved it meanwhile: the new one."""
    for _ in range(100):
        try:
            fd = os.open(path, _FLAGS, 0o600)
        except FileNotFoundError:
            os.makedirs(path.parent, mode=0o700, exist_ok=True)
            continue
        try:
            _check(fd)
            with _locked(fd):
                if _is_at(fd, path):
                    yield fd
                    return
        finally:
            os.close(fd)
    raise OSError(errno.EBUSY, "it is moved again and again")


def _check(fd: int) -> None:
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no file")
    if sys.platform != "win32":
        if os.geteuid() not in (0, status.st_uid):
            raise PermissionError(errno.EPERM, "it belongs to another user")
        if status.st_mode & 0o077:
            os.fchmod(fd, 0o600)


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


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


if sys.platform == "win32":
    import msvcrt

    @contextlib.contextmanager
    def _locked(fd: int) -> Iterator[None]:
        """Far behind the end, as Windows keeps others from reading what is locked."""

        def seek() -> None:
            os.lseek(fd, 2**40, os.SEEK_SET)

        def lock() -> None:
            seek()
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

        _patiently(lock)
        try:
            yield
        finally:
            seek()
            msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    @contextlib.contextmanager
    def _locked(fd: int) -> Iterator[None]:
        _patiently(lambda: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB))
        yield  # closing the file ends it


def _patiently(lock: Callable[[], object]) -> None:
    ends = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            lock()
        except OSError:
            if time.monotonic() > ends:
                raise OSError(errno.EAGAIN, "another program holds its lock") from None
            time.sleep(_PAUSE_SECONDS)
        else:
            return
