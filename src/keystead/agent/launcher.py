"""The launcher: a script for ``credential_process`` that starts faster than Python usually does.

It has Python leave out the search for installed packages (``-S``) and the user's environment
(``-I``), and names the one folder that `keystead.hot` is in by itself. So it belongs to this
installation, and is written anew after keystead has moved.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from keystead.errors import AgentProblem
from keystead.system import System

_LONGEST_FIRST_LINE = 127
"""What every Linux reads of the line that names the interpreter."""


def script(python: str, folder: str) -> bytes:
    """The launcher for the interpreter ``python`` with keystead's package in ``folder``."""
    first = f"#!{python} -IS"
    if len(os.fsencode(first)) > _LONGEST_FIRST_LINE or any(map(str.isspace, python)):
        # To a shell the second line is a command, to Python a text that ends in the third.
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
    """Writes the launcher to ``path``, else to ``bin`` in the data folder; where it is.

    Raises `FileProblem`, or `AgentProblem` where the system starts no scripts.
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
        os.chmod(target, 0o755)  # noqa: S103  # it is a program, and holds no secret
    return target
