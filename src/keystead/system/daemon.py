"""Starting a process that stays when this one ends."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

_DETACHED = 0x00000008 | 0x00000200
"""Windows: DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP."""


def start(
    argv: Sequence[str], environ: Mapping[str, str], told: bytes, *, seconds: float
) -> int | None:
    """Starts ``argv`` in a session of its own and gives it ``told`` on standard input.

    It says that it is ready by ending: what stays is its child (Windows, without such children:
    it does not end). Returns the exit code, None where it takes longer than ``seconds``. Raises
    `OSError` when it cannot be started.
    """
    process = subprocess.Popen(  # noqa: S603  # ourselves
        list(argv),
        env=dict(environ),
        cwd="/" if os.name == "posix" else None,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        creationflags=_DETACHED if sys.platform == "win32" else 0,
    )
    assert process.stdin is not None  # noqa: S101  # it was asked for
    with contextlib.suppress(OSError), process.stdin as pipe:
        pipe.write(told)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.returncode = 0  # else its object would complain that nobody waited
        return None
