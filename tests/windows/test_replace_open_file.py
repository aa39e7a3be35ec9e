"""Windows refuses to replace a file that is open elsewhere: each new try looks at it again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keystead.system.files import Changed, Files
from tests.faults import NEW, OLD, Fault, replace


class Refusing(Fault):
    """Calls of `os` whose first replacement is refused, while another program writes the file."""

    def __init__(self, path: Path) -> None:
        super().__init__(-1, OSError())
        self.path = path
        self.refused = False

    def replace(self, src: str, dst: str) -> None:
        if not self.refused:
            self.refused = True
            self.path.write_bytes(b"theirs = 1\n")
            raise PermissionError(13, "Access is denied", dst)
        os.replace(src, dst)


def test_change_written_during_a_refused_replacement_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_bytes(OLD)
    with pytest.raises(Changed):
        replace(Files(Refusing(path)), path, NEW)
    assert path.read_bytes() == b"theirs = 1\n"
    assert [name.name for name in tmp_path.iterdir() if name.suffix == ".tmp"] == []


def test_change_written_during_a_refused_removal_is_not_lost(tmp_path: Path) -> None:
    class Unlinking(Refusing):
        def unlink(self, path: str) -> None:
            if not self.refused:
                self.refused = True
                self.path.write_bytes(b"theirs = 1\n")
                raise PermissionError(13, "Access is denied", path)
            os.unlink(path)

    path = tmp_path / "credentials"
    path.write_bytes(OLD)
    files = Files(Unlinking(path))
    with pytest.raises(Changed):
        files.remove(path, expect=files.read(path).version)
    assert path.read_bytes() == b"theirs = 1\n"
