"""Reads the shared files for `keystead lint`, each one separately, and runs the rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import timedelta

from keystead.errors import DocumentError, FileProblem, KeysteadError
from keystead.lint.finding import Finding, in_order
from keystead.lint.rules import CHECKS, TEXT_CHECKS
from keystead.lint.subject import Looked, OtherStore, Shared
from keystead.lint.view import View
from keystead.stores.lost_update import just_written
from keystead.stores.shared_snapshot import KINDS, PAUSES, SharedSnapshot
from keystead.system import System
from keystead.system.files import Snapshot
from keystead.system.path import Path
from keystead.text.dialect import FileKind
from keystead.text.document import Document
from keystead.value import NamedTuple


class Report(NamedTuple):
    """The findings, and the checked files."""

    findings: list[Finding]
    files: list[str]


def lint_files(
    system: System,
    snapshot: SharedSnapshot,
    *,
    named: Collection[FileKind],
    elsewhere: Callable[[], Collection[OtherStore]] = tuple,
) -> Report:
    """Check the files of ``snapshot``.

    An unreadable file is a finding, and so is a missing one if it was ``named``. ``elsewhere``
    returns the contents of other stores.
    """
    views: list[View] = []
    missing: list[str] = []
    unreadable: list[tuple[str, KeysteadError]] = []
    for kind, path in zip(KINDS, snapshot.paths, strict=False):
        try:
            found = list(_views(system, snapshot, kind, path))
        except FileProblem as error:
            unreadable.append((str(path), error))
            continue
        views += found
        if kind in named and not found:
            missing.append(str(path))
    others: Collection[OtherStore] = ()
    try:
        others = elsewhere()
    except KeysteadError as error:
        unreadable.append(("the other store", error))
    key = system.environ.get("AWS_ACCESS_KEY_ID")
    looked = Looked(views, others, key, missing, unreadable)
    return Report(lint(looked), [view.file for view in views])


def lint(looked: Looked) -> list[Finding]:
    """The findings by file and line, also in files that are broken or not UTF-8."""
    found = [finding for one in looked.views for finding in TEXT_CHECKS.findings(one)]
    return in_order([*found, *CHECKS.findings(Shared.of(looked))])


def _views(system: System, snapshot: SharedSnapshot, kind: FileKind, path: Path) -> Iterator[View]:
    """The file, if it exists, read again while it is being written."""
    for pause in (*PAUSES, None):
        file = snapshot.read(path)
        data = file.data
        if data is None:
            return
        if pause is None or _is_whole(data) or not just_written(system, [file]):
            is_open = system.files.access(path).shared
            days = _days(system, file)
            yield View.of(kind, str(path), data, is_open=is_open, days=days)
            return
        snapshot.read_again(pause)


def _days(system: System, file: Snapshot) -> int:
    """The number of whole days since the file was written."""
    if file.version is None:
        return 0
    seconds = system.clock().timestamp() - file.version.modified_ns / 1e9
    return max(0, int(seconds // timedelta(days=1).total_seconds()))


def _is_whole(data: bytes) -> bool:
    try:
        Document(data, "").check()
    except DocumentError:
        return False
    return data != b""
