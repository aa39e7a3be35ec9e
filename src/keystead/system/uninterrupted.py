"""Work that an interrupt would leave half done: the first Ctrl-C or SIGTERM waits for its end."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Delays the first signal of each kind until the block has ended; the second one counts.

    Only in the main thread, the one that handles signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def delay(number: int, _frame: object) -> None:
        came.append(number)
        signal.signal(number, before[number])

    before = {int(number): signal.signal(number, delay) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)
