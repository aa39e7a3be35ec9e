"""Files and terminal of a dry run: writes are recorded and not made."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from keystead.errors import InteractionRequired
from keystead.system.file_versions import FileVersion
from keystead.system.files import Files, Snapshot
from keystead.system.path import Path
from keystead.system.terminal import Terminal

TO_BE_ASKED_FOR = "TO-BE-ASKED-FOR"
"""The placeholder of a secret that the user would be asked for."""


class DryTerminal(Terminal):
    """Asks nothing and agrees to every confirmation."""

    def available(self) -> bool:
        """Never."""
        return False

    def ask(self, question: str, *, hint: str) -> str:
        """Raises `InteractionRequired`."""
        raise InteractionRequired(f"a dry run does not ask: {question}", hint=hint)

    def ask_secret(self, question: str, *, hint: str) -> str:
        """The placeholder."""
        del question, hint
        return TO_BE_ASKED_FOR

    def confirm(self, question: str, *, hint: str) -> bool:
        """Yes."""
        del question, hint
        return True


class DryFiles(Files):
    """Files that are not written.

    ``written`` maps each file that would change to its bytes before and after (None: no file).
    Writes below the folder ``ignored`` are dropped.
    """

    dry = True

    def __init__(self, ignored: Path) -> None:
        super().__init__()
        self._ignored = ignored
        self.written: dict[Path, tuple[bytes | None, bytes | None]] = {}

    def read(self, path: Path, *, private: bool = False) -> Snapshot:
        """The file with the recorded changes."""
        snapshot = super().read(path, private=private)
        if path in self.written:
            return Snapshot(self.written[path][1], snapshot.version)
        return snapshot

    current = read

    @contextlib.contextmanager
    def lock(
        self, path: Path, seconds: float = 0, until: Callable[[], bool] = bool
    ) -> Iterator[None]:
        """Does nothing."""
        del path, seconds, until
        yield

    def replace(
        self, path: Path, data: bytes, *, expect: FileVersion | None, private: bool
    ) -> None:
        """Records the write; returns no version."""
        del expect, private
        self._note(path, data)

    def remove(self, path: Path, *, expect: FileVersion | None) -> None:
        """Records the removal."""
        del expect
        self._note(path, None)

    def _note(self, path: Path, data: bytes | None) -> None:
        if self._ignored not in path.parents:
            before = self.written[path][0] if path in self.written else self.read(path).data
            self.written[path] = (before, data)
