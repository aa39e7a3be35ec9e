"""Keeps the memory of this process out of core files, other processes' reach and swap."""

from __future__ import annotations

import contextlib
import sys

_PR_SET_DUMPABLE = 4
_MCL_CURRENT_FUTURE_ONFAULT = 1 | 2 | 4


def protect() -> None:
    """Does what the system allows. Where it allows nothing, that is no error."""
    if sys.platform == "win32":
        return
    else:  # noqa: RET505  # a branch of its own, for the type checker of each platform
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform == "linux":
            import ctypes

            libc = ctypes.CDLL(None)
            libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
            # Under a limit, memory that is asked for later would be refused, which ends Python.
            if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY:
                libc.mlockall(_MCL_CURRENT_FUTURE_ONFAULT)
