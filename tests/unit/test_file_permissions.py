"""Permissions and owner of a file after it was replaced, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from keystead.system.files import Files
from tests.faults import NEW, OLD, Fault, replace

pytestmark = pytest.mark.posix("modes, owners and symbolic links")

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "aws" / "credentials"
    found.parent.mkdir()
    found.write_bytes(OLD)
    return found


def stat_mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("old_mode", [None, 0o600, 0o644])
def test_a_file_is_private_from_its_creation(
    tmp_path: Path, umask: int, old_mode: int | None
) -> None:
    path = tmp_path / "credentials"
    if old_mode is not None:
        path.write_bytes(OLD)
        path.chmod(old_mode)
    modes: list[int] = []

    class Watching(Fault):
        def write(self, fd: int, data: memoryview) -> int:
            modes.append(os.fstat(fd).st_mode & 0o7777)
            return os.write(fd, data)

    before = os.umask(umask)
    try:
        replace(Files(Watching(-1, OSError())), path)
    finally:
        os.umask(before)
    assert modes == [0o600]
    assert stat_mode(path) & 0o177 == 0


@pytest.mark.parametrize(
    ("mode", "private", "expected"),
    [
        (0o644, True, 0o600),
        (0o666, True, 0o600),
        (0o644, False, 0o644),
        (0o660, False, 0o660),
        (0o4755, False, 0o755),
        (0o600, False, 0o600),
    ],
)
def test_mode_is_preserved_or_narrowed_and_never_widened(
    path: Path, mode: int, private: bool, expected: int
) -> None:
    path.chmod(mode)
    replace(Files(), path, private=private)
    assert stat_mode(path) == expected


def test_created_folders_are_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "credentials"
    replace(Files(), path)
    assert (stat_mode(path.parent), stat_mode(path)) == (0o700, 0o600)


def test_existing_folder_keeps_its_mode(path: Path) -> None:
    path.parent.chmod(0o755)
    replace(Files(), path)
    assert stat_mode(path.parent) == 0o755


@pytest.mark.parametrize("absolute", [True, False])
@pytest.mark.parametrize("dangling", [True, False])
def test_symlinks_stay_and_their_target_is_replaced(
    tmp_path: Path, absolute: bool, dangling: bool
) -> None:
    target = tmp_path / "dotfiles" / "real"
    target.parent.mkdir()
    if not dangling:
        target.write_bytes(OLD)
    middle = tmp_path / "dotfiles" / "middle"
    middle.symlink_to(target if absolute else "real")
    link = tmp_path / "aws" / "credentials"
    link.parent.mkdir()
    link.symlink_to(middle if absolute else "../dotfiles/middle")
    before = (os.readlink(link), os.readlink(middle))
    replace(Files(), link)
    assert before == (os.readlink(link), os.readlink(middle))
    assert target.read_bytes() == NEW
    assert not target.is_symlink()
    assert list(link.parent.iterdir()) == [link]  # the lock and leftovers are next to the target


WITHOUT_RIGHTS = """
import os, sys
from pathlib import Path
from keystead.errors import FileProblem
from keystead.system.files import Files
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
files, path = Files(), Path(sys.argv[1])
try:
    version = files.read(path).version
    with files.lock(path):
        files.replace(path, b"new", expect=version, private=True)
except FileProblem as error:
    print(error, "|", error.hint)
else:
    print("written")
"""


def without_rights(path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_RIGHTS, path],
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.fixture
def owned() -> Iterator[Path]:
    """A file of the user that `without_rights` becomes, where this user can reach it."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "credentials")
        path.write_bytes(OLD)
        if os.geteuid() == 0:
            for own in (path, path.parent):
                os.chown(own, NOBODY, NOBODY)
        yield path


def test_own_file_is_written_without_extra_permissions(owned: Path) -> None:
    assert without_rights(owned) == "written"
    assert owned.read_bytes() == b"new"


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "message"),
    [(0o400, 0o700, "read-only"), (0o000, 0o700, "cannot be read"), (0o600, 0o500, "denied")],
)
def test_file_without_permission_is_refused_and_unchanged(
    owned: Path, file_mode: int, folder_mode: int, message: str
) -> None:
    owned.chmod(file_mode)
    owned.parent.chmod(folder_mode)
    said = without_rights(owned)
    owned.parent.chmod(0o700)
    owned.chmod(0o600)
    assert message in said
    assert str(owned) in said
    assert "| None" not in said
    assert owned.read_bytes() == OLD
    assert list(owned.parent.iterdir()) == [owned]


def test_owner_is_preserved(path: Path) -> None:
    # Only root may change the owner; files of other users have an owner and a group to preserve.
    uid, gid = (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getgroups()[-1])
    os.chown(path, uid, gid)
    inode = path.stat().st_ino
    replace(Files(), path)
    status = path.stat()
    assert (status.st_uid, status.st_gid) == (uid, gid)
    assert status.st_ino != inode
