"""Status of files: access of other users, type, and error messages."""

from __future__ import annotations

import errno
import os
import stat
import sys

from keystead.errors import FileProblem, Origin
from keystead.system.folders import is_homeless
from keystead.system.path import Path
from keystead.value import NamedTuple


class Access(NamedTuple):
    """Access of other users to a file or folder; all False on Windows."""

    shared: bool
    """Whether its group or others may read or write it."""
    foreign: bool
    """Whether it belongs to another user (never for root)."""
    writable: bool = False
    """Whether its group or others may write it."""


def status_of(path: Path) -> os.stat_result | None:
    """The status of the file, following links; None for no file. Raises `OSError`."""
    if is_homeless(path):
        return None
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def access(path: Path, *, folder: bool = False) -> Access:
    """Access of other users to the file or ``folder``, if it exists. Raises `FileProblem`."""
    try:
        status = status_of(path)
    except OSError as error:
        raise problem("its status cannot be read", path, error) from error
    meant = stat.S_IFDIR if folder else stat.S_IFREG
    if status is None or stat.S_IFMT(status.st_mode) != meant or sys.platform == "win32":
        return Access(shared=False, foreign=False)
    else:  # noqa: RET505  # a branch for the type checker of each platform
        return Access(
            shared=bool(status.st_mode & 0o077),
            foreign=os.geteuid() not in (0, status.st_uid),
            writable=bool(status.st_mode & 0o022),
        )


def kind(status: os.stat_result) -> str:
    """The type of something that is not a regular file, for messages."""
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
    )
    return next((name for test, name in kinds if test(status.st_mode)), "a device")


def problem(what: str, path: Path, error: OSError) -> FileProblem:
    """The error for a system call that failed on ``path``; ``what`` begins its message."""
    if isinstance(error, PermissionError) and os.path.isdir(path):  # Windows does not open it
        error = IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    reason = (error.strerror or str(error)).lower()
    hint = None
    if error.errno in _MOUNTED:
        # Writing in place would show readers half a file, also after a crash.
        reason = "it is mounted as a single file and cannot be replaced"
        hint = "mount its folder instead, or change the file outside of the mount"
    if isinstance(error, PermissionError):
        hint = _refused_hint(what)
    elif isinstance(error, IsADirectoryError):
        hint = "name a file, not a folder"
    return FileProblem(f"{what}: {reason}", hint=hint, where=Origin(str(path)))


_MOUNTED = (errno.EBUSY, errno.EXDEV)
"""The errors of replacing or removing a mount point."""


def _refused_hint(what: str) -> str:
    if os.name != "nt":
        return "check who owns the file and its folder, and their modes"
    reads = what.startswith("cannot be read")
    return (
        f"check that you may {'read it' if reads else 'write there'}, "
        "and that no other program has the file open"
    )
