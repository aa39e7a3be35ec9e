"""The launcher: a script for ``credential_process`` that starts faster than an entry point.

Python runs it without site packages (``-S``) and isolated (``-I``); it adds the folder of
`keystead.hot`, so it has to be written again after keystead has moved.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from keystead.errors import AgentProblem
from keystead.system import System

_LONGEST_FIRST_LINE = 127
"""The longest ``#!`` line on any Linux."""


def script(python: str, folder: str) -> bytes:
    """The launcher for the interpreter ``python`` with keystead's package in ``folder``."""
    first = f"#!{python} -IS"
    if len(os.fsencode(first)) > _LONGEST_FIRST_LINE or any(map(str.isspace, python)):
        # The second line is a command for the shell, and a string for Python.
        first = f"#!/bin/sh\n'''exec' {shlex.quote(python)} -IS \"$0\" \"$@\"\n' '''"
    text = f"""{first}
# Written by `keystead agent launcher`. credential_process runs it with the name of a profile.
import sys

sys.path.append({folder!r})
sys.argv[1:1] = ["process"]
from keystead.hot import main

sys.exit(main())
"""
    return os.fsencode(text)


def own_script() -> bytes:
    """The launcher of this installation."""
    return script(sys.executable, str(Path(__file__).parent.parent.parent))


def install(system: System, path: Path | None) -> Path:
    """Writes the launcher to ``path``, by default in the data folder; returns its path.

    Raises `FileProblem`, or `AgentProblem` on Windows.
    """
    if os.name == "nt":
        raise AgentProblem(
            "Windows does not start scripts by their first line",
            id="scripts-not-runnable",
            hint="use `credential_process = keystead process NAME`",
        )
    target = Path(os.path.abspath(path or system.folders.launcher))
    with system.files.lock(target):
        stamp = system.files.read(target).version
        system.files.replace(target, own_script(), expect=stamp, private=False)
        os.chmod(target, 0o755)  # noqa: S103  # a program without secrets
    return target
