"""The clocks by which a long-running process detects a suspended machine or a clock change."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from keystead.value import Value

if sys.platform == "win32":
    import ctypes


def _asleep() -> float:
    """Seconds that the machine was suspended since it started; 0 where unknown."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    elif sys.platform == "darwin":  # noqa: RET505  # a branch for the type checker of each platform
        return time.clock_gettime(time.CLOCK_MONOTONIC) - time.clock_gettime(time.CLOCK_UPTIME_RAW)
    elif sys.platform == "win32":
        awake = ctypes.c_ulonglong()
        kernel = ctypes.windll.kernel32
        kernel.GetTickCount64.restype = ctypes.c_ulonglong
        kernel.QueryUnbiasedInterruptTime(ctypes.byref(awake))
        return float(kernel.GetTickCount64() / 1e3 - awake.value / 1e7)
    else:
        return 0.0


class Clocks(Value):
    """Seconds since 1970, of the monotonic clock, and of suspension."""

    wall: Callable[[], float] = time.time
    running: Callable[[], float] = time.monotonic
    asleep: Callable[[], float] = _asleep
