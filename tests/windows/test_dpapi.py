"""Windows' data protection itself: what keystead and the .NET SDK open of each other."""

from __future__ import annotations

import json

import pytest

from keystead.errors import StoreUnavailable
from keystead.model.profile import Profile
from keystead.stores.base import register
from keystead.stores.encrypted.protectors import DpapiProtector, KeyringProtector
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System, dpapi
from keystead.testing import ProtectorContract, StoreContract
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY


class TestProtector(ProtectorContract):
    @pytest.fixture
    def protector(self) -> DpapiProtector:
        return DpapiProtector(System())


class TestStore(StoreContract):
    ignores_case = True

    @pytest.fixture
    def store(self) -> EncryptedStore:
        return EncryptedStore(System())


def test_protected_value_is_unprotected() -> None:
    for data in (b"", b"x", bytes(range(256)) * 100):
        assert dpapi.unprotect(dpapi.protect(data)) == data


def test_truncated_value_is_refused() -> None:
    blob = dpapi.protect(b"secret")
    for broken in (b"", blob[:-1], blob[: len(blob) // 2], b"x" * 200):
        with pytest.raises(StoreUnavailable, match=r"error -?\d+"):
            dpapi.unprotect(broken)


def test_without_keystead_home_it_is_the_dotnet_sdks_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEYSTEAD_HOME")
    keys = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
    store = EncryptedStore(System())
    register(store, Profile("one", keys))
    assert store.path.parts[-4:] == ("AppData", "Local", "AWSToolkit", "RegisteredAccounts.json")
    [entry] = json.loads(store.path.read_bytes()).values()
    opened = dpapi.unprotect(bytes.fromhex(entry["AWSSecretKey"])).decode("utf-16-le")
    assert opened == SECRET_KEY


def test_the_credential_manager_keeps_a_key_for_each_enrolment() -> None:
    system = System()
    store = EncryptedStore(system, protector=KeyringProtector(system))
    store.init()
    store.protectors.add(DpapiProtector(system))
    store.protectors.rekey()
    assert [row.kind for row in store.protectors.list()] == ["keyring", "dpapi"]
