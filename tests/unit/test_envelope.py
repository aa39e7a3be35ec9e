"""What keystead keeps of the shared files for `keystead undo`, and who can open it."""

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
        generations = self.encrypted().generations
        generations.restore(generations.find(None, None), NOW, force=False)

    def kept(self) -> str:
        """All that lies in the folder, as text."""
        return "".join(path.read_text() for path in sorted(self.generations.iterdir()))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_with_a_store_it_opens_by_the_store_alone(machine: Machine) -> None:
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


def test_without_a_store_it_opens_by_a_key_beside_it(machine: Machine) -> None:
    machine.save(BASIC)
    old = machine.credentials.read_bytes()
    machine.save(OTHER)
    assert leaks(machine.kept()) == []
    assert mode(machine.generations / "key") == PRIVATE_FILE
    machine.undo()
    assert machine.credentials.read_bytes() == old


def test_what_was_kept_before_there_was_a_store_still_opens(machine: Machine) -> None:
    machine.save(BASIC)
    old = machine.credentials.read_bytes()
    machine.save(OTHER)
    generations = machine.encrypted().generations
    [newest, _] = generations.all()
    machine.encrypted().init()
    generations.restore(newest, NOW, force=False)
    assert machine.credentials.read_bytes() == old


@pytest.mark.parametrize("trouble", ["broken", "open to others"])
def test_a_store_in_trouble_does_not_keep_other_files_from_changing(
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


def test_a_store_that_is_gone_is_told(machine: Machine) -> None:
    machine.encrypted().init()
    machine.save(BASIC)
    machine.save(OTHER)
    before = machine.credentials.read_bytes()
    machine.encrypted().path.unlink()
    with pytest.raises(StoreUnavailable, match="encrypted with a key that no longer exists"):
        machine.undo()
    assert machine.credentials.read_bytes() == before


def test_the_store_itself_comes_back_without_its_own_key(machine: Machine) -> None:
    register(machine.encrypted(), Profile("one", BASIC))
    register(machine.encrypted(), Profile("one", OTHER))
    machine.encrypted().path.write_bytes(b"lost")
    generations = machine.encrypted().generations
    generations.restore(generations.find(None, None), NOW, force=True)
    assert machine.encrypted().find("one").type is not None


@pytest.mark.parametrize("at", [0, 70, 140, -3])
def test_a_kept_version_that_was_damaged_is_refused(machine: Machine, at: int) -> None:
    machine.encrypted().init()
    machine.save(BASIC)
    machine.save(OTHER)
    generations = machine.encrypted().generations
    newest = generations.find(None, None)
    [text] = newest.before
    assert text
    other = "1" if text[at] == "0" else "0"
    broken = newest._replace(before=(text[:at] + other + text[at:][1:],))
    with pytest.raises(KeysteadError):
        generations.restore(broken, NOW, force=False)
