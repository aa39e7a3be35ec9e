"""The lock on an open file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keystead.system.file_lock import locked

pytestmark = pytest.mark.posix("os.fork")


def open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def test_a_process_forked_under_the_lock_does_not_hold_it_afterwards(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with locked(tmp_path / "lock", open_lock, 0):
        child = os.fork()
        if child == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
    with locked(tmp_path / "lock", open_lock, 0):
        pass
    os.close(writer)
    os.waitpid(child, 0)
    os.close(reader)
