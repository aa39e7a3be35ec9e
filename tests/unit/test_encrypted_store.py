"""The encrypted store: its file, when it asks, what it refuses, and writes that fail."""

import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keystead.crypto import DataKey
from keystead.errors import (
    FileProblem,
    InteractionRequired,
    KeysteadError,
    ProfileInvalid,
    ProfileNotFound,
    StoreCorrupt,
    StoreUnavailable,
    UsageError,
)
from keystead.model.profile import Profile
from keystead.secret import Secret
from keystead.stores.base import register
from keystead.stores.encrypted.layout import parse
from keystead.stores.encrypted.protectors import Argon2Cost, PassphraseProtector, StoreRef
from keystead.stores.encrypted.store import TRIES, EncryptedStore, StoreStatus
from keystead.system import Files, System, Terminal
from keystead.testing import EXAMPLES, contents
from tests.canaries import (
    ACCESS_KEY_ID,
    PASSPHRASE,
    SECOND_SECRET_KEY,
    SECRET_KEY,
    SESSION_TOKEN,
    leaks,
)
from tests.decoder import decode
from tests.effort import amount
from tests.modes import PRIVATE_FILE, PRIVATE_FOLDER, mode

CHEAP = Argon2Cost(memory=8192, passes=1, lanes=1)
BASIC = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
OTHER = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECOND_SECRET_KEY}


class Person(Terminal):
    """A user at a terminal who knows the passphrase and counts the prompts."""

    def __init__(self, answer: str = PASSPHRASE) -> None:
        self.answer = answer
        self.asked = 0

    def ask_secret(self, question: str, *, hint: str) -> str:
        self.asked += 1
        return self.answer


class Nobody(Terminal):
    def available(self) -> bool:
        return False


class Machine:
    """One home folder; each ``store()`` is like a new process that reads it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "data" / "RegisteredAccounts.json"

    def store(self, terminal: Terminal | None = None, files: Files | None = None) -> EncryptedStore:
        environ = {"HOME": str(self.root), "KEYSTEAD_HOME": str(self.root / "data")}
        system = System(
            environ=environ, terminal=terminal or Person(), files=files or Files(), dpapi=None
        )
        return EncryptedStore(system, protector=PassphraseProtector(system, cost=CHEAP))

    def file(self) -> dict[str, dict[str, str]]:
        return json.loads(self.path.read_bytes())

    def profiles(self) -> dict[str, dict[str, str]]:
        """The file by an independent reader: the entries in clear, by display name."""
        found = decode(self.path.read_bytes(), PASSPHRASE.encode())
        return {entry.pop("DisplayName"): entry for entry in found.values()}

    def rewrite(self, edit: Callable[[dict[str, dict[str, str]]], None], *, sign: bool) -> None:
        """Edits the file as another program would; ``sign`` as one that knows the data key."""
        whole = self.file()
        edit(whole)
        if sign:
            accounts = parse(json.dumps(whole).encode(), "f")
            whole["keystead"]["Mac"] = self.data_key().mac(accounts.canonical_members)
        self.path.write_text(json.dumps(whole))

    def data_key(self) -> DataKey:
        accounts = parse(self.path.read_bytes(), "f")
        protector = PassphraseProtector(System(environ={}, terminal=Person()))
        raw = protector.unwrap(accounts.protectors[0], StoreRef(accounts.store_id, self.path))
        return DataKey(accounts.store_id, raw)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


# The file


def test_a_new_store(machine: Machine) -> None:
    register(machine.store(), Profile("one", {**BASIC, "region": "eu-west-1", "team": "blue"}))
    whole = machine.file()
    header = whole.pop("keystead")
    [entry] = whole.values()
    assert (header["Format"], header["Counter"]) == ("1", "1")
    assert list(header) == ["Format", "StoreId", "Counter", "Recipient", "Protector.1", "Mac"]
    assert list(entry) == [
        "DisplayName",
        "ProfileType",
        "AWSAccessKey",
        "AWSSecretKey",
        "Region",
        "team",
    ]
    assert machine.profiles() == {
        "one": {
            "ProfileType": "AWS",
            "AWSAccessKey": ACCESS_KEY_ID,
            "AWSSecretKey": SECRET_KEY,
            "Region": "eu-west-1",
            "team": "blue",
        }
    }
    assert mode(machine.path) == PRIVATE_FILE
    assert mode(machine.path.parent) == PRIVATE_FOLDER


def test_file_contains_no_secret(machine: Machine) -> None:
    settings = {**BASIC, "aws_session_token": SESSION_TOKEN, "my_password": SECOND_SECRET_KEY}
    register(machine.store(), Profile("one", settings))
    text = machine.path.read_text()
    assert leaks(text) == []
    assert ACCESS_KEY_ID not in text
    assert machine.profiles()["one"]["my_password"] == SECOND_SECRET_KEY


@pytest.mark.parametrize("kind", EXAMPLES)
def test_independent_decoder_opens_every_type(machine: Machine, kind: str) -> None:
    register(machine.store(), Profile("one", EXAMPLES[kind]))
    entry = machine.profiles()["one"]
    entry.pop("ProfileType")
    assert sorted(entry.values()) == sorted(EXAMPLES[kind].values())


def test_the_type_follows_the_settings(machine: Machine) -> None:
    store = machine.store()
    register(store, Profile("one", EXAMPLES["AssumeRole"]))
    assert machine.profiles()["one"]["ProfileType"] == "AssumeRoleExternalMFASessionName"
    store.change("one", lambda _: {"mfa_serial": None, "role_session_name": ""})
    assert machine.profiles()["one"]["ProfileType"] == "AssumeRoleExternal"
    store.change("one", lambda _: dict.fromkeys(EXAMPLES["AssumeRole"]))
    assert machine.profiles() == {"one": {}}


def test_each_write_increments_the_version_and_preserves_other_ciphertexts(
    machine: Machine,
) -> None:
    store = machine.store()
    register(store, Profile("one", BASIC))
    [before] = [e for e in machine.file().values() if "DisplayName" in e]
    register(store, Profile("two", OTHER))
    register(store, Profile("one", {"region": "eu-west-1"}))
    [after] = [e for e in machine.file().values() if e.get("DisplayName") == "one"]
    assert after == {**before, "Region": "eu-west-1"}
    assert machine.file()["keystead"]["Counter"] == "3"


def test_unchanged_store_is_not_written(machine: Machine) -> None:
    store = machine.store()
    register(store, Profile("one", {**BASIC, "region": "eu-west-1"}))
    before = machine.path.read_bytes()
    locked = machine.store(Nobody())
    register(locked, Profile("one", {"region": "eu-west-1"}))
    locked.change("one", lambda _: {"output": None})
    locked.rename("one", "one", force=True)
    locked.change("nobody", lambda _: {})
    assert machine.path.read_bytes() == before


def test_guids(machine: Machine) -> None:
    store = machine.store()
    register(store, Profile("one", BASIC))
    first = store.find("one").unique_key
    register(store, Profile("one", EXAMPLES["Session"]))
    store.rename("one", "two")
    store.copy("two", "three")
    assert store.find("two").unique_key == first
    assert store.find("three").unique_key != first
    assert set(machine.file()) == {"keystead", first, store.find("three").unique_key}


def test_copy_is_encrypted_separately(machine: Machine) -> None:
    store = machine.store()
    register(
        store,
        Profile(
            "one",
            {
                **EXAMPLES["AssumeRole"],
                "toolkit_artifact_guid": "12345678-9abc-4def-8123-456789abcdef",
            },
        ),
    )
    store.copy("one", "two")
    entries = [e for e in machine.file().values() if "DisplayName" in e]
    for key in ("ExternalId", "MfaSerial"):
        assert entries[0][key] != entries[1][key]
    expected = {k: v for k, v in machine.profiles()["one"].items() if k != "toolkit_artifact_guid"}
    assert machine.profiles()["two"] == expected


def test_entries_of_other_programs_are_preserved(machine: Machine) -> None:
    store = machine.store()
    register(store, Profile("one", BASIC))
    foreign = {
        "DisplayName": "saml",
        "ProfileType": "SAML",
        "EndpointName": "adfs",
        "RoleArn": "arn:aws:iam::123456789012:role/x",
        "UserIdentity": "0A0B",
        "SessionType": "AWS",
    }
    added = {
        "AAAAAAAA-4455-4677-8899-AABBCCDDEEFF": foreign,
    }
    machine.rewrite(lambda whole: whole.update(added), sign=True)

    store = machine.store()
    register(store, Profile("two", OTHER))
    store.unregister("one")
    store.copy("two", "three")
    after = machine.file()
    assert {guid: after[guid] for guid in added} == added
    assert [p.name for p in store.profiles()] == ["saml", "two", "three"]
    assert store.find("saml").type is None
    assert "0A0B" not in store.find("saml").settings.values()
    store.rename("saml", "adfs")
    assert machine.file()["AAAAAAAA-4455-4677-8899-AABBCCDDEEFF"] == {
        **foreign,
        "DisplayName": "adfs",
    }


def test_a_secret_is_never_written_under_another_programs_spelling(machine: Machine) -> None:
    register(machine.store(), Profile("one", BASIC))

    def add(whole: dict[str, dict[str, str]]) -> None:
        for member, entry in whole.items():
            if member != "keystead":
                entry["My_Password"] = "theirs"

    machine.rewrite(add, sign=True)
    machine.store().change("one", lambda _: {"my_password": SECOND_SECRET_KEY})
    assert leaks(machine.path.read_text()) == []
    assert machine.profiles()["one"]["my_password"] == SECOND_SECRET_KEY


def test_first_of_two_entries_with_one_name_is_used_and_both_are_listed(machine: Machine) -> None:
    store = machine.store()
    for name, region in (("one", "eu-west-1"), ("two", "eu-west-2"), ("three", "eu-west-3")):
        register(store, Profile(name, {"region": region}))

    def same(whole: dict[str, dict[str, str]]) -> None:
        for entry in whole.values():
            if entry.get("DisplayName") == "two":
                entry["DisplayName"] = "one"

    machine.rewrite(same, sign=True)
    store = machine.store()
    assert [(p.name, p.region) for p in store.profiles()] == [
        ("one", "eu-west-1"), ("one", "eu-west-2"), ("three", "eu-west-3")
    ]  # fmt: skip
    assert store.find("one").region == "eu-west-1"
    store.unregister("one")
    assert [p.name for p in store.profiles()] == ["three"]


def test_removing_the_last_profile_leaves_an_empty_store(machine: Machine) -> None:
    store = machine.store()
    register(store, Profile("one", BASIC))
    store_id = store.status().store_id
    store.unregister("one")
    assert list(machine.file()) == ["keystead"]
    assert machine.store().status().store_id == store_id


@pytest.mark.parametrize("name", ["AWS PS Default", "zürich", "日本", 'quote " and \\'])
def test_names_in_any_script(machine: Machine, name: str) -> None:
    register(machine.store(), Profile(name, BASIC))
    assert contents(machine.store()) == {name: BASIC}
    assert list(machine.profiles()) == [name]


# What may not be stored


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"s3": {"addressing_style": "path"}}, "nested settings such as `s3`"),
        ({"s3.addressing_style": "path"}, "nested settings such as `s3`"),
        ({"DisplayName": "x"}, "`DisplayName` is a reserved name of the encrypted store"),
        ({"profiletype": "x"}, "`profiletype` is a reserved name"),
        ({"AWSSecretKey": "x"}, "`AWSSecretKey` is a reserved name"),
    ],
)
def test_settings_that_cannot_be_stored_are_refused(machine: Machine, changes, said: str) -> None:
    store = machine.store()
    register(store, Profile("one", BASIC))
    before = machine.path.read_bytes()
    with pytest.raises(ProfileInvalid, match=said):
        store.change("one", lambda _: {"region": "eu-west-1", **changes})
    assert machine.path.read_bytes() == before


def test_bad_input_is_refused_before_a_passphrase_is_asked_for(machine: Machine) -> None:
    person = Person()
    store = machine.store(person)
    for settings in ({"region": "a\nb"}, {"role_arn": "arn:aws:iam::123456789012:role/x"}):
        with pytest.raises(ProfileInvalid):
            register(store, Profile("one", settings))
    with pytest.raises(ProfileNotFound):
        store.unregister("one")
    assert person.asked == 0
    assert not machine.path.exists()


# When it asks


def test_listing_and_finding_do_not_prompt(machine: Machine) -> None:
    register(machine.store(), Profile("one", {**EXAMPLES["AssumeRole"], "region": "eu-west-1"}))
    store = machine.store(Nobody())
    found = store.find("one")
    assert found.type is not None
    assert found.type.name == "AssumeRole"
    assert (found.region, found.text("source_profile")) == ("eu-west-1", "base")
    assert isinstance(found.settings["external_id"], Secret)
    assert [p.name for p in store.profiles()] == ["one"]
    assert {str(origin) for origin in found.origins.values()} == {str(machine.path)}
    with pytest.raises(InteractionRequired) as caught:
        found.text("external_id")
    assert "KEYSTEAD_PASSPHRASE_FILE" in (caught.value.hint or "")


def test_passphrase_is_prompted_for_once(machine: Machine) -> None:
    register(machine.store(), Profile("one", BASIC))
    person = Person()
    store = machine.store(person)
    for _ in range(2):
        assert contents(store)["one"] == BASIC
        register(store, Profile("two", OTHER))
    assert person.asked == 1


def test_passphrase_is_prompted_for_once_by_all_threads(machine: Machine) -> None:
    register(machine.store(), Profile("one", BASIC))
    person = Person()
    value = machine.store(person).find("one").settings["aws_secret_access_key"]
    opened: list[str] = []
    threads = [threading.Thread(target=lambda: opened.append(value.reveal())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == [SECRET_KEY] * 8
    assert person.asked == 1


def test_new_passphrase_is_prompted_for_twice(machine: Machine) -> None:
    person = Person()
    register(machine.store(person), Profile("one", BASIC))
    assert person.asked == 2


def test_wrong_passphrase_opens_nothing_and_can_be_retried(machine: Machine) -> None:
    register(machine.store(), Profile("one", BASIC))
    before = machine.path.read_bytes()
    person = Person("wrong")
    store = machine.store(person)
    with pytest.raises(StoreUnavailable, match="does not open"):
        contents(store)
    with pytest.raises(StoreUnavailable, match="does not open"):
        register(store, Profile("two", OTHER))
    assert machine.path.read_bytes() == before
    person.answer = PASSPHRASE
    assert contents(store) == {"one": BASIC}


def test_replaced_store_is_opened_again(machine: Machine) -> None:
    store = machine.store()
    register(store, Profile("one", BASIC))
    old = store.find("one")
    machine.path.unlink()
    register(machine.store(), Profile("two", OTHER))
    assert contents(store) == {"two": OTHER}
    assert old.text("aws_secret_access_key") == SECRET_KEY
    register(store, old)
    assert machine.profiles().keys() == {"two", "one"}


def test_vanished_store_is_created_again(machine: Machine) -> None:
    store = machine.store()
    register(store, Profile("one", BASIC))
    old = store.find("one")
    machine.path.unlink()
    register(store, Profile("two", old.settings))
    assert machine.profiles()["two"]["AWSSecretKey"] == SECRET_KEY
    assert contents(machine.store()) == {"two": BASIC}


# init and status


def test_init_and_status(machine: Machine) -> None:
    store = machine.store()
    assert store.status() == StoreStatus(machine.path)
    assert not store.exists()
    store.init()
    status = machine.store(Nobody()).status()
    header = machine.file()["keystead"]
    assert status == StoreStatus(
        machine.path,
        exists=True,
        format="1",
        store_id=header["StoreId"],
        protectors=("passphrase",),
        profiles=0,
        unlocked=False,
    )
    assert store.status().unlocked
    assert store.exists()
    register(store, Profile("one", BASIC))
    assert machine.store(Nobody()).status().profiles == 1


def test_init_replaces_nothing(machine: Machine) -> None:
    register(machine.store(), Profile("one", BASIC))
    before = machine.path.read_bytes()
    with pytest.raises(UsageError, match="an encrypted store exists already"):
        machine.store(Nobody()).init()
    assert machine.path.read_bytes() == before


# What was tampered with


def edit_entry(**changes: str) -> Callable[[dict[str, dict[str, str]]], None]:
    def edit(whole: dict[str, dict[str, str]]) -> None:
        next(entry for entry in whole.values() if "DisplayName" in entry).update(changes)

    return edit


def edit_header(**changes: str) -> Callable[[dict[str, dict[str, str]]], None]:
    return lambda whole: whole["keystead"].update(changes)


def remove_entry(whole: dict[str, dict[str, str]]) -> None:
    del whole[list(whole)[-1]]


def swap_values(whole: dict[str, dict[str, str]]) -> None:
    one, two = list(whole.values())[1:]
    one["AWSSecretKey"], two["AWSSecretKey"] = two["AWSSecretKey"], one["AWSSecretKey"]


def lower_mac(whole: dict[str, dict[str, str]]) -> None:
    whole["keystead"]["Mac"] = whole["keystead"]["Mac"].lower()


TAMPERING = {
    "a role": edit_entry(RoleArn="arn:aws:iam::999999999999:role/evil"),
    "a region": edit_entry(Region="us-gov-east-1"),
    "a name": edit_entry(DisplayName="other"),
    "a type": edit_entry(ProfileType="SAML"),
    "an unknown key": edit_entry(Whatever="x"),
    "the counter": edit_header(Counter="99"),
    "an unknown header": edit_header(Later="x"),
    "one more protector": edit_header(**{"Protector.2": "tpm x"}),
    "a profile left out": remove_entry,
    "a profile added": lambda whole: whole.update(
        {"12345678-9abc-4def-8123-456789abcdef": {"DisplayName": "x"}}
    ),
    "values swapped": swap_values,
    "a seal in lower case": lower_mac,
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_refused(machine: Machine, what: str) -> None:
    open_store = machine.store()
    register(open_store, Profile("one", BASIC))
    register(open_store, Profile("two", OTHER))
    machine.rewrite(TAMPERING[what], sign=False)
    spoilt = machine.path.read_bytes()
    store = machine.store()
    refused: list[Callable[[], object]] = [
        lambda: [reveal() for reveal in secrets_of(store)],
        lambda: register(store, Profile("three", BASIC)),
        lambda: store.unregister(store.profiles()[0].name),
        lambda: store.copy(store.profiles()[0].name, "copy"),
        # Unlocked before, it refuses even to list.
        open_store.profiles,
        lambda: open_store.find("two"),
        open_store.status,
    ]
    for call in refused:
        with pytest.raises(StoreCorrupt, match="damaged, or changed by another program") as caught:
            call()
        assert caught.value.where is not None
        assert caught.value.where.file == str(machine.path)
    assert machine.path.read_bytes() == spoilt


def secrets_of(store: EncryptedStore) -> Iterator[Callable[[], str]]:
    for profile in store.profiles():
        for value in profile.settings.values():
            if isinstance(value, Secret):
                yield value.reveal


def test_swapped_values_are_refused_even_with_a_valid_mac(machine: Machine) -> None:
    store = machine.store()
    register(store, Profile("one", BASIC))
    register(store, Profile("two", OTHER))
    machine.rewrite(swap_values, sign=True)
    found = machine.store().find("one")
    assert found.text("aws_access_key_id") == ACCESS_KEY_ID
    with pytest.raises(StoreCorrupt, match="`AWSSecretKey`"):
        found.text("aws_secret_access_key")


@pytest.mark.parametrize("data", [b"", b"{}", b"\0" * 100, b"[]", b'{"keystead": {"Format": "2"}}'])
def test_malformed_file_is_an_error_and_is_not_replaced(machine: Machine, data: bytes) -> None:
    machine.path.parent.mkdir(parents=True)
    machine.path.touch(mode=0o600)
    machine.path.write_bytes(data)
    store = machine.store()
    for call in (
        store.profiles,
        store.status,
        store.init,
        lambda: store.find("one"),
        lambda: register(store, Profile("one", BASIC)),
    ):
        with pytest.raises(StoreCorrupt) as caught:
            call()
        assert str(machine.path) in str(caught.value)
    assert machine.path.read_bytes() == data


def test_a_truncated_file_is_refused_at_every_length(machine: Machine) -> None:
    register(machine.store(), Profile("one", BASIC))
    whole = machine.path.read_bytes().rstrip()
    for length in range(len(whole)):
        with pytest.raises(StoreCorrupt):
            parse(whole[:length], "f")


@pytest.mark.posix("modes, owners and symbolic links")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o666])
def test_file_that_others_may_read_or_write_is_refused(machine: Machine, mode: int) -> None:
    register(machine.store(), Profile("one", BASIC))
    machine.path.chmod(mode)
    store = machine.store()
    for call in (store.profiles, lambda: register(store, Profile("two", OTHER))):
        with pytest.raises(
            StoreUnavailable, match="may be read or written by other users"
        ) as caught:
            call()
        assert caught.value.hint == f"run `chmod 600 {machine.path}`"
    machine.path.chmod(0o600)
    assert contents(store) == {"one": BASIC}


@pytest.mark.posix("modes, owners and symbolic links")
@pytest.mark.root("making a file another user's")
def test_a_file_of_another_user_is_refused(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(machine.store(), Profile("one", BASIC))
    os.chown(machine.path, 64502, 64502)
    monkeypatch.setattr(os, "geteuid", lambda: 64501)
    with pytest.raises(StoreUnavailable, match="the encrypted store belongs to another") as caught:
        machine.store().profiles()
    assert caught.value.hint is not None
    assert f"chown $(id -u) {machine.path}" in caught.value.hint
    monkeypatch.setattr(os, "geteuid", lambda: 0)  # root reads what is anybody's
    assert len(machine.store().profiles()) == 1


# Writes at once, writes that fail, writes that are cut off


def test_concurrent_change_of_another_program_is_not_overwritten(machine: Machine) -> None:
    store = machine.store()
    register(store, Profile("one", BASIC))
    calls = 0

    def changes(current: Profile | None) -> dict[str, str]:
        nonlocal calls
        calls += 1
        if calls == 2:  # under the lock: a program that knows no locks
            later = machine.path.with_name("later")
            later.touch(mode=0o600)
            later.write_bytes(machine.path.read_bytes())
            later.replace(machine.path)
        return {"region": "eu-west-1", "team": f"{calls}"}

    store.change("one", changes)
    assert calls == 3
    assert machine.profiles()["one"]["team"] == "3"


def test_save_gives_up_when_another_program_keeps_writing(machine: Machine) -> None:
    store = machine.store()
    register(store, Profile("one", BASIC))
    before = machine.file()

    def changes(current: Profile | None) -> dict[str, str]:
        later = machine.path.with_name("later")
        later.touch(mode=0o600)
        later.write_bytes(machine.path.read_bytes())
        later.replace(machine.path)
        return {"region": "eu-west-1"}

    with pytest.raises(FileProblem, match=f"during each of {TRIES} tries"):
        store.change("one", changes)
    assert machine.file() == before


def test_concurrent_writers_lose_nothing(machine: Machine) -> None:
    machine.store().init()
    names = [f"p{number}" for number in range(12)]
    threads = [
        threading.Thread(target=lambda n=name: register(machine.store(), Profile(n, BASIC)))
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(machine.profiles()) == sorted(names)
    assert machine.file()["keystead"]["Counter"] == "13"


class FailingCalls:
    """The system calls of a write, of which the one with the number ``at`` fails."""

    def __init__(self, at: int, error: int) -> None:
        self.at = at
        self.error = error
        self.made: list[str] = []

    def _step(self, name: str) -> None:
        self.made.append(name)
        if len(self.made) - 1 == self.at:
            raise OSError(self.error, os.strerror(self.error))

    def open(self, *arguments):
        self._step("open")
        return os.open(*arguments)

    def write(self, fd: int, data: bytes) -> int:
        self._step("write")
        return os.write(fd, data[:200])  # a write may take less than it was given

    def fsync(self, fd: int) -> None:
        self._step("fsync")
        os.fsync(fd)

    def close(self, fd: int) -> None:
        os.close(fd)
        self._step("close")

    def replace(self, src: str, dst: str) -> None:
        self._step("replace")
        os.replace(src, dst)


VERBS: dict[str, Callable[[EncryptedStore], None]] = {
    "register": lambda store: register(store, Profile("two", OTHER)),
    "unregister": lambda store: store.unregister("one"),
    "rename": lambda store: store.rename("one", "two"),
    "copy": lambda store: store.copy("one", "two"),
}


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("verb", VERBS)
def test_every_failing_call_leaves_the_old_or_the_new_file(
    machine: Machine, verb: str, error: int
) -> None:
    register(machine.store(), Profile("one", BASIC))
    old = machine.path.read_bytes()
    seen: set[str] = set()
    for at in range(100):
        machine.path.write_bytes(old)
        calls = FailingCalls(at, error)
        try:
            VERBS[verb](machine.store(files=Files(calls=calls)))
        except FileProblem:
            failed = calls.made[at]
            seen.add(failed)
            # The first replacement is that of the generation, for `keystead undo`.
            replaced = calls.made[:at].count("replace") == 2
            assert (machine.path.read_bytes() != old) == replaced
        else:
            break
        machine.profiles()  # opens
        assert {p.name for p in machine.path.parent.iterdir()} <= {
            machine.path.name,
            f".{machine.path.name}.keystead.lock",
            "generations",
            "undo.key",
            ".undo.key.keystead.lock",
        }
        kept = {p.suffix for p in (machine.path.parent / "generations").iterdir()}
        assert kept <= {".json", ".lock"}  # no temporary file is left there either
    assert seen == {"open", "write", "fsync", "close", "replace"}


def test_failed_creation_leaves_no_store(machine: Machine) -> None:
    for at in range(5):
        with pytest.raises(FileProblem):
            machine.store(files=Files(calls=FailingCalls(at, errno.ENOSPC))).init()
        assert not machine.path.exists()


CUT_OFF = """
import os, sys
from tests.unit.test_encrypted_store import FailingCalls, Machine, VERBS
from keystead.system import Files
from pathlib import Path

class Killed(FailingCalls):
    def _step(self, name):
        self.made.append(name)
        if len(self.made) - 1 == self.at:
            os._exit(9)

calls = Killed(int(sys.argv[2]), 0)
VERBS["register"](Machine(Path(sys.argv[1])).store(files=Files(calls=calls)))
print(len(calls.made))
"""


@pytest.mark.posix("a folder that is flushed after each write")
def test_kill_at_any_call_leaves_the_old_or_the_new_file(machine: Machine) -> None:
    register(machine.store(), Profile("one", BASIC))
    root = Path(__file__).parents[2]

    def register_until(at: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", CUT_OFF, str(machine.root), str(at)],
            cwd=root, capture_output=True, text=True,
        )  # fmt: skip

    calls = int(register_until(-1).stdout)
    machine.store().unregister("two")
    outcomes = []
    for at in (*range(0, calls - 1, amount(short=5, full=1)), calls - 1):
        done = register_until(at)
        assert done.returncode == 9, done.stderr
        outcomes.append(tuple(machine.profiles()))
        machine.store().change("one", lambda _, at=at: {"team": str(at)})
        assert not list(machine.path.parent.glob("*.tmp")), "the next writer sweeps"
        if "two" in machine.profiles():
            machine.store().unregister("two")
    assert outcomes[0] == ("one",)
    assert outcomes[-1] == ("one", "two")
    assert outcomes == sorted(outcomes)


def test_errors_show_no_secret(machine: Machine) -> None:
    register(machine.store(), Profile("one", BASIC))
    machine.rewrite(TAMPERING["a region"], sign=False)
    for store in (machine.store(), machine.store(Person("wrong")), machine.store(Nobody())):
        with pytest.raises(KeysteadError) as caught:
            contents(store)
        assert leaks(f"{caught.value!r} {caught.value} {caught.value.hint}") == []
