"""Windows' rule that a file which another program has open is not replaced, removed or opened.

A reader of ours or of an SDK has a file open for a moment, a virus scanner for somewhat longer.
So what is refused is tried again for a while. Elsewhere there is no such rule.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

SECONDS = 3.0
"""How long it is tried."""

_PAUSE = 0.01

_P = ParamSpec("_P")
_T = TypeVar("_T")


def patiently(call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """What ``call`` gives, once no other program is in the way. Raises its last `OSError`."""
    if sys.platform != "win32":
        return call(*args, **kwargs)
    else:  # noqa: RET505  # a branch of its own, for the type checker of each platform
        end = time.monotonic() + SECONDS
        while True:
            try:
                return call(*args, **kwargs)
            except PermissionError as error:  # so are a lack of rights, and a folder that is opened
                if os.path.isdir(error.filename) or time.monotonic() > end:
                    raise
            time.sleep(_PAUSE)
