"""The executable file of a process, as the kernel reports it.

A command line is not reliable: ``exec -a terraform`` sets any name.
"""

from __future__ import annotations

import contextlib
import os
import sys

from keystead import caller
from keystead.value import NamedTuple


class Executable(NamedTuple):
    """An executable file; ``file`` is its device and inode, None where unknown."""

    path: str
    file: tuple[int, int] | None

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        return os.path.basename(self.path)

    def is_named_by(self, rule: str) -> bool:
        """Whether ``rule`` is the path of this very file, or, without a folder, its name."""
        if not os.path.dirname(rule):
            return rule == self.name
        with contextlib.suppress(OSError):
            return self.file is not None and self.file == _file(os.stat(rule))
        return False


def executable_at(path: str) -> Executable:
    """The program whose file is at ``path``."""
    try:
        return Executable(os.path.realpath(path), _file(os.stat(path)))
    except OSError:
        return Executable(path, None)


def executable_of(pid: int) -> Executable | None:
    """The program of the process; None where unknown, or when it has ended."""
    try:
        return _executable_of(pid)
    except OSError:
        return None


def which(program: str, path: str) -> str | None:
    """The file of a program, as `shutil.which` finds it, whose module loads compression."""
    if sys.platform == "win32":
        import shutil

        return shutil.which(program, path=path)
    else:  # noqa: RET505  # a branch for the type checker of each platform
        folders = [""] if os.path.dirname(program) else path.split(os.pathsep) if path else []
        files = (os.path.join(folder, program) for folder in folders)
        return next((f for f in files if os.access(f, os.X_OK) and not os.path.isdir(f)), None)


def parent() -> Executable | None:
    """The program that started the caller."""
    return executable_of(caller.process.parent)


def _file(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


if sys.platform == "linux":

    def _executable_of(pid: int) -> Executable:
        import select

        held = os.pidfd_open(pid)
        try:
            link = f"/proc/{pid}/exe"
            path = os.readlink(link).removesuffix(" (deleted)")
            found = Executable(path, _file(os.stat(link)))
            if select.select([held], [], [], 0)[0]:
                raise ProcessLookupError  # it ended, and its id may have been reused
        finally:
            os.close(held)
        return found

elif sys.platform == "win32":
    _QUERY_LIMITED_INFORMATION = 0x1000
    _LONGEST = 32768

    def _executable_of(pid: int) -> Executable:
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = ctypes.c_void_p(kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, 0, pid))
        if not handle.value:
            raise ProcessLookupError
        try:
            text, size = ctypes.create_unicode_buffer(_LONGEST), ctypes.c_uint32(_LONGEST)
            if not kernel.QueryFullProcessImageNameW(handle, 0, text, ctypes.byref(size)):
                raise ProcessLookupError
        finally:
            kernel.CloseHandle(handle)
        return executable_at(text.value)

elif sys.platform == "darwin":
    _LONGEST = 4096

    def _executable_of(pid: int) -> Executable:
        import ctypes

        text = ctypes.create_string_buffer(_LONGEST)
        if ctypes.CDLL("/usr/lib/libproc.dylib").proc_pidpath(pid, text, _LONGEST) <= 0:
            raise ProcessLookupError
        return executable_at(os.fsdecode(text.value))

else:

    def _executable_of(pid: int) -> Executable:
        raise ProcessLookupError(pid)
