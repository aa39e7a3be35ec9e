"""Every protector does what a protector must."""

from pathlib import Path

import pytest

from keystead.stores.encrypted.protectors import (
    PROTECTORS,
    DpapiProtector,
    KeyfileProtector,
    KeyringProtector,
    Protector,
)
from keystead.system import System
from keystead.testing import ProtectorContract, StandInDpapi
from tests.protection import home, passphrase


class TestPassphrase(ProtectorContract):
    @pytest.fixture
    def protector(self, tmp_path: Path) -> Protector:
        return passphrase(System(home(tmp_path)))


class TestKeyfile(ProtectorContract):
    @pytest.fixture
    def protector(self, tmp_path: Path) -> Protector:
        return KeyfileProtector(System(home(tmp_path)), path=tmp_path / "a key\xe9%20")


@pytest.mark.usefixtures("system_keyring")
class TestKeyring(ProtectorContract):
    @pytest.fixture
    def protector(self, tmp_path: Path) -> Protector:
        return KeyringProtector(System(home(tmp_path)))


class TestDpapi(ProtectorContract):
    @pytest.fixture
    def protector(self, tmp_path: Path) -> Protector:
        return DpapiProtector(System(home(tmp_path), dpapi=StandInDpapi()))


def test_every_kind_has_its_suite() -> None:
    suites = ("TestPassphrase", "TestKeyring", "TestKeyfile", "TestDpapi")
    assert [f"Test{kind.capitalize()}" for kind in PROTECTORS] == list(suites)
    assert all(name in globals() for name in suites)
