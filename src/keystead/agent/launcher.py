"""The launcher: a program for ``credential_process`` that starts faster than an entry point.

Python runs the script without site packages (``-S``) and isolated (``-I``); it adds the folder of
`keystead.hot`, so it has to be written again after keystead has moved. The native launcher is
compiled from ``launcher.c`` and does the same without Python.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Sequence

from keystead.agent.protocol import SENDER
from keystead.errors import AgentProblem
from keystead.system import System, child
from keystead.system.path import Path

_LONGEST_FIRST_LINE = 127
"""The longest ``#!`` line on any Linux."""

_SOURCE = Path(__file__).with_name("launcher.c")
_FLAGS = (
    *("-std=gnu11", "-O2", "-fPIE", "-fstack-protector-strong"),
    *("-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"),
    *(("-pie", "-s", "-Wl,-z,relro,-z,now,-z,noexecstack") * (sys.platform == "linux")),
)
_SECONDS = 60.0
_MOST_OUTPUT_BYTES = 64 * 1024


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


def native(system: System, python: str = sys.executable, more: Sequence[str] = ()) -> bytes:
    """The native launcher for the interpreter ``python``; the same bytes from the same compiler.

    ``more`` are options for the compiler. Raises `AgentProblem`.
    """
    compiler = system.program("cc")
    if compiler is None:
        raise AgentProblem(
            "there is no C compiler `cc` in PATH",
            id="compiler-missing",
            hint="install one (Debian: `apt-get install gcc libc6-dev`), or leave out `--native`",
        )
    defined = {"LAUNCHER_PYTHON": os.fsencode(python), "LAUNCHER_SENDER": SENDER}
    macros = [f"-D{name}={_c_string(value)}" for name, value in defined.items()]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "keystead-process"
        argv = [compiler, *_FLAGS, *macros, *more, "-o", str(made), str(_SOURCE)]
        try:
            code = child.run(
                argv, system.environ, seconds=_SECONDS, most_bytes=_MOST_OUTPUT_BYTES
            ).code
        except (OSError, child.TooSlow, child.TooMuch):
            code = 1
        if code:
            raise AgentProblem(
                f"`{compiler}` did not compile the launcher",
                id="compiler-failed",
                hint="see what it reported; the headers of the C library are needed (Debian: "
                "libc6-dev)",
            )
        return made.read_bytes()


def _c_string(value: bytes) -> str:
    """A literal of C, of any bytes."""
    return '"' + "".join(f"\\{byte:03o}" for byte in value) + '"'


def is_native(launcher: bytes) -> bool:
    """Whether a launcher is a native one: no script begins with these bytes."""
    return launcher[:4] in (b"\x7fELF", b"\xcf\xfa\xed\xfe")  # of Linux, of macOS


def is_of_this_version(launcher: bytes) -> bool:
    """Whether a native launcher was compiled by this version of keystead."""
    return SENDER + b"\r\n" in launcher


def install(system: System, path: Path | None, *, compiled: bool) -> Path:
    """Writes the launcher to ``path``, by default in the data folder; returns its path.

    Raises `FileProblem`; `AgentProblem` on Windows, or where the native one does not compile.
    """
    if os.name == "nt":
        raise AgentProblem(
            "launchers do not run on Windows",
            id="scripts-not-runnable",
            hint="use `credential_process = keystead process NAME`",
        )
    content = native(system) if compiled else own_script()
    target = Path(os.path.abspath(path or system.folders.launcher))
    with system.files.lock(target):
        stamp = system.files.read(target).version
        system.files.replace(target, content, expect=stamp, private=False)
        os.chmod(target, 0o755)  # noqa: S103  # a program without secrets
    return target
