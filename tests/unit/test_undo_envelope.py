"""The undo copies of the shared files, and which key opens them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from keystead.errors import KeysteadError, StoreUnavailable
from keystead.model.profile import Profile
from keystead.stores.base import register
from keystead.stores.encrypted.store import EncryptedStore
from keystead.stores.shared import SharedStore
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECOND_SECRET_KEY, SECRET_KEY, leaks
from tests.modes import PRIVATE_FILE, mode
from tests.protection import home, passphrase

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
BASIC = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
OTHER = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECOND_SECRET_KEY}


class Machine:
    def __init__(self, folder: Path) -> None:
        self.environ = home(folder)
        self.credentials = folder / ".aws" / "credentials"
        self.generations = Path(self.environ["KEYSTEAD_HOME"]) / "generations"

    def encrypted(self) -> EncryptedStore:
        system = System(self.environ)
        return EncryptedStore(system, protector=passphrase(system))

    def save(self, settings: dict[str, str]) -> None:
        register(SharedStore.open(System(self.environ)), Profile("one", settings))

    def undo(self) -> None:
        generations = self.encrypted().undo_history
        generations.restore(generations.find(None, None), NOW, force=False)

    def kept(self) -> str:
        """All files in the folder, as text."""
        return "".join(path.read_text() for path in sorted(self.generations.iterdir()))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_with_a_store_copies_open_only_with_the_store(machine: Machine) -> None:
    machine.encrypted().init()
    machine.save(BASIC)
    old = machine.credentials.read_bytes()
    machine.save(OTHER)
    assert leaks(machine.kept()) == []
    assert not (machine.generations / "key").exists()
    variable = machine.environ.pop("KEYSTEAD_PASSPHRASE_FILE")
    with pytest.raises(KeysteadError):
        machine.undo()
    machine.environ["KEYSTEAD_PASSPHRASE_FILE"] = variable
    machine.undo()
    assert machine.credentials.read_bytes() == old
    assert leaks(machine.kept()) == []


def test_without_a_store_copies_open_with_a_key_file_in_their_folder(machine: Machine) -> None:
    machine.save(BASIC)
    old = machine.credentials.read_bytes()
    machine.save(OTHER)
    assert leaks(machine.kept()) == []
    assert mode(machine.generations / "key") == PRIVATE_FILE
    machine.undo()
    assert machine.credentials.read_bytes() == old


def test_copies_from_before_the_store_existed_still_open(machine: Machine) -> None:
    machine.save(BASIC)
    old = machine.credentials.read_bytes()
    machine.save(OTHER)
    generations = machine.encrypted().undo_history
    [newest, _] = generations.all()
    machine.encrypted().init()
    generations.restore(newest, NOW, force=False)
    assert machine.credentials.read_bytes() == old


@pytest.mark.parametrize("trouble", ["broken", "open to others"])
def test_damaged_store_does_not_block_changes_of_other_files(
    machine: Machine, trouble: str
) -> None:
    machine.encrypted().init()
    if trouble == "broken":
        machine.encrypted().path.write_bytes(b"{")
    else:
        machine.encrypted().path.chmod(0o644)
    machine.save(BASIC)
    old = machine.credentials.read_bytes()
    machine.save(OTHER)
    assert leaks(machine.kept()) == []
    machine.undo()
    assert machine.credentials.read_bytes() == old


def test_missing_store_is_reported(machine: Machine) -> None:
    machine.encrypted().init()
    machine.save(BASIC)
    machine.save(OTHER)
    before = machine.credentials.read_bytes()
    machine.encrypted().path.unlink()
    with pytest.raises(StoreUnavailable, match="encrypted with a key that no longer exists"):
        machine.undo()
    assert machine.credentials.read_bytes() == before


def test_store_file_is_restored_without_its_key(machine: Machine) -> None:
    register(machine.encrypted(), Profile("one", BASIC))
    register(machine.encrypted(), Profile("one", OTHER))
    machine.encrypted().path.write_bytes(b"lost")
    generations = machine.encrypted().undo_history
    generations.restore(generations.find(None, None), NOW, force=True)
    assert machine.encrypted().find("one").type is not None


@pytest.mark.parametrize("at", [0, 70, 140, -3])
def test_damaged_copy_is_refused(machine: Machine, at: int) -> None:
    machine.encrypted().init()
    machine.save(BASIC)
    machine.save(OTHER)
    generations = machine.encrypted().undo_history
    newest = generations.find(None, None)
    [text] = newest.before
    assert text
    other = "1" if text[at] == "0" else "0"
    broken = newest._replace(before=(text[:at] + other + text[at:][1:],))
    with pytest.raises(KeysteadError):
        generations.restore(broken, NOW, force=False)
