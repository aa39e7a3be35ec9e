"""Pipes and devices in place of a file."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from keystead.errors import FileProblem
from keystead.system import pipe
from keystead.system.files import Files
from tests.faults import NEW

pytestmark = pytest.mark.posix("pipes with a name, devices")


def test_special_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "aws" / "credentials"
    path.parent.mkdir()
    os.mkfifo(path, 0o600)
    for act in (Files().lock(path).__enter__, lambda: unlocked(path)):
        with pytest.raises(FileProblem, match="it is a pipe, not a file"):
            act()
    assert path.is_fifo()
    assert list(path.parent.iterdir()) == [path]


def unlocked(path: Path) -> None:
    Files().replace(path, NEW, expect=None, private=True)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (os.mkfifo, "a pipe"),
        (lambda path: path.symlink_to("/dev/zero"), "a device"),
    ],
)
def test_special_file_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], None], kind: str
) -> None:
    path = tmp_path / "odd"
    make(path)
    with pytest.raises(FileProblem, match=kind):
        Files().read(path)
    assert Files().access(path) == (False, False, False)


def test_content_of_a_pipe_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)
    writer = threading.Thread(target=lambda: path.write_bytes(b"a line\n" * 1000))
    writer.start()
    assert Files().read_pipe(path) == b"a line\n" * 1000
    writer.join()
    path.unlink()
    path.write_bytes(b"a file")
    assert Files().read_pipe(path) is None
    assert Files().read_pipe(tmp_path / "nothing") is None


def test_a_pipe_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)
    monkeypatch.setattr(pipe, "SECONDS", 0.1)
    with pytest.raises(FileProblem, match="its writer did not finish"):
        Files().read_pipe(path)
    writer = threading.Thread(target=_pour, args=(path,))
    writer.start()
    monkeypatch.setattr(pipe, "SECONDS", 10)
    with pytest.raises(FileProblem, match="longer than the limit of 64 KiB"):
        Files().read_pipe(path)
    writer.join()


def _pour(path: Path) -> None:
    with contextlib.suppress(BrokenPipeError):
        path.write_bytes(b"x" * 1024 * 1024)
