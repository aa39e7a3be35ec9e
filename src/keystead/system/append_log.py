"""Appending lines to a log file: one writer at a time, each line in one write.

A small second file, the note, describes the last line. The writers lock the note, not the log,
because Windows does not rename an open file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable, Sequence

from keystead.errors import FileProblem, Origin
from keystead.system.file_lock import locked
from keystead.system.folders import require_home
from keystead.system.path import Path
from keystead.system.sharing_violation import retry_on_sharing_violation
from keystead.value import NamedTuple

LOCK_SECONDS = 2.0
"""How long a writer waits for the lock."""

TAIL_BYTES = 8192
"""How much of the end is passed to ``compose``; a line is shorter."""

_READING = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a pipe would block
    | getattr(os, "O_BINARY", 0)
)
_NOTING = _READING | os.O_RDWR | os.O_CREAT
_APPENDING = _NOTING | os.O_APPEND


class Series(NamedTuple):
    """The files of a log. At ``most_bytes``, ``path`` is rotated to the first of ``old``."""

    path: Path
    old: Sequence[Path]
    note: Path
    most_bytes: int

    @property
    def files(self) -> list[Path]:
        """The files that exist, oldest first."""
        return [path for path in (*reversed(self.old), self.path) if path.exists()]


def append(
    series: Series,
    compose: Callable[[bytes], tuple[bytes, bytes]],
    *,
    lock_seconds: float = LOCK_SECONDS,
) -> None:
    """Appends a line under the lock and overwrites the note, without fsync.

    ``compose`` returns the line and the note, given the last `TAIL_BYTES`; all notes have the same
    length. Raises `FileProblem` when a file cannot be written or belongs to another user.
    """
    require_home(series.path)
    try:
        with locked(series.note, lambda path: _open(path, _NOTING), lock_seconds) as note:
            size, tail = _end_of(series.path)
            if size >= series.most_bytes and tail.endswith(b"\n"):
                _make_room(series)
            line, noted = compose(tail or _end_of(series.old[0])[1])
            fd = _open(series.path, _APPENDING)
            try:
                _write_whole(fd, line)
            finally:
                os.close(fd)
            os.lseek(note, 0, os.SEEK_SET)
            _write(note, noted)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        where = Origin(os.fspath(error.filename or series.path))
        raise FileProblem(f"cannot be written: {reason}", where=where) from None


def _make_room(series: Series) -> None:
    """Rotates the files, oldest first, up to the first name that is not in use."""
    places = [series.path, *series.old]
    taken = next((n for n, place in enumerate(places) if not place.exists()), len(places) - 1)
    for number in range(taken, 0, -1):
        retry_on_sharing_violation(os.replace, places[number - 1], places[number])


def _open(path: Path, flags: int) -> int:
    try:
        fd = os.open(path, flags, 0o600)
    except FileNotFoundError:
        os.makedirs(path.parent, mode=0o700, exist_ok=True)
        fd = os.open(path, flags, 0o600)
    try:
        _check(fd)
    except OSError:
        os.close(fd)
        raise
    return fd


def _check(fd: int) -> None:
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a file")
    if sys.platform != "win32":
        if os.geteuid() not in (0, status.st_uid):
            raise PermissionError(errno.EPERM, "it belongs to another user")
        if status.st_mode & 0o077:
            os.fchmod(fd, 0o600)


def _end_of(path: Path) -> tuple[int, bytes]:
    """The size of a file and its last `TAIL_BYTES`; 0 and empty for a missing file."""
    try:
        fd = os.open(path, _READING)
    except FileNotFoundError:
        return 0, b""
    try:
        size = os.fstat(fd).st_size
        os.lseek(fd, max(0, size - TAIL_BYTES), os.SEEK_SET)
        return size, os.read(fd, TAIL_BYTES)
    finally:
        os.close(fd)


def _write_whole(fd: int, line: bytes) -> None:
    """Appends the line, or truncates the file to its former size on an error."""
    size = os.fstat(fd).st_size
    try:
        _write(fd, line)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(fd, size)
        raise


def _write(fd: int, data: bytes) -> None:
    if os.write(fd, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
