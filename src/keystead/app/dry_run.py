"""A dry run: an `App` over files that are not written, and the changes it would make."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.app import App
from keystead.system.dry_run import DryFiles, DryTerminal
from keystead.text.masked import shown_change
from keystead.value import replace


class DryRun:
    """``app`` replaces the one given; it never prompts."""

    def __init__(self, app: App) -> None:
        self._files = DryFiles(ignored=app.system.folders.undo_copies)
        system = replace(app.system, files=self._files, terminal=DryTerminal())
        self.app = App(system, warn=app.warn)

    def changes(self) -> Iterator[str]:
        """The changes as lines of a diff with secrets masked."""
        for path, (before, after) in self._files.written.items():
            yield from shown_change(str(path), before, after)
