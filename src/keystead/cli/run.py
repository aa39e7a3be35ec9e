"""Runs the command line of this process: a command, or the completion of one."""

import sys


def run() -> int:
    """Runs it; returns its exit code."""
    if sys.argv[1:2] == ["__complete"]:
        from keystead.cli.completing.answer import main as completing

        return completing(sys.argv[2:])
    from keystead.cli.main import main

    return main()
