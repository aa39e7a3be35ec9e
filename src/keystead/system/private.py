"""Files whose worth is that nobody else can read or replace them: checked on what was opened.

A check of a path and a later open are two looks, between which another user may put another file
there. So the folder is opened first, the file within it, and both are judged by their descriptors.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys

from keystead.errors import FileProblem, Origin


class Exposed(FileProblem):
    """Another user may read, or replace, a file that has to be this user's alone."""


if sys.platform == "win32":

    def open_private(path: str, flags: int) -> int:
        """A file descriptor: access there is by lists, which the user's profile folder has."""
        return os.open(path, flags)

else:
    _FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC

    def open_private(path: str, flags: int) -> int:
        """A descriptor of a file that is this user's alone, for `open` as its ``opener``.

        Its owner has to be this user or root, and nobody else may have a right to it. Its folder
        has to belong to one of them too, and others may not write there, unless it is sticky. The
        group of one user alone (its number is the user's) is no other. For root, any owner will
        do. Raises `Exposed`, or `OSError`.
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
        """Raises `Exposed` unless what was opened is a file of this user's alone, or no file."""
        where = Origin(path)
        if stat.S_ISDIR(status.st_mode) or stat.S_ISCHR(status.st_mode):
            return  # that it is not a file is said by who reads it
        if _is_foreign(status):
            raise Exposed(
                "belongs to another user",
                hint=f"if it should be yours, run `sudo chown $(id -u) {shlex.quote(path)}`",
                where=where,
            )
        if status.st_mode & 0o077:
            raise Exposed(
                "may be read or written by other users",
                hint=f"run `chmod 600 {shlex.quote(path)}`",
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
                hint=f"run `chmod go-w {shlex.quote(folder)}`",
                where=Origin(path),
            )

    def _is_foreign(status: os.stat_result) -> bool:
        return os.geteuid() != 0 and status.st_uid not in (0, os.geteuid())
