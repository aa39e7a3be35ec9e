"""The encrypted store does what every store must."""

from pathlib import Path

import pytest

from keystead.stores.encrypted import EncryptedStore
from keystead.stores.protectors import Argon2Cost, PassphraseProtector
from keystead.system import System
from keystead.testing import StoreContract


class TestEncryptedStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> EncryptedStore:
        passphrase = tmp_path / "passphrase"
        passphrase.touch(mode=0o600)
        passphrase.write_text("contract passphrase\n")
        system = System(
            environ={
                "HOME": str(tmp_path),
                "KEYSTEAD_HOME": str(tmp_path / "keystead"),
                "KEYSTEAD_PASSPHRASE_FILE": str(passphrase),
            }
        )
        cheap = Argon2Cost(memory=8192, passes=1, lanes=1)
        return EncryptedStore(system, protector=PassphraseProtector(system, cost=cheap))
