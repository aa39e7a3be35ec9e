"""Running a program that asks on the terminal itself, with its input and output in pipes."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

from keystead import caller
from keystead.system.child import Finished


def run(argv: Sequence[str], environ: Mapping[str, str], data: bytes) -> Finished:
    """Runs ``argv`` without a shell, in this process group, with ``data`` as its input.

    Raises `OSError` when it cannot be started.
    """
    caller.process.require_own_process()
    done = subprocess.run(  # noqa: S603  # no shell; it is the user's own command
        list(argv), env=dict(environ), input=data, stdout=subprocess.PIPE, check=False
    )
    return Finished(done.returncode, done.stdout)
