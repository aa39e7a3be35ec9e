"""What a command costs that does not depend on the machine: the modules it loads, instructions."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path


def run(*words: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a new session, without a terminal."""
    return subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
        check=False,
        start_new_session=True,
    )


def modules(*words: str | Path, **environ: str) -> list[str]:
    """The modules that Python loads for its command line ``words``, in order."""
    done = run(sys.executable, "-X", "importtime", *words, **environ)
    assert done.returncode == 0, done.stderr
    lines = (line.split("|") for line in done.stderr.splitlines())
    return [line[2].strip() for line in lines if len(line) == 3][1:]


def instructions(*words: str | Path, **environ: str) -> int:
    """How many instructions the processor executes for a command; the same at each run."""
    done = run(
        "valgrind",
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        *words,
        PYTHONHASHSEED="0",
        **environ,
    )
    assert done.returncode == 0, done.stderr
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found
    return int(found[1])
