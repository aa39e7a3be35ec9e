"""`make demo`: the documentation's walk on an emulated AWS, and how it ends.

The walk itself is in `devtools.walk`. It is imported only when interrupts are taken care of, so
that a Ctrl-C at any time ends the demo without a traceback and leaves nothing behind.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType


class Interrupted(Exception):
    """Somebody wants the demo to stop."""


class Interrupts:
    """Remembers that the demo shall stop, so that it stops between two steps and cleans up.

    A step takes about a second. Raising from the handler would be faster, and could strike in
    the middle of cleaning up or of starting a process.
    """

    def __init__(self) -> None:
        self._due = False
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._remember)

    def _remember(self, _signal: int, _frame: FrameType | None) -> None:
        self._due = True

    def check(self) -> None:
        """Raises `Interrupted` when it is time to stop."""
        if self._due:
            raise Interrupted


def main() -> int:
    """Runs the demo; the result is its exit code."""
    interrupts = Interrupts()
    from devtools import walk

    try:
        walk.run(interrupts.check)
        interrupts.check()
    except Interrupted:
        print("\ninterrupted; nothing is left", file=sys.stderr)
        return 130
    except walk.WalkFailed as failed:
        print(f"the demo failed: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
