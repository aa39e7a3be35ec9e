"""Adding lines to a file that is never rewritten: one writer at a time, each line in one write.

Beside it is a small file, the note, that holds what is to be known of the last line. The lock is
the system's own on the note, so that a killed writer blocks nobody and the file itself is open for
the moment of the write alone, as Windows renames nothing that is open.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from keystead.errors import FileProblem, Origin
from keystead.system.file_lock import locked
from keystead.system.folders import require_home
from keystead.system.sharing_violation import patiently

LOCK_SECONDS = 2.0
"""How long a writer waits for the others: they write a line each."""

TAIL_BYTES = 8192
"""How much of the end a writer sees; a line is shorter."""

_READING = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe of that name would wait for somebody
    | getattr(os, "O_BINARY", 0)
)
_NOTING = _READING | os.O_RDWR | os.O_CREAT
_APPENDING = _NOTING | os.O_APPEND


class Series(NamedTuple):
    """Where the lines are.

    ``path`` has the newest; when it has ``most_bytes``, it becomes the first of ``old``, that one
    the second and so on, and the last of them goes. ``note`` is the file with the lock.
    """

    path: Path
    old: Sequence[Path]
    note: Path
    most_bytes: int

    @property
    def files(self) -> list[Path]:
        """The files that there are, the oldest lines first."""
        return [path for path in (*reversed(self.old), self.path) if path.exists()]


def append(
    series: Series,
    compose: Callable[[bytes], tuple[bytes, bytes]],
    *,
    lock_seconds: float = LOCK_SECONDS,
) -> None:
    """Adds a line under the lock, and writes what there is to be noted of it over the old note.

    ``compose`` makes both of the last `TAIL_BYTES` that were written; each note is as long as any
    other. A line that does not find room on the disk is taken back. Nothing is flushed to the
    disk: a line of a log is not worth its price.

    Raises `FileProblem` when a file cannot be had, cannot be written, or belongs to somebody else.
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
    """Moves each file to the next place, the oldest first, up to the first that is free."""
    places = [series.path, *series.old]
    taken = next((n for n, place in enumerate(places) if not place.exists()), len(places) - 1)
    for number in range(taken, 0, -1):
        patiently(os.replace, places[number - 1], places[number])


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
    """The size of a file and the last `TAIL_BYTES` of it; nothing where there is none."""
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
    """Writes the line at the file's end, or nothing."""
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
