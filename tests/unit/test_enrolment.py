"""What opens the encrypted store: several protectors, changed at any moment, and old versions."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from keystead.errors import (
    FileProblem,
    InteractionRequired,
    KeysteadError,
    StoreCorrupt,
    StoreUnavailable,
    UsageError,
)
from keystead.model.profile import Profile
from keystead.stores.base import register
from keystead.stores.encrypted.protectors import Argon2Cost, KeyfileProtector, KeyringProtector
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import Files, Keyring, System, Terminal
from keystead.testing import EXAMPLES, MemoryKeyring, contents
from tests.canaries import ACCESS_KEY_ID, PASSPHRASE, SECRET_KEY
from tests.decoder import decode
from tests.effort import amount
from tests.faults import Fault
from tests.modes import PRIVATE_FILE, mode
from tests.protection import CHEAP, home, passphrase

BASIC = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}


@pytest.fixture(autouse=True)
def cheap_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protectors that keystead makes by itself, as for a new key, cost a guess as little."""
    monkeypatch.setattr(Argon2Cost, "_field_defaults", vars(CHEAP))
    assert Argon2Cost() == CHEAP


class Nobody(Terminal):
    def available(self) -> bool:
        return False


class Death(BaseException):
    """The process ends here; no code may catch it."""


class Machine:
    """A home with a store; each ``store()`` is like a new process that reads it."""

    def __init__(self, folder: Path, keyring: Keyring | None = None) -> None:
        self.environ = home(folder)
        self.keyring = keyring or Keyring()
        self.path = Path(self.environ["KEYSTEAD_HOME"]) / "RegisteredAccounts.json"
        self.key_file = folder / "keys" / "store.key"

    def system(self, files: Files | None = None, keyring: Keyring | None = None) -> System:
        return System(
            self.environ,
            terminal=Nobody(),
            files=files or Files(),
            keyring=keyring or self.keyring,
            dpapi=None,
        )

    def store(self, files: Files | None = None, keyring: Keyring | None = None) -> EncryptedStore:
        system = self.system(files, keyring)
        return EncryptedStore(system, protector=passphrase(system))

    def keyfile(self, system: System | None = None) -> KeyfileProtector:
        return KeyfileProtector(system or self.system(), path=self.key_file)

    def without(self, *variables: str) -> Machine:
        for variable in variables:
            self.environ.pop(variable, None)
        return self


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_store_opens_with_either_protector(machine: Machine) -> None:
    register(machine.store(), Profile("one", BASIC))
    machine.store().protectors.add(machine.keyfile())
    assert [row.kind for row in machine.store().protectors.list()] == ["passphrase", "keyfile"]
    assert mode(machine.key_file) == PRIVATE_FILE
    machine.key_file.rename(machine.key_file.with_name("away"))
    assert contents(machine.store()) == {"one": BASIC}
    machine.key_file.with_name("away").rename(machine.key_file)
    assert contents(machine.without("KEYSTEAD_PASSPHRASE_FILE").store()) == {"one": BASIC}


def test_when_no_protector_opens_every_reason_is_reported(machine: Machine) -> None:
    register(machine.store(), Profile("one", BASIC))
    machine.store().protectors.add(machine.keyfile())
    machine.key_file.unlink()
    machine.without("KEYSTEAD_PASSPHRASE_FILE")
    with pytest.raises(
        InteractionRequired, match=r"the key file .* does not exist; there is no terminal"
    ):
        contents(machine.store())


def test_removed_protector_no_longer_opens_the_store(machine: Machine) -> None:
    register(machine.store(), Profile("one", BASIC))
    machine.store().protectors.add(machine.keyfile())
    machine.store().protectors.remove(1)
    assert contents(machine.without("KEYSTEAD_PASSPHRASE_FILE").store()) == {"one": BASIC}
    machine.key_file.unlink()
    with pytest.raises(StoreUnavailable, match="key file"):
        contents(machine.store())


@pytest.mark.parametrize("number", [0, -1, 2])
def test_unknown_protector_number_is_refused(machine: Machine, number: int) -> None:
    machine.store().init()
    before = machine.path.read_bytes()
    with pytest.raises(UsageError, match=f"no protector {number}"):
        machine.store().protectors.remove(number)
    assert machine.path.read_bytes() == before


def test_last_protector_cannot_be_removed(machine: Machine) -> None:
    machine.store().init()
    with pytest.raises(UsageError, match="the only protector"):
        machine.store().protectors.remove(1)


@pytest.mark.parametrize("verb", ["list", "rekey", "accept"])
def test_without_a_store(machine: Machine, verb: str) -> None:
    with pytest.raises(StoreUnavailable, match="there is no encrypted store"):
        getattr(machine.store().protectors, verb)()
    assert not machine.path.exists()


def test_rekey_encrypts_every_value_again(machine: Machine) -> None:
    for name, settings in EXAMPLES.items():
        register(machine.store(), Profile(name, settings))
    before, old = contents(machine.store()), machine.path.read_bytes()
    machine.store().protectors.rekey()
    new = machine.path.read_bytes()
    assert contents(machine.store()) == before
    sealed = [line for line in old.splitlines() if b"AWSSecretKey" in line or b"Protector" in line]
    assert len(sealed) > 2
    assert not any(line in new for line in sealed)
    assert {p["DisplayName"] for p in decode(new, PASSPHRASE.encode()).values()} == set(EXAMPLES)


def test_rekey_accepts_a_new_passphrase(machine: Machine, tmp_path: Path) -> None:
    register(machine.store(), Profile("one", BASIC))
    new = tmp_path / "new"
    new.touch(mode=0o600)
    new.write_text("the next one")
    machine.environ["KEYSTEAD_NEW_PASSPHRASE_FILE"] = str(new)
    machine.store().protectors.rekey()
    with pytest.raises(StoreUnavailable, match="does not open"):
        contents(machine.store())
    machine.environ["KEYSTEAD_PASSPHRASE_FILE"] = str(new)
    assert contents(machine.store()) == {"one": BASIC}


def test_rekey_removes_earlier_copies(machine: Machine) -> None:
    register(machine.store(), Profile("one", BASIC))
    assert machine.store().undo_history.all()
    machine.store().protectors.rekey()
    assert machine.store().undo_history.all() == []


def test_unknown_protector_stops_a_rekey(machine: Machine) -> None:
    from keystead.crypto import DataKey
    from keystead.stores.encrypted.layout import parse
    from keystead.stores.encrypted.protectors import StoreRef, open_data_key

    register(machine.store(), Profile("one", BASIC))
    accounts = parse(machine.path.read_bytes(), "f")
    store = StoreRef(accounts.store_id, machine.path)
    opened = open_data_key(accounts.protectors, store, machine.system())
    key = DataKey(accounts.store_id, opened.data_key)
    later = accounts.protected(key, [*accounts.protectors, "tpm sealed=1"])
    signed = later.signed(key.mac(later.canonical_members))
    machine.path.write_bytes(signed.render())
    with pytest.raises(StoreUnavailable, match="does not know the protector `tpm`"):
        machine.store().protectors.rekey()
    assert machine.path.read_bytes() == signed.render()
    assert machine.store().protectors.list()[1].about == "not known to this keystead"


# Key files


@pytest.mark.posix("modes, owners and symbolic links")
def test_a_key_file_that_others_may_read_is_refused(machine: Machine) -> None:
    store = EncryptedStore(machine.system(), protector=machine.keyfile())
    register(store, Profile("one", BASIC))
    machine.key_file.chmod(0o644)
    with pytest.raises(
        StoreUnavailable, match="the key file may be read or written by other users"
    ) as caught:
        contents(machine.store())
    assert caught.value.hint == f"run `chmod 600 {machine.key_file}`"


@pytest.mark.parametrize("content", [b"", b"short", b" \n" * 40, b"x" * 5000])
def test_malformed_key_file_is_refused(machine: Machine, content: bytes) -> None:
    machine.key_file.parent.mkdir()
    machine.key_file.touch(mode=0o600)
    machine.key_file.write_bytes(content)
    store = EncryptedStore(machine.system(), protector=machine.keyfile())
    with pytest.raises(StoreUnavailable, match="the key file has"):
        register(store, Profile("one", BASIC))
    assert machine.key_file.read_bytes() == content
    assert not machine.path.exists()


def test_a_key_file_among_the_credentials_of_a_service(machine: Machine, tmp_path: Path) -> None:
    register(EncryptedStore(machine.system(), protector=machine.keyfile()), Profile("one", BASIC))
    handed = tmp_path / "credentials"
    handed.mkdir()
    machine.key_file.rename(handed / "store.key")
    (handed / "store.key").chmod(0o440)  # as a service manager hands it over
    machine.environ["CREDENTIALS_DIRECTORY"] = str(handed)
    assert contents(machine.store()) == {"one": BASIC}


def test_a_key_file_that_was_moved(machine: Machine, tmp_path: Path) -> None:
    register(EncryptedStore(machine.system(), protector=machine.keyfile()), Profile("one", BASIC))
    machine.environ["KEYSTEAD_KEY_FILE"] = str(machine.key_file.rename(tmp_path / "moved"))
    assert contents(machine.store()) == {"one": BASIC}
    machine.store().protectors.rekey()
    assert contents(machine.store()) == {"one": BASIC}


def test_ambiguous_key_file_must_be_named(machine: Machine) -> None:
    with pytest.raises(UsageError, match="the protector `keyfile` needs"):
        KeyfileProtector(machine.system()).wrap(bytes(32), (machine.path, "x"))


# The keyring remembers which version is the newest


@pytest.fixture
def with_keyring(machine: Machine, system_keyring: Mapping[str, str]) -> Machine:
    """A machine whose store opens only with the keyring."""
    machine.without("KEYSTEAD_PASSPHRASE_FILE")
    store = EncryptedStore(machine.system(), protector=KeyringProtector(machine.system()))
    register(store, Profile("one", BASIC))
    return machine


def test_an_older_version_is_refused_until_it_is_accepted(with_keyring: Machine) -> None:
    old = with_keyring.path.read_bytes()
    register(with_keyring.store(), Profile("two", BASIC))
    with_keyring.path.write_bytes(old)
    for call in (
        lambda: contents(with_keyring.store()),
        lambda: register(with_keyring.store(), Profile("three", BASIC)),
        with_keyring.store().protectors.rekey,
    ):
        with pytest.raises(StoreCorrupt, match=r"version 1 .* older than version 2") as caught:
            call()
        assert "keystead store accept" in (caught.value.hint or "")
    assert with_keyring.path.read_bytes() == old
    with_keyring.store().protectors.accept()
    assert contents(with_keyring.store()) == {"one": BASIC}


def test_running_process_detects_an_older_version(with_keyring: Machine) -> None:
    old = with_keyring.path.read_bytes()
    store = with_keyring.store()
    assert contents(store) == {"one": BASIC}
    register(store, Profile("two", BASIC))
    with_keyring.path.write_bytes(old)
    with pytest.raises(StoreCorrupt, match="version 1"):
        store.profiles()


def test_accepted_version_must_be_intact(with_keyring: Machine) -> None:
    with_keyring.path.write_bytes(with_keyring.path.read_bytes().replace(b'"one"', b'"two"'))
    with pytest.raises(StoreCorrupt, match="damaged"):
        with_keyring.store().protectors.accept()


def test_lost_keyring_entry(with_keyring: Machine) -> None:
    [row] = with_keyring.store().protectors.list()
    store_id = with_keyring.store().status().store_id
    Keyring().delete(f"{store_id} {row.about.split()[-1]}")
    before = with_keyring.path.read_bytes()
    with pytest.raises(StoreUnavailable, match=r"the keyring .* has no key"):
        contents(with_keyring.store())
    assert with_keyring.path.read_bytes() == before


def entries_of(machine: Machine) -> set[str]:
    """The entries in the keyring that the store's file names, and that are there."""
    store_id = machine.store().status().store_id
    found = [r.about.split()[-1] for r in machine.store().protectors.list() if r.kind == "keyring"]
    return {entry for entry in found if machine.keyring.get(f"{store_id} {entry}")}


def test_rekey_leaves_one_keyring_entry(with_keyring: Machine) -> None:
    store_id = with_keyring.store().status().store_id
    [old] = entries_of(with_keyring)
    with_keyring.store().protectors.rekey()
    [new] = entries_of(with_keyring)
    assert old != new
    assert Keyring().get(f"{store_id} {old}") is None
    assert Keyring().get(f"{store_id} {old} counter") is None
    assert contents(with_keyring.store()) == {"one": BASIC}


# Ended at every step


class DyingKeyring(Keyring):
    """A keyring during whose change number ``at`` the process ends, before or after it."""

    def __init__(self, at: int, *, done: bool) -> None:
        self.at = at
        self.done = done
        self.seen = 0

    def _step(self, change: Callable[[], None]) -> None:
        self.seen += 1
        hit = self.seen - 1 == self.at
        if hit and not self.done:
            raise Death
        change()
        if hit:
            raise Death

    def set(self, account: str, secret: str) -> None:
        self._step(lambda: super(DyingKeyring, self).set(account, secret))

    def delete(self, account: str) -> None:
        self._step(lambda: super(DyingKeyring, self).delete(account))


CHANGES: dict[str, Callable[[Machine, EncryptedStore, System], None]] = {
    "register": lambda machine, store, system: register(store, Profile("two", BASIC)),
    "rekey": lambda machine, store, system: store.protectors.rekey(),
    "add a key file": lambda machine, store, system: store.protectors.add(machine.keyfile(system)),
    "add a keyring": lambda machine, store, system: store.protectors.add(KeyringProtector(system)),
    "remove": lambda machine, store, system: store.protectors.remove(2),
}


def two_protectors(tmp_path: Path, keyring: Keyring) -> Machine:
    """A machine whose store opens with a passphrase or the keyring."""
    tmp_path.mkdir()
    machine = Machine(tmp_path, keyring)
    register(machine.store(), Profile("one", BASIC))
    machine.store().protectors.add(KeyringProtector(machine.system()))
    return machine


def opens_by_all(machine: Machine) -> None:
    """Every protector that the file names opens it, and its content is complete."""
    rows = machine.store().protectors.list()
    for row in rows:
        alone = Machine(machine.key_file.parents[1], machine.keyring)
        if row.kind != "passphrase":
            alone.without("KEYSTEAD_PASSPHRASE_FILE")
        found = contents(alone.store())
        assert found in ({"one": BASIC}, {"one": BASIC, "two": BASIC})
    assert len(entries_of(machine)) == sum(row.kind == "keyring" for row in rows)


@pytest.mark.usefixtures("system_keyring")
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), Death()])
@pytest.mark.parametrize("verb", CHANGES)
@pytest.mark.parametrize("done", [False, True])
def test_failure_at_any_file_call_leaves_a_usable_store(
    tmp_path: Path, verb: str, error: BaseException, done: bool
) -> None:
    for at in range(0, 100, amount(short=5, full=1)):
        machine = two_protectors(tmp_path / str(at), MemoryKeyring())
        fault = Fault(at, error, done=done)
        system = machine.system(Files(fault))
        store = EncryptedStore(system, protector=passphrase(system))
        try:
            CHANGES[verb](machine, store, system)
        except (KeysteadError, Death):
            opens_by_all(machine)
        else:
            if len(fault.seen) <= at:  # all calls have had their turn
                assert at > 5
                return
            opens_by_all(machine)
    pytest.fail("it makes more calls than this test expects")


@pytest.mark.posix("os.fork")
@pytest.mark.parametrize("verb", ["register", "rekey", "add a key file", "remove"])
@pytest.mark.parametrize("done", [False, True])
def test_kill_at_any_file_call_leaves_a_usable_store(tmp_path: Path, verb: str, done: bool) -> None:
    for at in range(0, 100, amount(short=5, full=1)):
        (tmp_path / str(at)).mkdir()
        machine = Machine(tmp_path / str(at), MemoryKeyring())
        register(machine.store(), Profile("one", BASIC))
        machine.store().protectors.add(machine.keyfile())
        child = os.fork()
        if child == 0:
            try:
                system = machine.system(Files(Fault(at, None, done=done)))
                CHANGES[verb](machine, EncryptedStore(system), system)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        opens_by_all(machine)
        if os.waitstatus_to_exitcode(status) == 0:
            assert at > 5
            return
    pytest.fail("it makes more calls than this test expects")


def clear(machine: Machine) -> None:
    """Takes the entries away: a Secret Service has locked memory for some hundred only."""
    for entry in entries_of(machine):
        account = f"{machine.store().status().store_id} {entry}"
        machine.keyring.delete(account)
        machine.keyring.delete(f"{account} counter")


@pytest.mark.usefixtures("system_keyring")
@pytest.mark.parametrize("verb", CHANGES)
@pytest.mark.parametrize("done", [False, True])
def test_failure_at_any_keyring_change_leaves_a_usable_store(
    tmp_path: Path, verb: str, done: bool
) -> None:
    for at in range(20):
        folder = tmp_path / str(at)
        machine = two_protectors(folder, Keyring())
        keyring = DyingKeyring(at, done=done)
        system = machine.system(keyring=keyring)
        # By the keyring, so that its memory of the newest version takes part.
        del machine.environ["KEYSTEAD_PASSPHRASE_FILE"]
        if verb == "rekey":
            machine.environ["KEYSTEAD_NEW_PASSPHRASE_FILE"] = str(folder / "passphrase")
        with contextlib.suppress(Death):
            CHANGES[verb](machine, EncryptedStore(system), system)
        opens_by_all(machine)
        clear(machine)
        if keyring.seen <= at:
            return
    pytest.fail("it changes the keyring more often than this test expects")


def test_a_failing_write_leaves_no_entry_in_the_keyring(
    machine: Machine, system_keyring: Mapping[str, str]
) -> None:
    machine.store().init()
    wrapped: list[str] = []

    class Watched(KeyringProtector):
        def wrap(self, *arguments: object) -> str:
            wrapped.append(super().wrap(*arguments))
            return wrapped[0]

    store = machine.store(Files(Fault(0, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))))
    with pytest.raises(FileProblem):
        store.protectors.add(Watched(machine.system()))
    entry = wrapped[0].split()[1].removeprefix("entry=")
    assert Keyring().get(f"{machine.store().status().store_id} {entry}") is None
