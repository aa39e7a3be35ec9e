"""Running a program to its end the way a script without a terminal does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(sysconfig.get_path("scripts"))
"""Where the `keystead` of this environment is installed."""

KEYSTEAD = str(SCRIPTS / ("keystead.exe" if sys.platform == "win32" else "keystead"))


_OF_THE_MACHINE = ("AWS_", "KEYSTEAD_", "XDG_")


def clean_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` without what would lead keystead or an SDK to the accounts of this machine."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(_OF_THE_MACHINE) and not name.lower().endswith("_proxy")
    }


@dataclass(frozen=True)
class Done:
    """How a program ended and what it said."""

    code: int
    stdout: str
    stderr: str


def run(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: Path,
    stdin: str | bytes | None = None,
    seconds: float = 60.0,
) -> Done:
    """Runs ``argv`` in a session of its own, so that it has no terminal to ask on.

    Without ``stdin`` its standard input is empty. Raises `subprocess.TimeoutExpired` after
    ``seconds``, and nothing that it started in its session is left then.
    """
    with subprocess.Popen(
        argv,
        env=dict(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(
                stdin.encode() if isinstance(stdin, str) else stdin, timeout=seconds
            )
        except BaseException:
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return Done(process.returncode, _text(out), _text(err))


def _text(data: bytes) -> str:
    return data.decode(errors="backslashreplace").replace("\r\n", "\n")
