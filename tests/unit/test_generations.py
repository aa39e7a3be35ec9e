"""The last generations: kept before a change, forgotten when it fails, put back on request."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keystead.errors import FileProblem, UsageError
from keystead.system.files import Files
from keystead.system.generations import KEPT, Bare, Generations, Replaced
from tests.modes import PRIVATE_FILE, mode

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def generations(files: Files, tmp_path: Path) -> Generations:
    return Generations(files, tmp_path / "state" / "generations", Bare())


def write(generations: Generations, path: Path, data: bytes | None, minute: int = 0) -> None:
    """One change of one file, as a store makes it."""
    before = path.read_bytes() if path.exists() else None
    with generations.keeping([Replaced(path, before, data)], NOW + timedelta(minutes=minute)):
        path.unlink() if data is None else path.write_bytes(data)


def test_a_change_is_put_back(generations: Generations, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    write(generations, path, b"new")
    generations.restore(generations.find(None, None), NOW, force=False)
    assert path.read_bytes() == b"old"


def test_a_file_that_was_made_is_removed_again(generations: Generations, tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(generations, path, b"new")
    generations.restore(generations.find(None, None), NOW, force=False)
    assert not path.exists()
    generations.restore(generations.find(None, None), NOW + timedelta(minutes=1), force=False)
    assert path.read_bytes() == b"new"
    assert mode(path) == PRIVATE_FILE


@pytest.mark.parametrize("clock", [timedelta(0), timedelta(hours=-3)])
def test_the_newest_change_is_found_whatever_the_clock_says(
    generations: Generations, tmp_path: Path, clock: timedelta
) -> None:
    path = tmp_path / "file"
    for number in range(KEPT):
        write(generations, path, b"%d" % number, minute=number * round(clock.total_seconds()) // 60)
    found = generations.all()
    assert [Bare().open(item.before[0] or "") for item in found[:-1]] == [
        b"%d" % n for n in range(KEPT - 2, -1, -1)
    ]


def test_a_file_that_was_removed_comes_back(generations: Generations, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    write(generations, path, None)
    generations.restore(generations.find(None, None), NOW, force=False)
    assert path.read_bytes() == b"old"


def test_any_bytes_come_back(generations: Generations, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)))
    write(generations, path, b"")
    generations.restore(generations.find(None, None), NOW, force=False)
    assert path.read_bytes() == bytes(range(256))


def test_a_later_change_is_not_run_over(generations: Generations, tmp_path: Path) -> None:
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


def test_only_the_newest_of_each_file_are_kept(generations: Generations, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    write(generations, other, b"x")
    for number in range(KEPT + 5):
        write(generations, one, b"%d" % number, minute=number)
    found = generations.all()
    assert [g.paths for g in found].count((one,)) == KEPT
    assert [g.paths for g in found].count((other,)) == 1
    assert found[0].before == (Bare().seal(b"%d" % (KEPT + 3)),)
    assert [g.made for g in found] == sorted((g.made for g in found), reverse=True)


def test_they_are_their_owners_alone_whatever_the_umask(
    generations: Generations, tmp_path: Path
) -> None:
    umask = os.umask(0)
    try:
        write(generations, tmp_path / "file", b"x")
    finally:
        os.umask(umask)
    folder = tmp_path / "state" / "generations"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_change_that_fails_is_forgotten(generations: Generations, tmp_path: Path) -> None:
    replaced = Replaced(tmp_path / "file", None, b"x")
    with pytest.raises(RuntimeError), generations.keeping([replaced], NOW):
        raise RuntimeError
    assert generations.all() == []


def test_a_change_that_happened_is_kept_although_something_failed(
    generations: Generations, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    with pytest.raises(RuntimeError), generations.keeping([Replaced(path, None, b"x")], NOW):
        path.write_bytes(b"x")
        raise RuntimeError
    assert [g.paths for g in generations.all()] == [(path,)]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"made": 1, "files": []}', b"\xff"])
def test_what_is_no_generation_is_left_out(
    generations: Generations, tmp_path: Path, data: bytes
) -> None:
    write(generations, tmp_path / "file", b"x")
    (tmp_path / "state" / "generations" / "20991231T000000.0-a-b.json").write_bytes(data)
    assert len(generations.all()) == 1


def test_they_are_found_by_name_and_by_file(generations: Generations, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    write(generations, one, b"x", minute=1)
    write(generations, other, b"x", minute=2)
    assert generations.find(None, None).paths == (other,)
    assert generations.find(None, one).paths == (one,)
    assert generations.find(generations.all()[1].name, None).paths == (one,)
    for name, location in (("nonsense", None), (None, tmp_path / "third")):
        with pytest.raises(UsageError):
            generations.find(name, location)
