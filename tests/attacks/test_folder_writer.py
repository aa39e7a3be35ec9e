"""An attacker who can write one folder: a synchronised home, a restored backup, a shared volume.

The attacker does not run as the user and knows no secret of theirs; what they plant is a whole
store, a key file, a record, a session or an undo copy.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pexpect
import pytest

from devtools import command
from keystead.agent.protocol import SENDER
from keystead.crypto import DataKey
from keystead.model.credentials import Credentials
from keystead.model.session import Session
from keystead.powershell.services.index import Index
from keystead.stores.encrypted.known_store import Identity
from keystead.stores.encrypted.layout import Accounts, parse, store_id_of
from keystead.stores.encrypted.protectors import KeyfileProtector, StoreRef
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from keystead.system.folders import Folders
from tests.canaries import ACCESS_KEY_ID, PASSPHRASE, SECRET_KEY
from tests.conftest import Keystead
from tests.protection import passphrase

pytestmark = pytest.mark.posix("a pseudo-terminal, and the folders of XDG")

KEYS = f"aws_access_key_id={ACCESS_KEY_ID}\naws_secret_access_key={SECRET_KEY}\n"
USES = [
    "list",
    "show prod",
    "plan prod",
    "explain prod",
    "process prod",
    "env prod",
    "exec prod true",
    "set prod region=eu-west-1",
    "copy prod other",
    "remove prod --force",
    "store protectors",
    "store protectors remove 1",
    "store rekey",
    "store init",
]
"""A command of each kind that uses the encrypted store."""


class Attacker:
    """Makes stores under the attacker's key file, whose program leaves a mark where it ran."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(mode=0o700)
        self.mark = folder / "ran"
        self.key_file = folder / "known.key"
        environ = {"HOME": str(folder), "KEYSTEAD_HOME": str(folder / "home")}
        self.system = System(environ, dpapi=None)

    def store(self, like: bytes | None = None, *records: str) -> bytes:
        """A valid store; with ``like`` it has the id and recipient of that one."""
        raw = os.urandom(32)
        key = DataKey(parse(like, "").store_id if like else store_id_of(raw), raw)
        protector = KeyfileProtector(self.system, path=self.key_file)
        record = protector.wrap(raw, StoreRef(key.store_id, self.folder / "store"))
        entry = {"DisplayName": "prod", "credential_process": f"touch {self.mark}"}
        recipient = parse(like, "").own["Recipient"] if like else key.recipient.hex().upper()
        made = Accounts.new(key.store_id, bytes.fromhex(recipient), record)
        made = made.next({"12345678-9abc-4def-8123-456789abcdef": entry})
        for number, more in enumerate(records, 2):
            made = Accounts({**made.own, f"Protector.{number}": more}, made.entries)
        return made.signed(key.mac(made.canonical_members)).render()


class Owner:
    """The victim's commands and files."""

    def __init__(self, keystead: Keystead) -> None:
        self.keystead = keystead
        self.environ: dict[str, str] = {}
        self.key_file = keystead.home / "keys" / "store.key"
        self.passphrase = keystead.home / "passphrase"
        self.passphrase.touch(mode=0o600)
        self.passphrase.write_text(PASSPHRASE)
        keystead.plain.add(self.passphrase)

    @property
    def folders(self) -> Folders:
        return Folders(os.environ)

    @property
    def store(self) -> Path:
        return self.folders.accounts_file

    def run(self, line: str, *, stdin: str | None = None) -> command.Done:
        return self.keystead(*line.split(), stdin=stdin, env=self.environ)

    def succeed(self, line: str, *, stdin: str | None = None) -> str:
        done = self.run(line, stdin=stdin)
        assert done.code == 0, done.stderr
        return done.stdout

    def make(self, kind: str = "keyfile") -> Owner:
        if kind == "passphrase":
            self.environ["KEYSTEAD_PASSPHRASE_FILE"] = str(self.passphrase)
            system = System({**os.environ, **self.environ})
            EncryptedStore(system).init(passphrase(system))
        else:
            key_file = f" --key-file {self.key_file}" if kind == "keyfile" else ""
            self.succeed(f"store init --protector {kind}{key_file}")
        self.succeed("set prod --secrets-from -", stdin=KEYS)
        return self

    def refuses(self, line: str, text: str = "is not the known one") -> str:
        before = self.store.read_bytes()
        done = self.run(line)
        assert (done.code, done.stdout) == (5, ""), done
        assert text in done.stderr
        assert self.store.read_bytes() == before
        return done.stderr

    def works(self) -> bool:
        return ACCESS_KEY_ID in self.succeed("process prod")


@pytest.fixture
def attacker(tmp_path: Path) -> Attacker:
    return Attacker(tmp_path / "attacker")


@pytest.fixture
def owner(keystead: Keystead) -> Owner:
    """With `KEYSTEAD_HOME`: one folder for everything."""
    return Owner(keystead)


@pytest.fixture
def at_home(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> Owner:
    """With the platform's own folders."""
    monkeypatch.delenv("KEYSTEAD_HOME")
    return owner


# The data folder


@pytest.mark.parametrize("kind", ["keyfile", "passphrase"])
def test_a_foreign_store_stops_every_command_and_runs_nothing(
    at_home: Owner, attacker: Attacker, kind: str
) -> None:
    at_home.make(kind)
    at_home.store.write_bytes(attacker.store())
    for line in USES if kind == "keyfile" else ("list", "process prod", "set new region=eu-west-1"):
        at_home.refuses(line)
    assert not attacker.mark.exists()
    assert "known one: its id is" in at_home.run("doctor").stdout


def test_a_foreign_store_with_a_copied_id_stops_every_command(
    at_home: Owner, attacker: Attacker
) -> None:
    own = at_home.make().store.read_bytes()
    at_home.store.write_bytes(attacker.store(own))
    assert "the protector `keyfile` was added" in at_home.refuses("process prod")
    at_home.store.write_bytes(attacker.store(own, *parse(own, "").protectors))
    at_home.refuses("process prod")
    assert not attacker.mark.exists()


def test_a_key_file_does_not_stand_in_for_a_passphrase(at_home: Owner, attacker: Attacker) -> None:
    own = at_home.make("passphrase").store.read_bytes()
    at_home.store.write_bytes(attacker.store(own, *parse(own, "").protectors))
    del at_home.environ["KEYSTEAD_PASSPHRASE_FILE"]
    assert "the protector `keyfile` was added" in at_home.refuses("process prod")
    assert not attacker.mark.exists()


def test_changes_by_keystead_itself_are_accepted(at_home: Owner) -> None:
    at_home.make("passphrase")
    at_home.succeed(f"store protectors add keyfile --key-file {at_home.key_file}")
    assert at_home.works()
    at_home.succeed("undo")
    assert at_home.works()
    at_home.succeed("undo")
    at_home.succeed("store protectors remove passphrase")
    del at_home.environ["KEYSTEAD_PASSPHRASE_FILE"]
    assert at_home.works()
    at_home.succeed("store rekey")
    assert at_home.works()
    assert json.loads(at_home.succeed("store status --json"))["changes"] == []


def test_a_protector_that_was_removed_does_not_come_back(at_home: Owner) -> None:
    at_home.make("passphrase")
    at_home.succeed(f"store protectors add keyfile --key-file {at_home.key_file}")
    old = at_home.store.read_bytes()
    at_home.succeed("store protectors remove keyfile")
    at_home.store.write_bytes(old)
    assert "the protector `keyfile` was added" in at_home.refuses("process prod")


def test_user_can_accept_another_store(at_home: Owner, attacker: Attacker) -> None:
    at_home.make()
    at_home.store.write_bytes(attacker.store())
    found = json.loads(at_home.succeed("store status --json"))
    assert found["changes"][0].startswith(f"its id is {found['store_id']} and was ")
    done = at_home.run("store accept")
    assert done.code == 6
    assert f"it opens with keyfile: {attacker.key_file}" in done.stderr
    at_home.refuses("process prod")
    at_home.refuses("store accept --id 12345678-9abc-4def-8123-456789abcdef", "its id is")
    at_home.succeed(f"store accept --id {found['store_id']}")
    assert "prod" in at_home.succeed("list")


@pytest.mark.parametrize(("answer", "code"), [("n", 5), ("y", 0)])
def test_user_is_shown_what_changed_and_asked(
    at_home: Owner, attacker: Attacker, answer: str, code: int
) -> None:
    at_home.make()
    at_home.store.write_bytes(attacker.store())
    child = pexpect.spawn(str(command.KEYSTEAD), ["store", "accept"], encoding="utf-8", timeout=30)
    child.expect("the store has changed: its id is ")
    child.expect("it opens with keyfile: ")
    child.expect("as your encrypted store")
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert at_home.run("list").code == code


# A memory that is missing


def forget(owner: Owner) -> None:
    owner.folders.known_stores.unlink()


def test_key_file_does_not_open_an_unrecorded_store(at_home: Owner) -> None:
    at_home.make()
    forget(at_home)
    refused = at_home.refuses("process prod", "is not known here")
    store_id = json.loads(at_home.succeed("store status --json"))["store_id"]
    assert f"keystead store accept --id {store_id}" in refused
    done = at_home.run("list")
    assert "prod" in done.stdout
    assert "not remembered here yet" in done.stderr
    at_home.succeed(f"store accept --id {store_id}")
    assert at_home.works()
    assert "not remembered" not in at_home.run("list").stderr


def test_a_copied_id_is_not_accepted_on_a_new_machine(at_home: Owner, attacker: Attacker) -> None:
    own = at_home.make().store.read_bytes()
    forget(at_home)
    at_home.store.write_bytes(attacker.store(own))
    at_home.refuses(f"store accept --id {parse(own, '').store_id}", "is not derived from its key")
    at_home.refuses("process prod", "is not known here")
    assert not attacker.mark.exists()


def test_passphrase_opens_an_unrecorded_store_and_records_it(
    at_home: Owner, attacker: Attacker
) -> None:
    at_home.make("passphrase")
    at_home.succeed(f"store protectors add keyfile --key-file {at_home.key_file}")
    forget(at_home)
    assert at_home.works()
    del at_home.environ["KEYSTEAD_PASSPHRASE_FILE"]
    assert at_home.works()
    at_home.store.write_bytes(attacker.store())
    at_home.refuses("process prod")


@pytest.mark.needs("a Secret Service")
@pytest.mark.usefixtures("system_keyring")
def test_keyring_opens_an_unrecorded_store_and_records_it(
    at_home: Owner, attacker: Attacker
) -> None:
    at_home.make("keyring")
    forget(at_home)
    assert at_home.works()
    at_home.store.write_bytes(attacker.store())
    at_home.refuses("process prod")


# The state folder


@pytest.mark.parametrize(
    "planted", ["of the foreign store", "[", "{}", "7", '{"PATH": [{"x": 1}, 7]}']
)
def test_planted_record_opens_no_foreign_store(
    at_home: Owner, attacker: Attacker, planted: str
) -> None:
    own = at_home.make().store.read_bytes()
    memory = at_home.folders.known_stores
    if planted == "of the foreign store":
        at_home.store.write_bytes(attacker.store())
        at_home.succeed("store accept --force")
        at_home.store.write_bytes(own)
        at_home.refuses("process prod")
        return
    memory.write_text(planted.replace("PATH", str(at_home.store)))
    at_home.refuses("process prod", "is not known here")


def test_record_that_others_may_write_is_refused(at_home: Owner) -> None:
    at_home.make()
    at_home.folders.known_stores.chmod(0o666)
    at_home.refuses("process prod", "may be read or written by other users")


SHARED = "[old]\nregion = eu-west-1\n"


def change_shared_file(owner: Owner) -> Path:
    path = owner.folders.credentials_file
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    path.write_text(SHARED)
    owner.succeed(f"set new region=eu-west-2 --location {path}")
    return path


@pytest.mark.parametrize("signed", [False, True])
def test_planted_undo_copy_is_not_restored(at_home: Owner, signed: bool) -> None:
    path = change_shared_file(at_home)
    [copy] = at_home.folders.undo_copies.glob("*.json")
    entry = json.loads(copy.read_text())
    target = at_home.keystead.home / ".profile"
    text = base64.b64encode(b"echo planted").decode()
    entry["files"] = [{"path": str(target), "before": f"bare {text}", "after": None}]
    if not signed:
        del entry["mac"]
    copy.with_name(copy.name.replace("20", "29", 1)).write_text(json.dumps(entry))
    done = at_home.run("undo")
    assert done.code == 1
    assert "nothing proves that keystead made this copy" in done.stderr
    assert not target.exists()
    at_home.succeed(f"undo {copy.stem}")
    assert path.read_text() == SHARED


def test_copies_of_an_earlier_version_are_signed_once(at_home: Owner) -> None:
    path = change_shared_file(at_home)
    [copy] = at_home.folders.undo_copies.glob("*.json")
    entry = json.loads(copy.read_text())
    del entry["mac"]
    copy.write_text(json.dumps(entry))
    at_home.folders.undo_key.unlink()
    at_home.succeed(f"set new region=us-east-1 --location {path}")
    assert "mac" in json.loads(copy.read_text())
    at_home.succeed("undo")
    at_home.succeed(f"undo {copy.stem}")
    assert path.read_text() == SHARED


# The cache folder


def test_planted_session_is_not_used(at_home: Owner, attacker: Attacker) -> None:
    now = datetime(2126, 11, 27, tzinfo=UTC)
    made = Credentials("ASIAPLANTEDEXAMPLE", "s", "t", expires_at=now, source="planted")
    theirs = EncryptedStore(attacker.system).sessions()
    theirs.put("0" * 40, Session(made, now))
    assert theirs.get("0" * 40)
    shutil.copytree(attacker.system.folders.sessions, at_home.folders.sessions)
    own = System(dict(os.environ), dpapi=None)
    assert EncryptedStore(own).sessions().get("0" * 40) is None


def test_planted_completion_names_are_not_offered(at_home: Owner) -> None:
    index = Index(System(dict(os.environ)))
    names = index.of("sts")
    assert names
    path = at_home.folders.cmdlets / "sts.tsv"
    path.write_text(path.read_text().replace("Get-STSCallerIdentity", "Get-STS$(touch ran)"))
    assert index.of("sts") == names


# The launcher


def test_doctor_sees_that_the_launcher_was_replaced(at_home: Owner) -> None:
    at_home.succeed("agent launcher")
    assert f"{at_home.folders.launcher} is as keystead wrote it" in at_home.run("doctor").stdout
    at_home.folders.launcher.write_text("#!/bin/sh\ntouch ran\n")
    assert "is not what keystead writes there" in at_home.run("doctor").stdout


@pytest.mark.needs("cc")
def test_doctor_sees_that_the_native_launcher_was_replaced(at_home: Owner) -> None:
    at_home.succeed("agent launcher --native")
    path = at_home.folders.launcher
    assert f"{path} is as keystead wrote it" in at_home.run("doctor").stdout
    made = path.read_bytes()
    path.write_bytes(made.replace(b"/ready/", b"/other/"))
    found = at_home.run("doctor").stdout
    assert "is not what keystead writes there: it was changed, or the compiler was" in found
    path.write_bytes(made.replace(SENDER, b"keystead/0.0.0"))
    assert "it was changed, or keystead was updated" in at_home.run("doctor").stdout


# One folder for everything


def test_variable_is_the_record_if_everything_is_in_one_folder(
    owner: Owner, attacker: Attacker
) -> None:
    own = owner.make().store.read_bytes()
    owner.environ["KEYSTEAD_STORE_ID"] = parse(own, "").store_id.upper()
    assert owner.works()
    owner.store.write_bytes(attacker.store())
    for line in ("list", "process prod", "store accept --force"):
        owner.refuses(line)
    owner.store.write_bytes(attacker.store(own))
    owner.refuses("process prod", "is not derived from its key")
    assert not attacker.mark.exists()
    owner.store.unlink()
    assert owner.run("set new region=eu-west-1").code == 5
    assert not owner.store.exists()


def test_without_a_record_one_folder_relies_on_its_permissions(owner: Owner) -> None:
    """As docs/threat-model.md says, nothing else distinguishes one store from another."""
    owner.make()
    assert owner.works()
    done = owner.run("store accept --force")
    store_id = parse(owner.store.read_bytes(), "").store_id
    assert f"set KEYSTEAD_STORE_ID={store_id}" in done.stderr
    assert not owner.folders.known_stores.exists()


@pytest.mark.needs("a Secret Service")
def test_keyring_is_the_record_if_everything_is_in_one_folder(
    owner: Owner, attacker: Attacker, system_keyring: Mapping[str, str]
) -> None:
    owner.make()
    assert owner.works()
    owner.store.write_bytes(attacker.store())
    owner.refuses("process prod")
    store_id = json.loads(owner.succeed("store status --json"))["store_id"]
    owner.succeed(f"store accept --id {store_id}")
    owner.succeed("list")


@pytest.mark.needs("a Secret Service")
def test_keyring_records_that_a_prompting_store_has_no_key_file(
    owner: Owner, attacker: Attacker, system_keyring: Mapping[str, str]
) -> None:
    own = owner.make("passphrase").store.read_bytes()
    owner.store.write_bytes(attacker.store(own, *parse(own, "").protectors))
    owner.refuses("process prod", "is not known here")
    assert not attacker.mark.exists()


@pytest.mark.needs("a Secret Service")
def test_keyring_detects_a_completely_replaced_home(
    at_home: Owner, attacker: Attacker, system_keyring: Mapping[str, str]
) -> None:
    at_home.make()
    memory = at_home.folders.known_stores
    theirs = parse(attacker.store(), "")
    at_home.store.write_bytes(theirs.render())
    planted = json.loads(memory.read_text())
    identity = Identity.of(theirs)
    assert identity
    planted[str(at_home.store)] = [identity._asdict()]
    memory.write_text(json.dumps(planted))
    at_home.refuses("process prod")
    assert not attacker.mark.exists()


# A key file that anyone who can write the store can write


@pytest.mark.parametrize("place", ["store.key", "below/store.key", "../x/../keystead/store.key"])
def test_a_key_file_in_the_stores_folder_is_refused(owner: Owner, place: str) -> None:
    folder = owner.store.parent
    done = owner.run(f"store init --protector keyfile --key-file {folder / place}")
    assert done.code == 2
    assert "may not be in the folder of the encrypted store" in done.stderr
    assert f"outside of {folder}" in done.stderr
    assert not owner.store.exists()


def test_a_link_does_not_hide_where_the_key_file_is(owner: Owner, tmp_path: Path) -> None:
    owner.store.parent.mkdir(mode=0o700, parents=True)
    (tmp_path / "link").symlink_to(owner.store.parent)
    (owner.store.parent / "key").symlink_to(tmp_path / "key")
    for path in (tmp_path / "link" / "key", owner.store.parent / "key"):
        assert owner.run(f"store init --protector keyfile --key-file {path}").code == 2


def test_a_key_file_that_is_there_already_can_be_moved(owner: Owner) -> None:
    owner.make()
    inside = owner.store.parent / "store.key"
    shutil.move(owner.key_file, inside)
    owner.environ["KEYSTEAD_KEY_FILE"] = str(inside)
    owner.refuses("process prod", "move it to another folder and set KEYSTEAD_KEY_FILE")
    owner.environ["KEYSTEAD_KEY_FILE"] = str(shutil.move(inside, owner.keystead.home / "moved"))
    assert owner.works()


def test_a_passphrase_file_in_the_stores_folder_proves_nothing(
    owner: Owner, attacker: Attacker
) -> None:
    own = owner.make("passphrase").store.read_bytes()
    inside = owner.store.parent / "passphrase"
    shutil.move(owner.passphrase, inside)
    owner.keystead.plain.add(inside)
    owner.environ["KEYSTEAD_PASSPHRASE_FILE"] = str(inside)
    assert owner.works()
    owner.environ["KEYSTEAD_STORE_ID"] = parse(own, "").store_id
    assert owner.works()
