"""Files that are read and not written: what would be written is noted instead."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from keystead.errors import InteractionRequired
from keystead.system.file_versions import FileVersion
from keystead.system.files import Files, Snapshot
from keystead.system.terminal import Terminal

TO_BE_ASKED_FOR = "TO-BE-ASKED-FOR"
"""What stands for a secret that a person would be asked for."""


class DryTerminal(Terminal):
    """The terminal of a dry run: nobody is asked, and every question counts as agreed to."""

    def available(self) -> bool:
        """Never."""
        return False

    def ask(self, question: str, *, hint: str) -> str:
        """Raises `InteractionRequired`."""
        raise InteractionRequired(f"a dry run does not ask: {question}", hint=hint)

    def ask_secret(self, question: str, *, hint: str) -> str:
        """A stand-in, as a secret is not shown in any case."""
        del question, hint
        return TO_BE_ASKED_FOR

    def confirm(self, question: str, *, hint: str) -> bool:
        """Yes."""
        del question, hint
        return True


class DryFiles(Files):
    """Takes the place of `Files` where a command shall only show what it would do.

    ``written`` has each file that would change, with its bytes before and after (None: no file).
    What goes below ``ignored``, keystead's own records, is dropped.
    """

    dry = True

    def __init__(self, ignored: Path) -> None:
        super().__init__()
        self._ignored = ignored
        self.written: dict[Path, tuple[bytes | None, bytes | None]] = {}

    def read(self, path: Path, *, private: bool = False) -> Snapshot:
        """The file as it would be by now."""
        snapshot = super().read(path, private=private)
        if path in self.written:
            return Snapshot(self.written[path][1], snapshot.version)
        return snapshot

    current = read

    @contextlib.contextmanager
    def lock(self, path: Path, seconds: float = 0) -> Iterator[None]:
        """Nothing is written, so nobody has to wait."""
        del path, seconds
        yield

    def replace(
        self, path: Path, data: bytes, *, expect: FileVersion | None, private: bool
    ) -> None:
        """Notes what would be written; there is no version of it."""
        del expect, private
        self._note(path, data)

    def remove(self, path: Path, *, expect: FileVersion | None) -> None:
        """Notes what would be removed."""
        del expect
        self._note(path, None)

    def _note(self, path: Path, data: bytes | None) -> None:
        if self._ignored not in path.parents:
            before = self.written[path][0] if path in self.written else self.read(path).data
            self.written[path] = (before, data)
