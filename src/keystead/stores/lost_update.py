"""Detection of lost updates by programs that take no lock, such as the AWS CLI and the AWS SDKs.

Such a program may overwrite a save with what it read before. Where another program has just
written the file, a save is therefore watched for a moment and repeated if it is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from keystead.system import System
from keystead.system.file_versions import FileVersion
from keystead.system.files import Changed, Snapshot, resolve
from keystead.system.path import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.undo.history import UndoHistory

MOMENT = 2.0
"""Seconds for which a file counts as just written; some file systems have coarse times."""

PAUSES = (0.005, 0.01, 0.02, 0.04, 0.08)
"""Seconds between checks of a file after a save.

The AWS SDK for .NET takes a millisecond between read and write (50 in a new process).
"""

Contents = Mapping[str, Mapping[str, object]]
"""The settings of each profile in one version of a file."""


def just_written(system: System, snapshots: Iterable[Snapshot]) -> bool:
    """Whether one of the files was just written."""
    now = system.clock().timestamp()
    versions = (snapshot.version for snapshot in snapshots)
    return any(version and abs(now - version.modified_ns / 1e9) < MOMENT for version in versions)


def by_another_program(
    system: System, undo_history: UndoHistory, versions: Iterable[tuple[Path, Snapshot]]
) -> bool:
    """Whether one of the files was just written by another program."""
    return any(
        just_written(system, [snapshot]) and not undo_history.wrote(path, snapshot.data)
        for path, snapshot in versions
    )


def is_lost(before: Contents, after: Contents, now: Contents) -> bool:
    """Whether a setting that a save changed has its former value again.

    A third value is a later change.
    """
    for name in before.keys() | after.keys():
        old, new, current = before.get(name), after.get(name), now.get(name)
        if old == new:
            continue
        if (old is None) != (new is None) and (old is None) == (current is None):
            return True
        old, new, current = old or {}, new or {}, current or {}
        for key in old.keys() | new.keys():
            if old.get(key) != new.get(key) and old.get(key) == current.get(key):
                return True
    return False


def watch(
    system: System, saved: Mapping[Path, FileVersion | None], lost: Callable[[], bool]
) -> None:
    """Watches files that were just saved; raises `Changed` when a save is lost.

    ``saved`` has the written versions (None in a dry run). ``lost`` is called when a file is not
    that version any more.
    """
    if None in saved.values():
        return
    for pause in PAUSES:
        system.sleep(pause)
        now = {path: system.files.version(resolve(path)) for path in saved}
        if now != saved and lost():
            raise Changed
