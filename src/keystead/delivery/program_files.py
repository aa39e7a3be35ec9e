"""Config files for one program, which are removed when it has ended.

The name of a file's folder identifies the process, so that a later command removes what a crash
left behind.
"""

from __future__ import annotations

import contextlib
import os

from keystead import caller
from keystead.system.path import Path
from keystead.system.process_info import started_at


def make_config_file(folder: Path, text: str) -> Path:
    """A file with ``text`` in a new subfolder of ``folder``, for a program of the caller."""
    pid = caller.process.pid
    own = folder / f"{pid}-{started_at(pid)}-{os.urandom(8).hex()}"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    os.mkdir(own, 0o700)
    path = own / "config"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return path


def remove_config_file(path: Path) -> None:
    """Removes a file of `make_config_file`."""
    import shutil

    shutil.rmtree(path.parent, ignore_errors=True)


def remove_left_behind(folder: Path) -> None:
    """Removes the files of processes that have ended."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            pid, _, rest = name.partition("-")
            if pid.isdigit() and str(started_at(int(pid))) != rest.partition("-")[0]:
                import shutil

                shutil.rmtree(folder / name, ignore_errors=True)
