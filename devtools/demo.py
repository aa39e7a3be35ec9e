"""`make demo`: the documentation's walk on an emulated AWS.

`devtools.walk` is imported after the signal handlers are set, so that Ctrl-C always ends the demo
without a traceback and cleans up.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType


class Interrupted(Exception):
    """The demo was interrupted."""


class Interrupts:
    """Stops the demo between two steps, which take about a second each.

    Raising from the handler could interrupt cleaning up or starting a process.
    """

    def __init__(self) -> None:
        self._due = False
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._remember)

    def _remember(self, _signal: int, _frame: FrameType | None) -> None:
        self._due = True

    def check(self) -> None:
        """Raise `Interrupted` after a signal."""
        if self._due:
            raise Interrupted


def main() -> int:
    """Run the demo; return its exit code."""
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
