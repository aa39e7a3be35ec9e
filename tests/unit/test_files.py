"""Replacing a file is atomic: failing calls, killed writers, changes of other programs."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from keystead.errors import FileProblem
from keystead.system import files as files_module
from keystead.system.files import Changed, Files, Snapshot
from tests.faults import NEW, OLD, Fault, replace
from tests.modes import PRIVATE_FILE, mode

FLUSH = () if sys.platform == "win32" else ("open", "fsync", "close")  # of the folder
CALLS = ("open", "write", "fsync", "close", "replace", *FLUSH)
AFTER_REPLACE = CALLS.index("replace") + 1


def leftovers(folder: Path) -> list[str]:
    return [name.name for name in folder.iterdir() if name.name.endswith(".tmp")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "aws" / "credentials"
    found.parent.mkdir()
    found.write_bytes(OLD)
    return found


def test_replacement_makes_these_system_calls(path: Path) -> None:
    calls = Fault(99, OSError())
    replace(Files(calls), path)
    assert tuple(calls.seen) == CALLS
    assert path.read_bytes() == NEW


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("at", range(len(CALLS)), ids=lambda at: f"{at}-{CALLS[at]}")
def test_every_failing_call_leaves_a_whole_file_and_says_which(
    path: Path, at: int, code: int
) -> None:
    calls = Fault(at, OSError(code, os.strerror(code)))
    with pytest.raises(FileProblem) as caught:
        replace(Files(calls), path)
    assert len(calls.seen) > at
    assert path.read_bytes() == (NEW if at >= AFTER_REPLACE else OLD)
    assert leftovers(path.parent) == []
    assert caught.value.where is not None
    assert caught.value.where.file == str(path)
    assert os.strerror(code).lower() in caught.value.message
    assert ("was written" in caught.value.message) == (at >= AFTER_REPLACE)


@pytest.mark.parametrize(
    ("at", "done"),
    [
        pytest.param(
            at,
            done,
            id=f"{at}-{call}-{'after' if done else 'before'}",
            marks=[pytest.mark.posix("removing a file that is open")]
            if (at, done) == (0, True)
            else [],
        )
        for at, call in enumerate(CALLS)
        for done in (False, True)
    ],
)
def test_an_interrupt_at_every_call_leaves_a_whole_file(path: Path, at: int, done: bool) -> None:
    with pytest.raises(KeyboardInterrupt):
        replace(Files(Fault(at, KeyboardInterrupt(), done=done)), path)
    replaced = at >= AFTER_REPLACE or (done and CALLS[at] == "replace")
    assert path.read_bytes() == (NEW if replaced else OLD)
    assert leftovers(path.parent) == []


def test_short_writes_are_continued(path: Path) -> None:
    class Short(Fault):
        def write(self, fd: int, data: memoryview) -> int:
            self.seen.append("write")
            return os.write(fd, data[:7])

    calls = Short(-1, OSError())
    replace(Files(calls), path)
    assert path.read_bytes() == NEW
    assert calls.seen.count("write") == -(-len(NEW) // 7)


def test_a_disk_that_fills_up_halfway_leaves_the_old_file(path: Path) -> None:
    class Filling(Fault):
        def write(self, fd: int, data: memoryview) -> int:
            if len(data) < len(NEW):
                raise OSError(errno.ENOSPC, "No space left on device")
            return os.write(fd, data[:100])

    with pytest.raises(FileProblem, match="no space left"):
        replace(Files(Filling(-1, OSError())), path)
    assert path.read_bytes() == OLD
    assert leftovers(path.parent) == []


KILLED = """
import os, signal, sys
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # on Windows both are TerminateProcess
from pathlib import Path
from keystead.system.files import Files
at, done, path = int(sys.argv[1]), sys.argv[2] == "after", Path(sys.argv[3])

class Calls:
    count = -1
    def __getattr__(self, name):
        def call(*arguments):
            self.count += 1
            here = self.count == at
            if here and name == "write" and not done:
                os.write(arguments[0], arguments[1][:20])
            if here and not done:
                os.kill(os.getpid(), KILL)
            result = getattr(os, name)(*arguments)
            if here:
                os.kill(os.getpid(), KILL)
            return result
        return call

files = Files(Calls())
with files.lock(path):
    files.replace(path, Path(sys.argv[4]).read_bytes(), expect=files.read(path).version, private=True)
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(len(CALLS)), ids=lambda at: f"{at}-{CALLS[at]}")
def test_writer_killed_at_any_call_leaves_a_whole_file_and_no_lock(
    path: Path, tmp_path: Path, at: int, when: str
) -> None:
    new = tmp_path / "new"
    new.write_bytes(NEW)
    done = subprocess.run([sys.executable, "-c", KILLED, str(at), when, path, new])
    assert done.returncode == (signal.SIGTERM if os.name == "nt" else -signal.SIGKILL)
    replaced = at >= AFTER_REPLACE or (when == "after" and CALLS[at] == "replace")
    assert path.read_bytes() == (NEW if replaced else OLD)
    # What it left is private, and the next writer removes it.
    assert {mode(path.parent / n) for n in leftovers(path.parent)} <= {PRIVATE_FILE}
    replace(Files(), path, b"next\n")
    assert path.read_bytes() == b"next\n"
    assert leftovers(path.parent) == []


def test_temporary_files_of_a_killed_writer_are_removed_and_others_are_not(path: Path) -> None:
    ours = path.with_name(".credentials.keystead.0123456789ab.tmp")
    others = [path.with_name(n) for n in ("credentials.tmp", ".config.keystead.0123.tmp", "x.tmp")]
    folder = path.with_name(".credentials.keystead.folder.tmp")
    folder.mkdir()
    for file in (ours, *others):
        file.write_bytes(b"rest")
    replace(Files(), path)
    assert not ours.exists()
    assert all(other.read_bytes() == b"rest" for other in others)


def test_change_since_the_read_is_not_overwritten(path: Path) -> None:
    files = Files()
    snapshot = files.read(path)
    path.with_name("other").write_bytes(b"foreign")
    path.with_name("other").replace(path)
    with pytest.raises(Changed):
        files.replace(path, NEW, expect=snapshot.version, private=True)
    assert path.read_bytes() == b"foreign"
    assert leftovers(path.parent) == []


@pytest.mark.parametrize("change", ["made", "gone", "appended"])
def test_created_removed_and_grown_files_are_changes(path: Path, change: str) -> None:
    files = Files()
    version = None if change == "made" else files.read(path).version
    if change == "gone":
        path.unlink()
    elif change == "appended":
        with path.open("ab") as stream:
            stream.write(b"more")
    with pytest.raises(Changed):
        files.replace(path, NEW, expect=version, private=True)
    assert path.exists() == (change != "gone")
    assert leftovers(path.parent) == []


def test_missing_file_reads_as_none(tmp_path: Path) -> None:
    assert Files().read(tmp_path / "none" / "file") == Snapshot(None, None)
    assert list(tmp_path.iterdir()) == [tmp_path / "machine"]


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "aws" / "credentials"
    path.mkdir(parents=True)
    for act in (lambda: Files().read(path), lambda: replace(Files(), path)):
        with pytest.raises(FileProblem) as caught:
            act()
        assert str(path) in str(caught.value)
    assert list(path.parent.iterdir()) == [path]


def test_the_null_device_is_an_empty_file() -> None:
    assert Files().read(Path(os.devnull)) == (b"", None)


@pytest.mark.posix("a path through a file as an error of its own")
def test_a_path_through_a_file_is_a_problem(path: Path) -> None:
    for act in (Files().read, lambda p: replace(Files(), p)):
        with pytest.raises(FileProblem, match="not a directory"):
            act(path / "credentials")


def test_an_oversized_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    with path.open("wb") as stream:
        stream.truncate(files_module.MAX_BYTES + 1)
    with pytest.raises(FileProblem, match="larger than the limit of 64 MiB"):
        Files().read(path)


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="there is no /dev/shm")
def test_in_memory_file_is_written_like_any_other() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        replace(Files(), Path(folder) / "credentials")
        assert (Path(folder) / "credentials").read_bytes() == NEW
