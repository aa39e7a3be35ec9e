"""Excludes the memory of this process from core dumps, debuggers and swap."""

from __future__ import annotations

import contextlib
import sys

_PR_SET_DUMPABLE = 4
_MCL_CURRENT_FUTURE_ONFAULT = 1 | 2 | 4


def protect() -> None:
    """Applies what the system allows; failures are ignored."""
    if sys.platform == "win32":
        return
    else:  # noqa: RET505  # a branch for the type checker of each platform
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform == "linux":
            import ctypes

            libc = ctypes.CDLL(None)
            libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
            # Under a limit later allocations would fail, which ends Python.
            if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY:
                libc.mlockall(_MCL_CURRENT_FUTURE_ONFAULT)
