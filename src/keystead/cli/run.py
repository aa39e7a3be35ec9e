"""Runs the command line of this process: a command, or the completion of one."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def run() -> int:
    """Runs it; returns its exit code."""
    if sys.argv[1:2] == ["__complete"]:
        from keystead.cli.completing.answer import main as completing

        return completing(sys.argv[2:])
    from keystead.cli.main import main

    return main()


def leave(code: int) -> "NoReturn":
    """End the process as the interpreter does, but without freeing each object.

    That takes as long as a short command, and three times as long where botocore is loaded.
    """
    import os

    os._exit(finish(code))


def finish(code: int) -> int:
    """Do what the interpreter does at its end for others than itself; return the exit code."""
    import atexit

    if "threading" in sys.modules:
        sys.modules["threading"]._shutdown()  # noqa: SLF001  # it waits for threads
    atexit._run_exitfuncs()  # noqa: SLF001  # as `multiprocessing` ends a process
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except OSError:
            code = 120  # as the interpreter
    return code
