"""Retrying file operations that Windows refuses while another program has the file open."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ParamSpec, TypeVar

    _P = ParamSpec("_P")
    _T = TypeVar("_T")

SECONDS = 3.0
"""How long a call is retried: a virus scanner has a file open for a while."""

_PAUSE = 0.01


def retry_on_sharing_violation(call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Calls ``call``, on Windows again after a sharing violation. Raises its last `OSError`."""
    if sys.platform != "win32":
        return call(*args, **kwargs)
    else:  # noqa: RET505  # a branch for the type checker of each platform
        end = time.monotonic() + SECONDS
        while True:
            try:
                return call(*args, **kwargs)
            except PermissionError as error:  # also raised without rights, and for a folder
                if os.path.isdir(error.filename) or time.monotonic() > end:
                    raise
            time.sleep(_PAUSE)
