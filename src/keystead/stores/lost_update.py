"""Lost updates: a program that takes no lock writes back what it had read before a save.

keystead's own writers wait for each other. The AWS CLI and the AWS SDKs take no lock, so a save
made between such a program's read and its write is gone afterwards. Where another program has
just written a file, a save of it is therefore watched for a moment, and made again if it is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from keystead.system import System
from keystead.system.file_versions import FileVersion
from keystead.system.files import Changed, Snapshot, resolve
from keystead.undo.history import UndoHistory

MOMENT = 2.0
"""Seconds for which a file counts as just written; some file systems know no finer times."""

PAUSES = (0.005, 0.01, 0.02, 0.04, 0.08)
"""Seconds between the looks at a file after a save.

Together they are longer than the time between the read and the write of the AWS SDK for .NET
(a millisecond; about 50 in a process that has just started).
"""

Contents = Mapping[str, Mapping[str, object]]
"""The settings of each profile in one version of a file."""


def just_written(system: System, snapshots: Iterable[Snapshot]) -> bool:
    """Whether one of the files was written a moment ago."""
    now = system.clock().timestamp()
    versions = (snapshot.version for snapshot in snapshots)
    return any(version and abs(now - version.modified_ns / 1e9) < MOMENT for version in versions)


def by_another_program(
    system: System, generations: UndoHistory, versions: Iterable[tuple[Path, Snapshot]]
) -> bool:
    """Whether one of the files was written a moment ago, and not by keystead."""
    return any(
        just_written(system, [snapshot]) and not generations.wrote(path, snapshot.data)
        for path, snapshot in versions
    )


def is_lost(before: Contents, after: Contents, now: Contents) -> bool:
    """Whether something that a save changed is again as it was before the save.

    What has a third value by now was changed by somebody who came later.
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

    ``saved`` has each version that was written (None in a dry run, which has nothing
    to watch). ``lost`` is asked when a file is no longer that version.
    """
    if None in saved.values():
        return
    for pause in PAUSES:
        system.sleep(pause)
        now = {path: system.files.version(resolve(path)) for path in saved}
        if now != saved and lost():
            raise Changed
