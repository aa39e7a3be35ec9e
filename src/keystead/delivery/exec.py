"""Running a program with credentials in its environment."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence

from keystead.errors import ChildNotFound, ChildNotRunnable


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs ``command`` with ``environment``.

    Where the system allows it this process becomes the command, so that its exit code, signals
    and terminal are its own, and the call does not return. On Windows, returns the exit code.
    Raises `ChildNotFound` or `ChildNotRunnable`.
    """
    if not command or not command[0]:
        raise ChildNotFound("no command was given", hint="keystead exec NAME -- COMMAND ...")
    path = environment.get("PATH", os.defpath)
    if os.name == "nt":
        import shutil
        import subprocess  # noqa: TID251  # the one place that starts processes

        program = shutil.which(command[0], path=path)
        if program is None:
            raise ChildNotFound(f"`{command[0]}` is not a command")
        return subprocess.call([program, *command[1:]], env=dict(environment))  # noqa: S603  # the user's own command
    for ignored in ("SIGPIPE", "SIGXFSZ"):  # by Python, and a child would go on ignoring them
        signal.signal(getattr(signal, ignored), signal.SIG_DFL)
    try:
        os.execvpe(command[0], list(command), dict(environment))  # noqa: S606  # the user's own command
    except (FileNotFoundError, NotADirectoryError):
        raise ChildNotFound(f"`{command[0]}` is not a command") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ChildNotRunnable(f"`{command[0]}` cannot be run: {reason}") from None
