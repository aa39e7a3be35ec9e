"""The encrypted store does what every store must, whatever protects it."""

from pathlib import Path

import pytest

from keystead.stores.encrypted.protectors import KeyfileProtector, KeyringProtector
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from keystead.testing import StandInDpapi, StoreContract
from tests.protection import home, passphrase


class TestUnderAPassphrase(StoreContract):
    ignores_case = True

    @pytest.fixture
    def store(self, tmp_path: Path) -> EncryptedStore:
        system = System(home(tmp_path))
        return EncryptedStore(system, protector=passphrase(system))


class TestUnderAKeyFile(StoreContract):
    ignores_case = True

    @pytest.fixture
    def store(self, tmp_path: Path) -> EncryptedStore:
        system = System(home(tmp_path))
        return EncryptedStore(system, protector=KeyfileProtector(system, path=tmp_path / "key"))


@pytest.mark.usefixtures("system_keyring")
class TestUnderTheKeyring(StoreContract):
    ignores_case = True

    @pytest.fixture
    def store(self, tmp_path: Path) -> EncryptedStore:
        system = System(home(tmp_path))
        return EncryptedStore(system, protector=KeyringProtector(system))


class TestTheNetSdksOwnFile(StoreContract):
    ignores_case = True

    @pytest.fixture
    def store(self, tmp_path: Path) -> EncryptedStore:
        return EncryptedStore(System(home(tmp_path), dpapi=StandInDpapi()))
