"""An interactive shell whose user stops and resumes commands."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pexpect

PROMPT = r"shell\$ "


@contextlib.contextmanager
def interactive_bash(home: Path) -> Iterator[pexpect.spawn]:
    """A bash with job control, at its `PROMPT`."""
    child = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "-i"],
        env={**os.environ, "PS1": "shell$ ", "HISTFILE": "/dev/null"},  # type: ignore[arg-type]
        cwd=home,
        encoding="utf-8",
        timeout=30,
    )
    child.expect(PROMPT)
    yield child
    child.close(force=True)


def wait_until_stopped(shell: pexpect.spawn) -> None:
    """Waits until the shell itself has seen the job stop: `fg` before that would not resume it."""
    stopped = 0
    while not stopped:
        shell.sendline("jobs")
        stopped = shell.expect(["Running", "Stopped"])
