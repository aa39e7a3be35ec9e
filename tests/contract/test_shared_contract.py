"""The shared files do what every store must, with and without a config file, tidy or not."""

from pathlib import Path

import pytest

from keystead.stores.shared import SharedStore
from keystead.system import System
from keystead.testing import StoreContract


def shared(home: Path) -> SharedStore:
    environ = {"HOME": str(home), "KEYSTEAD_HOME": str(home / "keystead")}
    return SharedStore.open(System(environ=environ, sleep=lambda _: None))


class TestNoFiles(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> SharedStore:
        return shared(tmp_path)


class TestUntidyFiles(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> SharedStore:
        folder = tmp_path / ".aws"
        folder.mkdir()
        (folder / "config").write_bytes(
            b"\xef\xbb\xbf# mine\r\n[one]\r\n[sso-session one]\r\nx = 1\r\n[plugins two]\r\na=b"
        )
        (folder / "credentials").write_bytes(
            b"; keys\n\n[profile one]\nregion=x\n[profile two]\nb=c\n\n\n"
        )
        return shared(tmp_path)
