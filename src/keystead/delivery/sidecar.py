"""A detached process that runs as long as a command.

It is forked before this process executes the command, so it has what was unlocked and retrieved.
It has no terminal and is not a child of the command, whose exit code and signals are those of
`exec`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from keystead import caller
from keystead.errors import KeysteadError
from keystead.system.protection import protect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


class SidecarUnavailable(KeysteadError):
    """The system does not support waiting for another process."""

    id = "endpoint-unsupported"

    def __init__(self) -> None:
        super().__init__(
            "this system does not let an endpoint see when the command ends",
            hint="use `keystead serve`, or `keystead exec` without --endpoint",
        )


if sys.platform == "linux":
    import gc
    import select
    import threading

    def start_sidecar(run: Callable[[], None], at_end: Callable[[], None]) -> None:
        """Runs ``run`` in a sidecar until the caller ends, also after an exec; then ``at_end``.

        Raises `SidecarUnavailable`.
        """
        try:
            watched = caller.process.watch()
        except OSError:  # before Linux 5.3, or a sandbox
            raise SidecarUnavailable from None
        first = os.fork()
        if first:
            os.close(watched)
            os.waitpid(first, 0)
            return
        _run_detached(watched, run, at_end)

    def _run_detached(
        watched: int, run: Callable[[], None], at_end: Callable[[], None]
    ) -> NoReturn:
        code = 1
        try:
            os.setsid()
            if os.fork():
                os._exit(0)
            protect()
            _let_go_of_streams()
            threading.Thread(target=_end_with, args=(watched, at_end), daemon=True).start()
            run()
            code = 0
        finally:
            os._exit(code)

    def _end_with(watched: int, at_end: Callable[[], None]) -> NoReturn:
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        poll.poll()
        try:
            at_end()
        finally:
            os._exit(0)

    def _let_go_of_streams() -> None:
        """Closes inherited descriptors, as another process may wait for their end.

        Descriptors that Python opened are not inheritable, so they stay open.
        """
        gc.collect()
        null = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        for name in os.listdir("/proc/self/fd"):
            fd = int(name)
            if fd > 2:  # noqa: PLR2004  # not a standard stream
                try:
                    if os.get_inheritable(fd):
                        os.close(fd)
                except OSError:
                    continue  # the descriptor of the listing
