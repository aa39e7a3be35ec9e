"""Another user of the machine, who owns folders and changes files while the owner uses them.

The victim is a process under a user id that nothing else has, started by root.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from keystead.system.private import Exposed, open_private

pytestmark = pytest.mark.posix("modes, owners and symbolic links")

VICTIM, ATTACKER = 64501, 64502

READ = """
import os, shlex, sys  # shlex, which an error imports: this user may not read Python's folder
from pathlib import Path
from keystead.errors import KeysteadError
from keystead.system.files import Files
os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
for _ in range(int(sys.argv[3])):
    try:
        found = Files().read(Path(sys.argv[2]), private=True).data
        print("read", (found or b"").decode())
    except KeysteadError as error:
        print("refused", error.message)
"""


def read_by_victim(path: Path, times: int = 1) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", READ, str(VICTIM), str(path), str(times)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines())


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may pass through, outside of those that pytest closes to others."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)
        yield Path(folder)


def put(path: Path, owner: int, mode: int = 0o600, text: str = "planted") -> None:
    path.write_text(text)
    path.chmod(mode)
    os.chown(path, owner, owner)


def folder_of(path: Path, owner: int, mode: int = 0o755, group: int | None = None) -> Path:
    path.mkdir()
    path.chmod(mode)
    os.chown(path, owner, owner if group is None else group)
    return path


@pytest.mark.root("being two other users")
@pytest.mark.parametrize(
    ("owner", "mode", "group", "answer"),
    [
        (VICTIM, 0o700, None, "read own"),
        (VICTIM, 0o755, None, "read own"),
        (VICTIM, 0o775, None, "read own"),  # the group of the user alone
        (0, 0o755, None, "read own"),
        (0, 0o1777, None, "read own"),
        (VICTIM, 0o775, ATTACKER, "refused is in a folder that other users may write in"),
        (VICTIM, 0o777, None, "refused is in a folder that other users may write in"),
        (ATTACKER, 0o755, None, "refused is in a folder that belongs to another user"),
        (ATTACKER, 0o1777, None, "refused is in a folder that belongs to another user"),
    ],
)
def test_private_file_needs_a_folder_where_only_its_owner_can_write(
    place: Path, owner: int, mode: int, group: int | None, answer: str
) -> None:
    folder = folder_of(place / "folder", owner, mode, group)
    put(folder / "file", VICTIM, text="own")
    assert read_by_victim(folder / "file") == {answer}


@pytest.mark.root("being two other users")
@pytest.mark.parametrize(
    ("owner", "mode", "answer"),
    [
        (VICTIM, 0o600, "read planted"),
        (VICTIM, 0o400, "read planted"),
        (VICTIM, 0o640, "refused may be read or written by other users"),
        (VICTIM, 0o602, "refused may be read or written by other users"),
        (ATTACKER, 0o644, "refused belongs to another user"),
    ],
)
def test_private_file_must_belong_to_the_user(
    place: Path, owner: int, mode: int, answer: str
) -> None:
    folder = folder_of(place / "folder", 0, 0o1777)
    put(folder / "file", owner, mode)
    assert read_by_victim(folder / "file") == {answer}


@pytest.mark.root("being two other users")
def test_file_swapped_between_check_and_open_is_never_used(place: Path) -> None:
    """The attacker writes where the victim's file is and swaps it for one with a readable mode."""
    folder = folder_of(place / "folder", 0, 0o777)
    put(folder / "mine", VICTIM, text="own")
    put(folder / "theirs", ATTACKER, 0o644)
    swap = (
        "import os, sys\nos.chdir(sys.argv[1])\nwhile True:\n"
        "    os.replace('mine', 'file'); os.rename('file', 'mine')\n"
        "    os.replace('theirs', 'file'); os.rename('file', 'theirs')\n"
    )
    attacker = subprocess.Popen([sys.executable, "-c", swap, str(folder)])
    try:
        found = read_by_victim(folder / "file", 3000)
    finally:
        attacker.kill()
        attacker.wait()
    assert "read planted" not in found


@pytest.mark.root("being two other users")
def test_token_planted_by_another_user_is_not_accepted(place: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from keystead.errors import KeysteadError
from keystead.http.tokens import TokenFile
os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
print(TokenFile(Path(sys.argv[2])).current())
try:
    TokenFile.make(Path(sys.argv[2]).parent)
except KeysteadError as error:
    print(error.message)
"""
    folder = folder_of(place / "endpoint", ATTACKER, 0o777)
    put(folder / "x.token", ATTACKER, 0o644)
    done = subprocess.run(
        [sys.executable, "-c", code, str(VICTIM), str(folder / "x.token")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "None",
        "the token's file is in a folder that belongs to another user",
    ]
    assert [path.name for path in folder.iterdir()] == ["x.token"]


def test_checks_apply_to_the_open_file_and_not_its_path(tmp_path: Path) -> None:
    """The permissions of a link do not apply to its target."""
    (tmp_path / "open").write_text("x")
    (tmp_path / "open").chmod(0o644)
    (tmp_path / "link").symlink_to("open")
    with pytest.raises(Exposed, match="may be read or written by other users"):
        os.close(open_private(str(tmp_path / "link"), os.O_RDONLY))
