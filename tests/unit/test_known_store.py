"""The recorded identity of the encrypted store, with each type of protector."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from keystead.errors import StoreUnavailable
from keystead.model.profile import Profile
from keystead.prompts import Prompts
from keystead.stores.base import register
from keystead.stores.encrypted.known_store import ForeignStore, Identity
from keystead.stores.encrypted.layout import parse, store_id_of
from keystead.stores.encrypted.protectors import (
    DpapiProtector,
    KeyfileProtector,
    KeyringProtector,
    Protector,
)
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import Files, Keyring, System, Terminal
from keystead.system.files import Snapshot
from keystead.testing import MemoryKeyring, StandInDpapi, contents
from tests.canaries import ACCESS_KEY_ID, PASSPHRASE, SECRET_KEY
from tests.protection import passphrase

KEYS = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}


class Nobody(Terminal):
    def available(self) -> bool:
        return False


class AnsweringKeyring(MemoryKeyring):
    """A keyring that is available."""

    is_likely = True


class Kind(NamedTuple):
    make: Callable[[System, Path], Protector]
    proves: bool


KINDS = {
    "passphrase": Kind(lambda system, _: passphrase(system), proves=True),
    "keyring": Kind(lambda system, _: KeyringProtector(system), proves=True),
    "dpapi": Kind(lambda system, _: DpapiProtector(system), proves=True),
    "keyfile": Kind(lambda system, path: KeyfileProtector(system, path=path), proves=False),
}


class Machine:
    """A user with the platform's own folders, or with ``KEYSTEAD_HOME``."""

    def __init__(self, folder: Path, kind: str, *, keyring: Keyring, home: bool) -> None:
        self.kind = KINDS[kind]
        self.key_file = folder / "keys" / "key"
        self.environ = {"HOME": str(folder)}
        if home:
            self.environ["KEYSTEAD_HOME"] = str(folder / "keystead")
        self.keyring = keyring
        self.dpapi = StandInDpapi() if kind == "dpapi" else None

    @property
    def system(self) -> System:
        prompts = Prompts(passphrase=lambda _: PASSPHRASE)
        return System(
            self.environ,
            terminal=Nobody(),
            keyring=self.keyring,
            dpapi=self.dpapi,
            prompts=prompts,
        )

    def store(self) -> EncryptedStore:
        return EncryptedStore(self.system, protector=self.kind.make(self.system, self.key_file))

    def made(self) -> Machine:
        register(self.store(), Profile("one", KEYS))
        return self

    def opens(self) -> bool:
        return contents(self.store()) == {"one": KEYS}

    @property
    def memory(self) -> Path:
        return self.system.folders.known_stores


@pytest.fixture(params=KINDS)
def machine(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.delenv("KEYSTEAD_HOME")
    return Machine(home, request.param, keyring=MemoryKeyring(), home=False)


@pytest.fixture(params=KINDS)
def one_folder(request: pytest.FixtureRequest, home: Path) -> Machine:
    return Machine(home, request.param, keyring=AnsweringKeyring(), home=True)


def test_new_store_is_recorded(machine: Machine) -> None:
    path = machine.made().store().path
    [found] = json.loads(machine.memory.read_text())[str(path)]
    identity = Identity.of(parse(path.read_bytes(), ""))
    assert identity
    assert found == {**identity._asdict(), "protectors": list(identity.protectors)}
    assert machine.opens()


def test_store_id_is_derived_from_its_key(machine: Machine) -> None:
    store = machine.made().store()
    key = store._file.key_unasked()  # internal
    assert key is None or store_id_of(key.raw) == store.status().store_id
    before = store.status().store_id
    store.protectors.rekey()
    assert store.status().store_id != before
    assert machine.opens()


def test_unrecorded_store_opens_only_with_proof(machine: Machine) -> None:
    machine.made().memory.unlink()
    if machine.kind.proves:
        assert machine.opens()
        assert machine.memory.exists()
        return
    with pytest.raises(ForeignStore, match="is not known here"):
        machine.opens()
    assert not machine.memory.exists()
    machine.store().protectors.accept()
    assert machine.opens()


def test_every_change_of_protectors_is_recorded(machine: Machine) -> None:
    store = machine.made().store()
    store.protectors.add(KeyfileProtector(machine.system, path=machine.key_file.with_name("2")))
    assert machine.opens()
    machine.store().protectors.remove(2)
    assert machine.opens()
    assert len(json.loads(machine.memory.read_text())[str(store.path)]) == 1


def test_running_process_sees_changes_of_another(machine: Machine) -> None:
    living = machine.made().store()
    assert contents(living)
    machine.store().protectors.add(
        KeyfileProtector(machine.system, path=machine.key_file.with_name("2"))
    )
    assert contents(living) == {"one": KEYS}


def test_store_from_before_identities_were_recorded(machine: Machine) -> None:
    """A random id, as in earlier versions, and no record."""
    store = machine.store()
    known = store._file.known  # internal
    known.expect = known.remember = lambda _: None  # type: ignore[method-assign]
    store._file.new_key = random_id(store)  # type: ignore[method-assign]
    register(store, Profile("one", KEYS))
    machine.environ["KEYSTEAD_STORE_ID"] = str(store.status().store_id)
    if machine.kind.proves:
        assert machine.opens()
    else:
        with pytest.raises(ForeignStore, match="is not derived from its key"):
            machine.opens()
    del machine.environ["KEYSTEAD_STORE_ID"]
    machine.store().protectors.accept()
    machine.store().protectors.rekey()
    machine.environ["KEYSTEAD_STORE_ID"] = str(machine.store().status().store_id)
    assert machine.opens()


def random_id(store: EncryptedStore) -> Callable[[], object]:
    from keystead.crypto import DataKey

    return lambda: DataKey(store._file.new_guid(), os.urandom(32))  # internal


def test_with_one_folder_the_keyring_records_what_opens_without_a_prompt(
    one_folder: Machine,
) -> None:
    path = one_folder.made().store().path
    keyring = one_folder.keyring
    assert not one_folder.memory.exists()
    assert bool(keyring.get(f"store {path}")) is not one_folder.kind.proves
    assert one_folder.opens()
    if not one_folder.kind.proves:
        keyring.delete(f"store {path}")
        with pytest.raises(ForeignStore, match="is not known here"):
            one_folder.opens()
        keyring.set(f"store {path}", "[")
        with pytest.raises(ForeignStore, match="is not known here"):
            one_folder.opens()
        assert one_folder.store().protectors.accept()
        assert one_folder.opens()


def test_unavailable_keyring_records_nothing(home: Path) -> None:
    class Locked(AnsweringKeyring):
        def get(self, account: str) -> str | None:
            raise StoreUnavailable("locked")

    machine = Machine(home, "keyfile", keyring=Locked(), home=True).made()
    assert machine.opens()
    assert machine.store().protectors.accept() is False


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.proves])
def test_store_with_proof_does_not_query_the_keyring(home: Path, kind: str) -> None:
    class Watched(AnsweringKeyring):
        def get(self, account: str) -> str | None:
            assert not account.startswith("store ")
            return super().get(account)

    assert Machine(home, kind, keyring=Watched(), home=True).made().opens()


def test_variable_names_the_only_accepted_store(one_folder: Machine) -> None:
    store_id = str(one_folder.made().store().status().store_id)
    one_folder.environ["KEYSTEAD_STORE_ID"] = store_id
    assert one_folder.opens()
    one_folder.environ["KEYSTEAD_STORE_ID"] = "12345678-9abc-4def-8123-456789abcdef"
    for call in (one_folder.opens, one_folder.store().protectors.accept):
        with pytest.raises(ForeignStore, match=f"its id is {store_id}"):
            call()
    one_folder.store().path.unlink()
    with pytest.raises(ForeignStore, match="there is no encrypted store, and KEYSTEAD_STORE_ID"):
        one_folder.made()


def test_the_dotnet_sdks_file_in_place_of_a_store_stops_until_it_is_accepted(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEYSTEAD_HOME")
    machine = Machine(home, "dpapi", keyring=MemoryKeyring(), home=False).made()
    plain = {"X": {"DisplayName": "one", "credential_process": "planted"}}
    machine.store().path.write_text(json.dumps(plain))
    with pytest.raises(ForeignStore, match=r"it is the \.NET SDK's file now"):
        machine.store().profiles()
    machine.store().protectors.accept()
    assert [profile.name for profile in machine.store().profiles()] == ["one"]
    machine.store().path.write_text("{}")
    assert machine.store().profiles() == []


def test_identity_record_is_one_small_file(machine: Machine) -> None:
    class Counting(Files):
        def read(self, path: Path, *, private: bool = False) -> Snapshot:
            found.append(path)
            return super().read(path, private=private)

    found: list[Path] = []
    machine.made()
    store = EncryptedStore(replace(machine.system, files=Counting()))
    assert contents(store) == contents(store) == {"one": KEYS}
    assert found.count(machine.memory) == 1
