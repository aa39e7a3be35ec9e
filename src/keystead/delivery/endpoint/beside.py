"""An endpoint beside a command: the command becomes this process, and the endpoint ends with it.

The endpoint runs in a process of its own that was forked before, so it has what was unlocked and
got by then. It has no terminal and is nobody's child: the command waits for its own children and
hears no signal but its own, and its exit code, signals and terminal are those of `exec`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn

from keystead.errors import KeysteadError
from keystead.system.protection import protect

if sys.platform == "linux":
    import gc
    import select
    import threading

    def leave_beside(serve: Callable[[], None]) -> None:
        """Has ``serve`` run beside this process until this process, or what it becomes, ends.

        Raises `KeysteadError` where the system does not let one process wait for another.
        """
        try:
            watched = os.pidfd_open(os.getpid())
        except OSError:  # before Linux 5.3, or a sandbox
            raise KeysteadError(
                "this system does not let an endpoint see when the command ends",
                hint="use `keystead serve`, or `keystead exec` without --endpoint",
            ) from None
        first = os.fork()
        if first:
            os.close(watched)
            os.waitpid(first, 0)
            return
        _run_detached(watched, serve)

    def _run_detached(watched: int, serve: Callable[[], None]) -> NoReturn:
        code = 1
        try:
            os.setsid()
            if os.fork():
                os._exit(0)
            protect()
            _let_go_of_streams()
            threading.Thread(target=_end_with, args=(watched,), daemon=True).start()
            serve()
            code = 0
        finally:
            os._exit(code)

    def _end_with(watched: int) -> NoReturn:
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        poll.poll()
        os._exit(0)

    def _let_go_of_streams() -> None:
        """Closes what was inherited: somebody may wait for the end of it.

        What Python opened itself is not inheritable, so the two can be told apart.
        """
        gc.collect()
        null = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        for name in os.listdir("/proc/self/fd"):
            fd = int(name)
            if fd > 2:  # noqa: PLR2004  # behind the three streams
                try:
                    if os.get_inheritable(fd):
                        os.close(fd)
                except OSError:
                    continue  # the one that listed them
