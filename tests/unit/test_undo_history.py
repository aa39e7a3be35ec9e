"""Undo copies: made before a change, removed when it fails, restored on request."""

import hashlib
import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keystead.errors import FileProblem, UsageError
from keystead.system import System
from keystead.system.files import Files
from keystead.undo.current import OneGeneration
from keystead.undo.envelope import PlainEnvelope
from keystead.undo.fallback_key import FallbackKey
from keystead.undo.history import MOST, Replaced, UndoHistory
from tests.modes import PRIVATE_FILE, mode

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def generations(files: Files, tmp_path: Path) -> UndoHistory:
    key = FallbackKey(System({}, files=files, dpapi=None), tmp_path / "data" / "undo.key")
    return UndoHistory(files, tmp_path / "state" / "generations", PlainEnvelope(), key)


def write(generations: UndoHistory, path: Path, data: bytes | None, minute: int = 0) -> None:
    """One change of one file, as a store makes it."""
    before = path.read_bytes() if path.exists() else None
    with generations.saving([Replaced(path, before, data)], NOW + timedelta(minutes=minute)):
        path.unlink() if data is None else path.write_bytes(data)


def test_change_is_undone(generations: UndoHistory, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    write(generations, path, b"new")
    generations.restore(generations.find(None, None), NOW, force=False)
    assert path.read_bytes() == b"old"


def test_created_file_is_removed_by_undo(generations: UndoHistory, tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(generations, path, b"new")
    generations.restore(generations.find(None, None), NOW, force=False)
    assert not path.exists()
    generations.restore(generations.find(None, None), NOW + timedelta(minutes=1), force=False)
    assert path.read_bytes() == b"new"
    assert mode(path) == PRIVATE_FILE


@pytest.mark.parametrize("clock", [timedelta(0), timedelta(hours=-3)])
def test_the_newest_change_is_found_whatever_the_clock_says(
    generations: UndoHistory, tmp_path: Path, clock: timedelta
) -> None:
    path = tmp_path / "file"
    for number in range(MOST):
        write(generations, path, b"%d" % number, minute=number * round(clock.total_seconds()) // 60)
    found = generations.all()
    assert [PlainEnvelope().open(item.before[0] or "") for item in found[:-1]] == [
        b"%d" % n for n in range(MOST - 2, -1, -1)
    ]


def test_removed_file_is_restored(generations: UndoHistory, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    write(generations, path, None)
    generations.restore(generations.find(None, None), NOW, force=False)
    assert path.read_bytes() == b"old"


def test_any_bytes_are_restored(generations: UndoHistory, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)))
    write(generations, path, b"")
    generations.restore(generations.find(None, None), NOW, force=False)
    assert path.read_bytes() == bytes(range(256))


def test_later_change_is_not_overwritten(generations: UndoHistory, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    write(generations, path, b"new")
    path.write_bytes(b"somebody else's")
    with pytest.raises(FileProblem) as caught:
        generations.restore(generations.find(None, None), NOW, force=False)
    assert "--force" in caught.value.hint
    assert path.read_bytes() == b"somebody else's"
    generations.restore(generations.find(None, None), NOW + timedelta(minutes=1), force=True)
    assert path.read_bytes() == b"old"
    generations.restore(generations.find(None, None), NOW + timedelta(minutes=2), force=False)
    assert path.read_bytes() == b"somebody else's"


def test_only_the_newest_copies_of_each_file_are_retained(
    generations: UndoHistory, tmp_path: Path
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    write(generations, other, b"x")
    for number in range(MOST + 5):
        write(generations, one, b"%d" % number, minute=number)
    found = generations.all()
    assert [g.paths for g in found].count((one,)) == MOST
    assert [g.paths for g in found].count((other,)) == 1
    assert found[0].before == (PlainEnvelope().seal(b"%d" % (MOST + 3)),)
    assert [g.made for g in found] == sorted((g.made for g in found), reverse=True)


@pytest.mark.posix("modes, owners and symbolic links")
def test_copies_are_private_whatever_the_umask(generations: UndoHistory, tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        write(generations, tmp_path / "file", b"x")
    finally:
        os.umask(umask)
    folder = tmp_path / "state" / "generations"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_failed_change_leaves_no_copy(generations: UndoHistory, tmp_path: Path) -> None:
    replaced = Replaced(tmp_path / "file", None, b"x")
    with pytest.raises(RuntimeError), generations.saving([replaced], NOW):
        raise RuntimeError
    assert generations.all() == []


def test_change_that_was_written_is_recorded_although_a_later_step_failed(
    generations: UndoHistory, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    with pytest.raises(RuntimeError), generations.saving([Replaced(path, None, b"x")], NOW):
        path.write_bytes(b"x")
        raise RuntimeError
    assert [g.paths for g in generations.all()] == [(path,)]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"made": 1, "files": []}', b"\xff"])
def test_other_files_in_the_folder_are_ignored(
    generations: UndoHistory, tmp_path: Path, data: bytes
) -> None:
    write(generations, tmp_path / "file", b"x")
    (tmp_path / "state" / "generations" / "20991231T000000.0-a-b.json").write_bytes(data)
    assert len(generations.all()) == 1


def test_copies_are_found_by_name_and_by_file(generations: UndoHistory, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    write(generations, one, b"x", minute=1)
    write(generations, other, b"x", minute=2)
    assert generations.find(None, None).paths == (other,)
    assert generations.find(None, one).paths == (one,)
    assert generations.find(generations.all()[1].name, None).paths == (one,)
    for name, location in (("nonsense", None), (None, tmp_path / "third")):
        with pytest.raises(UsageError):
            generations.find(name, location)


def both(generations: UndoHistory, folder: Path) -> tuple[Path, Path]:
    """Two files that one command changes, the first of them twice."""
    one, other = folder / "one", folder / "other"
    one.write_bytes(b"one")
    other.write_bytes(b"other")
    with OneGeneration(lambda: "keystead rename one other"):
        write(generations, one, b"1")
        write(generations, other, b"2")
        write(generations, one, b"3")
    return one, other


def test_all_changes_of_one_command_are_undone_together(
    generations: UndoHistory, tmp_path: Path
) -> None:
    one, other = both(generations, tmp_path)
    [found] = generations.all()
    assert (found.command, found.paths) == ("keystead rename one other", (one, other))
    generations.restore(found, NOW, force=False)
    assert (one.read_bytes(), other.read_bytes()) == (b"one", b"other")
    generations.restore(generations.all()[0], NOW, force=False)
    assert (one.read_bytes(), other.read_bytes()) == (b"3", b"2")


def test_consecutive_commands_are_undone_separately(
    generations: UndoHistory, tmp_path: Path
) -> None:
    for number in range(2):
        with OneGeneration(lambda number=number: f"command {number}"):
            write(generations, tmp_path / "file", b"%d" % number)
    write(generations, tmp_path / "file", b"library")
    assert [found.command for found in generations.all()] == [None, "command 1", "command 0"]


def test_the_profiles_of_a_command_are_named_once(generations: UndoHistory, tmp_path: Path) -> None:
    with OneGeneration(lambda: "command"):
        for names in (["a", "b"], ["b", "c"]):
            with generations.saving([Replaced(tmp_path / "file", None, None)], NOW, names):
                pass
    assert [found.profiles for found in generations.all()] == [("a", "b", "c")]


@pytest.mark.parametrize(
    ("one", "other"), [(b"1", b"other"), (b"1", b"2"), (b"3", b"2"), (b"one", b"2")]
)
def test_interrupted_command_is_undone(
    generations: UndoHistory, tmp_path: Path, one: bytes, other: bytes
) -> None:
    paths = both(generations, tmp_path)
    for path, data in zip(paths, (one, other), strict=True):
        path.write_bytes(data)
    generations.restore(generations.find(None, None), NOW, force=False)
    assert [path.read_bytes() for path in paths] == [b"one", b"other"]


def test_change_of_another_program_in_between_is_not_overwritten(
    generations: UndoHistory, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with OneGeneration(lambda: "command"):
        write(generations, path, b"1")
        path.write_bytes(b"foreign")
        write(generations, path, b"2")
    with pytest.raises(FileProblem, match="changed again since"):
        generations.restore(generations.find(None, None), NOW, force=False)
    assert path.read_bytes() == b"2"


def test_earlier_changes_of_a_failed_command_can_be_undone(
    generations: UndoHistory, tmp_path: Path
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"one")
    with OneGeneration(lambda: "command"):
        write(generations, one, b"1")
        with (
            pytest.raises(OSError, match="full"),
            generations.saving([Replaced(other, None, b"2")], NOW),
        ):
            raise OSError("full")
    [found] = generations.all()
    assert found.paths == (one,)
    generations.restore(found, NOW, force=False)
    assert one.read_bytes() == b"one"


def test_failed_first_change_does_not_affect_the_next_command(
    generations: UndoHistory, tmp_path: Path
) -> None:
    with OneGeneration(lambda: "command"):
        with (
            pytest.raises(OSError, match="full"),
            generations.saving([Replaced(tmp_path / "one", None, b"1")], NOW),
        ):
            raise OSError("full")
        write(generations, tmp_path / "other", b"2")
    assert [found.paths for found in generations.all()] == [(tmp_path / "other",)]


def test_copies_of_an_older_version_are_restored(
    generations: UndoHistory, files: Files, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"new")
    folder = tmp_path / "state" / "generations"
    folder.mkdir(parents=True)
    after = hashlib.sha256(b"new").hexdigest()
    entry = {"path": str(path), "before": PlainEnvelope().seal(b"old"), "after": after}
    kept = {"made": NOW.isoformat(), "files": [entry]}
    (folder / "20260131T120000.000000-0a0a0a0a-0b0b.json").write_text(json.dumps(kept))
    [found] = generations.all()
    assert (found.command, found.profiles) == (None, ())
    generations.restore(found, NOW, force=False)
    assert path.read_bytes() == b"old"
