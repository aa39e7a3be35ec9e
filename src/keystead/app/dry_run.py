"""A dry run: the same capabilities over files that are only read, and what they would write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from keystead.app import App
from keystead.system.dry_run import DryFiles, DryTerminal
from keystead.text.masked import shown_change


class DryRun:
    """``app`` is what to run it on, in place of the one given; nobody is asked."""

    def __init__(self, app: App) -> None:
        self._files = DryFiles(ignored=app.system.folders.undo_copies)
        system = replace(app.system, files=self._files, terminal=DryTerminal())
        self.app = App(system, warn=app.warn)

    def changes(self) -> Iterator[str]:
        """What would change, as the lines of a diff with secrets masked."""
        for path, (before, after) in self._files.written.items():
            yield from shown_change(str(path), before, after)
