"""Starting a process that outlives this one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from keystead import caller

_DETACHED = 0x00000008 | 0x00000200
"""Windows: DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP."""


def start(
    argv: Sequence[str], environ: Mapping[str, str], stdin: bytes, *, seconds: float
) -> int | None:
    """Starts ``argv`` in a new session with ``stdin`` as its standard input.

    Its exit means that it is ready: its child is the daemon (on Windows it does not exit). Returns
    the exit code, None after ``seconds``. Raises `OSError` when it cannot be started.
    """
    caller.process.require_own_process()
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
        pipe.write(stdin)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.returncode = 0  # else Popen would warn that it is still running
        return None
