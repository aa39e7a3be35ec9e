"""Opening files that no other user may read or replace.

The folder is opened first, then the file in it, and the open descriptors are checked, so that
nothing can be replaced between check and use.
"""

from __future__ import annotations

import os
import stat
import sys

from keystead.errors import FileProblem, Origin


class Exposed(FileProblem):
    """Another user can read or replace a private file."""


if sys.platform == "win32":

    def open_private(path: str, flags: int) -> int:
        """A file descriptor; Windows restricts access by the user's profile folder."""
        return os.open(path, flags)

else:
    _FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC

    def open_private(path: str, flags: int) -> int:
        """A descriptor of a private file, for `open` as its ``opener``.

        File and folder must belong to this user or root (for root: to anyone). Others may have no
        right to the file, and may not write the folder unless it is sticky; a group whose id is
        the user's counts as the user. Raises `Exposed` or `OSError`.
        """
        target = os.path.realpath(path)
        folder = os.open(os.path.dirname(target), _FOLDER)
        try:
            _require_own_folder(os.fstat(folder), target)
            fd = os.open(
                os.path.basename(target), flags | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder
            )
        finally:
            os.close(folder)
        try:
            require_own(os.fstat(fd), target)
        except Exposed:
            os.close(fd)
            raise
        return fd

    def require_own(status: os.stat_result, path: str) -> None:
        """Raises `Exposed` for a regular file that other users can read or replace."""
        where = Origin(path)
        if stat.S_ISDIR(status.st_mode) or stat.S_ISCHR(status.st_mode):
            return  # the reader reports that it is not a file
        if _is_foreign(status):
            raise Exposed(
                "belongs to another user",
                hint=f"if it should be yours, run `sudo chown $(id -u) {_quoted(path)}`",
                where=where,
            )
        if status.st_mode & 0o077:
            raise Exposed(
                "may be read or written by other users",
                hint=f"run `chmod 600 {_quoted(path)}`",
                where=where,
            )

    def _require_own_folder(status: os.stat_result, path: str) -> None:
        folder = os.path.dirname(path)
        if _is_foreign(status):
            raise Exposed(
                "is in a folder that belongs to another user",
                hint=f"use a folder of yours in place of {folder}",
                where=Origin(path),
            )
        writable = status.st_mode & 0o022
        if status.st_gid == status.st_uid:
            writable &= 0o002
        if writable and not status.st_mode & stat.S_ISVTX:
            raise Exposed(
                "is in a folder that other users may write in",
                hint=f"run `chmod go-w {_quoted(folder)}`",
                where=Origin(path),
            )

    def _quoted(path: str) -> str:
        import shlex

        return shlex.quote(path)

    def _is_foreign(status: os.stat_result) -> bool:
        return os.geteuid() != 0 and status.st_uid not in (0, os.geteuid())
