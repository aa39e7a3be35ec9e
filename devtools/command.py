"""Runs a program as a script without a terminal does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(sysconfig.get_path("scripts"))
"""The `keystead` of this environment."""

KEYSTEAD = str(SCRIPTS / ("keystead.exe" if sys.platform == "win32" else "keystead"))

USER_CACHE = {"XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")}
"""The cache folder of this machine, for a tool that unpacks itself there once, also in a test."""

_OF_THE_MACHINE = ("AWS_", "KEYSTEAD_", "XDG_")


def clean_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` without variables that lead keystead or an SDK to accounts of this machine."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(_OF_THE_MACHINE) and not name.lower().endswith("_proxy")
    }


@dataclass(frozen=True)
class Done:
    """The exit code and output of a program."""

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
    """Run ``argv`` in a new session, so that it has no terminal.

    Raises `subprocess.TimeoutExpired` after ``seconds``, and ends everything in its session.
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


def served(output: Iterable[str]) -> str:
    """What `keystead serve --json` has printed once it serves; less where it has ended."""
    text = ""
    for line in output:
        text += line
        if line == "]\n":
            break
    return text
