"""Excludes the memory of this process from core dumps, debuggers and swap, and ends it in time."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1
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
            libc = _libc()
            libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
            # Under a limit later allocations would fail, which ends Python.
            if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY:
                libc.mlockall(_MCL_CURRENT_FUTURE_ONFAULT)


def end_with_parent(parent: int) -> None:
    """Makes Linux kill this process when ``parent``, which forked it, ends."""
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # it has ended already


@functools.cache
def _libc() -> Any:  # noqa: ANN401  # a library has any attribute
    import ctypes

    return ctypes.CDLL(None)
