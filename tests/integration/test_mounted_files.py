"""A single file that is mounted, as containers get ``~/.aws/credentials``: changes are refused and the file stays intact."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from devtools.command import KEYSTEAD
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY

KEYS = f"[base]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"


def _can_mount() -> bool:
    try:
        done = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


pytestmark = pytest.mark.skipif(
    os.name == "nt" or not _can_mount(), reason="needs root and util-linux (unshare, mount)"
)


@pytest.fixture
def outside(tmp_path: Path, home: Path) -> Path:
    """A file that `inside` mounts over ``~/.aws/credentials``."""
    (home / ".aws").mkdir(mode=0o700)
    for path in (home / ".aws" / "credentials", tmp_path / "outside"):
        path.touch(mode=0o600)
    (tmp_path / "outside").write_text(KEYS)
    return tmp_path / "outside"


def inside(outside: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Runs a line of `sh` where the file is mounted."""
    mount = f"mount --bind '{outside}' ~/.aws/credentials"
    return subprocess.run(
        ["unshare", "-m", "sh", "-c", f"{mount} && {line.replace('keystead', KEYSTEAD, 1)}"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        check=False,
    )


def test_it_is_read(outside: Path) -> None:
    done = inside(outside, "keystead list")
    assert (done.returncode, done.stderr) == (0, "")
    assert "base" in done.stdout


@pytest.mark.parametrize(
    "line",
    [
        "keystead set base region=eu-west-1 --location ~/.aws/credentials",
        "keystead set base output=json --location ~/.aws/credentials",
        "keystead remove base --force --location ~/.aws/credentials",
        "keystead rename base other --location ~/.aws/credentials",
    ],
)
def test_a_change_is_refused_and_loses_nothing(outside: Path, home: Path, line: str) -> None:
    done = inside(outside, line)
    assert done.returncode == 1, done
    assert "credentials: cannot be written: it is mounted as a single file" in done.stderr
    assert "hint: mount its folder instead" in done.stderr
    assert outside.read_text() == KEYS
    left = {path.name for path in (home / ".aws").iterdir()} - {".credentials.keystead.lock"}
    assert left <= {"credentials", "config", ".config.keystead.lock"}
