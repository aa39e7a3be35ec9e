"""What the system reports of processes; best effort, None where unknown."""

from __future__ import annotations

import os
import sys


def variable(pid: int, name: str) -> str | None:
    """A variable in the environment that the process was started with."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            found = file.read().split(b"\0")
    except OSError:
        return None
    start = os.fsencode(f"{name}=")
    return next((os.fsdecode(v[len(start) :]) for v in found if v.startswith(start)), None)


def parent(pid: int) -> int | None:
    """The process that started the process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read(4096).rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None


def started_at(pid: int) -> int | None:
    """When the process started, which distinguishes it from others with the same id.

    None for no such process; 0 where the system does not report the time.
    """
    return _started_at(pid)


if sys.platform == "linux":

    def _started_at(pid: int) -> int | None:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                fields = file.read(4096).rpartition(b")")[2].split()
        except OSError:
            return None
        return None if fields[0] in (b"Z", b"X") else int(fields[19])

elif sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _QUERY = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION

    def _started_at(pid: int) -> int | None:
        kernel = ctypes.WinDLL("kernel32")
        kernel.OpenProcess.restype = wintypes.HANDLE
        process: int | None = kernel.OpenProcess(_QUERY, 0, pid)
        if process is None:
            return None
        handle = wintypes.HANDLE(process)
        try:
            times = [ctypes.c_uint64() for _ in range(4)]  # of start, end, kernel, user
            if not kernel.GetProcessTimes(handle, *map(ctypes.byref, times)):
                return 0
            return None if times[1].value else times[0].value
        finally:
            kernel.CloseHandle(handle)

else:

    def _started_at(pid: int) -> int | None:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except OSError:
            return 0  # another user's
        return 0
