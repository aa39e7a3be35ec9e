"""The shared files as `keystead lint` reads them: each on its own, whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from keystead.errors import DocumentError, FileProblem, KeysteadError, Origin
from keystead.lint.files import Given, lint
from keystead.lint.finding import Finding, in_order
from keystead.lint.rules.encrypted import case_clashes
from keystead.lint.table import finding
from keystead.model.ordinal_case import NameSet
from keystead.model.profile import Profile
from keystead.stores.lost_update import just_written
from keystead.stores.shared import PAUSES
from keystead.system import System
from keystead.system.files import Snapshot
from keystead.text.dialect import FileKind
from keystead.text.document import Document


class Report(NamedTuple):
    """What was found, and the files in which it was looked for."""

    findings: list[Finding]
    files: list[str]


def lint_files(
    system: System,
    paths: Mapping[FileKind, Path],
    *,
    named: Collection[FileKind],
    elsewhere: Callable[[], Collection[Profile]] = tuple,
) -> Report:
    """Looks for what is wrong in these files.

    A file that cannot be read is a finding, and so is one that is not there though it was
    ``named``. ``elsewhere`` gives the profiles of the encrypted store.
    """
    found: list[Finding] = []
    files: list[Given] = []
    for kind, path in paths.items():
        try:
            files += _given(system, kind, path)
        except FileProblem as error:
            found.append(_unreadable(error, str(path)))
            continue
        if kind in named and not (files and files[-1].kind is kind):
            message, fix = "there is no such file", "name another one, or make it"
            found.append(finding("missing-file", Origin(str(path)), message, fix=fix))
    others: Collection[Profile] = ()
    try:
        others = elsewhere()
    except KeysteadError as error:
        found.append(_unreadable(error, "the other store"))
    found += case_clashes(others)
    names = NameSet(profile.name for profile in others)
    found += lint(files, names, system.environ.get("AWS_ACCESS_KEY_ID"))
    return Report(in_order(found), [given.file for given in files])


def _unreadable(error: KeysteadError, file: str) -> Finding:
    where, fix = error.where or Origin(file), error.hint or "see that it is whole and yours to read"
    return finding("unreadable-file", where, error.message, fix=fix)


def _given(system: System, kind: FileKind, path: Path) -> Iterator[Given]:
    """The file, once nobody writes it just now; nothing when there is none."""
    for pause in (*PAUSES, None):
        snapshot = system.files.read(path)
        data = snapshot.data
        if data is None:
            return
        if pause is None or _is_whole(data) or not just_written(system, [snapshot]):
            is_open = system.files.access(path).shared
            yield Given(kind, str(path), data, is_open, _days(system, snapshot))
            return
        system.sleep(pause)


def _days(system: System, snapshot: Snapshot) -> int:
    """For how many whole days nobody has written the file."""
    if snapshot.version is None:
        return 0
    seconds = system.clock().timestamp() - snapshot.version.modified_ns / 1e9
    return max(0, int(seconds // timedelta(days=1).total_seconds()))


def _is_whole(data: bytes) -> bool:
    try:
        Document(data, "").check()
    except DocumentError:
        return False
    return data != b""
