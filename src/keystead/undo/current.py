"""The command whose changes form one generation."""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from keystead.system.path import Path


class OneGeneration:
    """A command. All changes inside the ``with`` statement are saved as one generation.

    ``line`` returns the command line to store and show; it must not contain a secret. ``stored`` is
    the file of the generation, if any.
    """

    def __init__(self, line: Callable[[], str]) -> None:
        self.line = line
        self.stored: Path | None = None

    def __enter__(self) -> None:
        self._token = CURRENT.set(self)

    def __exit__(self, *_: object) -> None:
        CURRENT.reset(self._token)


CURRENT: ContextVar[OneGeneration | None] = ContextVar("current", default=None)
