"""The command whose changes form one generation."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Command:
    """A command, with its command line; ``stored`` is the file of its generation, if any."""

    def __init__(self, line: Callable[[], str]) -> None:
        self.line = line
        self.stored: Path | None = None


COMMAND: ContextVar[Command | None] = ContextVar("command", default=None)


@contextlib.contextmanager
def one_generation(line: Callable[[], str]) -> Iterator[None]:
    """Save all changes made inside as one generation.

    ``line`` returns the command line to store and show; it must not contain a secret.
    """
    token = COMMAND.set(Command(line))
    try:
        yield
    finally:
        COMMAND.reset(token)
