"""Everything that an earlier version left on disk opens, with the same values in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

import keystead as keystead_package
from keystead.app import App
from keystead.audit.grantee import Grantee
from keystead.errors import StoreCorrupt
from keystead.http.tokens import TokenFile
from keystead.powershell.shell.prompt import MaskedHistory
from keystead.powershell.table import CMDLETS
from keystead.stores.encrypted.store import EncryptedStore
from keystead.stores.used_mfa_codes import UsedMfaCodes
from keystead.system import System
from keystead.testing import MemoryKeyring, StandInDpapi, contents
from tests.canaries import ACCESS_KEY_ID, MFA_CODE, SECOND_SECRET_KEY, SECRET_KEY, SESSION_TOKEN
from tests.conftest import Keystead

VERSIONS = sorted(path for path in Path(__file__).parent.iterdir() if (path / "root.txt").exists())
MFA_SERIAL = "arn:aws:iam::123456789012:mfa/example"
STORES = [
    *((kind, kind) for kind in ("passphrase", "keyfile", "keyring", "dpapi", "dotnet")),
    *(("several", kind) for kind in ("passphrase", "keyfile", "keyring")),
]

pytestmark = pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.name)


@dataclass
class Home:
    """A copy of a version's data, where the present version finds it."""

    root: Path
    entries: dict[str, str]

    def system(self, *opened_by: str) -> System:
        """The machine, on which the protectors ``opened_by`` work and no others."""
        environ = {
            "HOME": str(self.root),
            "KEYSTEAD_HOME": str(self.root / "keystead"),
            "KEYSTEAD_AGENT": "off",
            "KEYSTEAD_NO_INPUT": "1",
            "KEYSTEAD_KEY_FILE": str(self.root / ("key" if "keyfile" in opened_by else "missing")),
        }
        if "passphrase" in opened_by:
            environ["KEYSTEAD_PASSPHRASE_FILE"] = str(self.root / "passphrase")
        return System(
            environ,
            clock=lambda: datetime(2026, 11, 28, tzinfo=UTC),
            uptime=lambda: 0.0,
            sleep=lambda _: None,
            keyring=MemoryKeyring(self.entries if "keyring" in opened_by else {}),
            dpapi=StandInDpapi() if {"dpapi", "dotnet"} & {*opened_by} else None,
        )


def copied(source: Path, target: Path) -> Home:
    shutil.copytree(source, target, dirs_exist_ok=True)
    for path in target.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    old = (source.parent / "root.txt").read_text(encoding="utf-8") + f"/{source.name}"
    named = [target / "powershell.json", *(target / "keystead" / "generations").glob("*.json")]
    for path in filter(Path.exists, named):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(old, target.as_posix()), encoding="utf-8")
    entries = target / "keyring.json"
    return Home(target, json.loads(entries.read_bytes()) if entries.exists() else {})


@pytest.mark.parametrize(("name", "protector"), STORES)
def test_an_encrypted_store_opens_and_can_be_changed(
    version: Path, name: str, protector: str, tmp_path: Path
) -> None:
    home = copied(version / name, tmp_path / name)
    store = EncryptedStore(home.system(protector))
    expected = json.loads((version / name / "values.json").read_bytes())
    assert contents(store) == expected
    store.change("session", lambda _: {"output": "text"})
    expected["session"]["output"] = "text"
    assert contents(EncryptedStore(home.system(protector))) == expected


def test_the_keyring_still_refuses_an_older_version_of_the_store(
    version: Path, tmp_path: Path
) -> None:
    home = copied(version / "keyring", tmp_path / "keyring")
    store = EncryptedStore(home.system("keyring"))
    store.path.with_name("earlier.json").replace(store.path)
    with pytest.raises(StoreCorrupt, match="which was written before"):
        contents(store)


@pytest.fixture(params=["home-plain", "home-store"])
def left(request: pytest.FixtureRequest, version: Path, isolation: Keystead) -> Home:
    """The home of the test, with what commands of that version left in it."""
    target = isolation.root / request.param
    isolation.plain.add(target / ".aws" / "credentials")
    isolation.plain.add(target / "passphrase")
    return copied(version / request.param, target)


def test_cached_sessions_open(left: Home) -> None:
    sessions = App(left.system("keyfile")).sessions
    found = [sessions.get(row.key) for row in sessions.all()]
    assert len(found) == 2  # the MFA session and the role
    for session in found:
        assert session
        assert session.credentials.secret_access_key == SECOND_SECRET_KEY
        assert session.credentials.session_token == SESSION_TOKEN
        assert session.expires_at.year == 2126
        assert session.serves(datetime(2026, 11, 28, tzinfo=UTC))
    assert {row.source for row in sessions.all()} == {
        f"profile keys > {MFA_SERIAL}",
        "profile keys > arn:aws:iam::123456789012:role/example",
    }


def test_used_mfa_codes_stay_used(left: Home) -> None:
    codes = UsedMfaCodes(left.system())
    assert codes.spent(MFA_SERIAL, MFA_CODE)
    assert not codes.spent(MFA_SERIAL, "314159")


def test_changes_can_be_undone(left: Home) -> None:
    credentials = left.root / ".aws" / "credentials"
    keys = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    system = left.system("keyfile")
    app, stored = App(system), EncryptedStore(system)
    assert f"[second]\nregion = us-east-1\n{keys}" in credentials.read_text(encoding="utf-8")
    newest, *others = app.undo_history.all()
    assert newest.profiles == ("second",)
    assert newest.command == (
        f"keystead set second region=us-east-1 --location {credentials} --secrets-from -"
    )
    app.undo_history.restore(newest, system.clock(), force=False)
    assert credentials.read_text(encoding="utf-8") == f"[keys]\n{keys}"
    if stored.exists():
        assert [change.profiles for change in others] == [("sealed",), ("sealed",), ()]
        assert contents(stored)["sealed"]["region"] == "eu-west-2"
        app.undo_history.restore(others[0], system.clock(), force=False)
        assert contents(EncryptedStore(system))["sealed"]["region"] == "eu-west-1"


def test_the_audit_log_is_read_and_continued(left: Home) -> None:
    log = App(left.system("keyfile")).audit
    assert log.verify() == []
    entries = [line.entry for line in log.lines() if line.entry]
    shown = [(entry["number"], entry["profile"], entry["way"]) for entry in entries]
    assert shown == [(1, "role", "process"), (2, "keys", "process")]
    App(left.system("keyfile")).select("keys").credentials(Grantee("test"))
    assert log.verify() == []


def test_endpoint_token_is_still_accepted(left: Home) -> None:
    [path] = (left.root / "keystead" / "endpoint").glob("*.token")
    assert TokenFile(path).current() == path.read_bytes()


def test_the_shell_finds_its_history(left: Home) -> None:
    history = MaskedHistory(left.root / "keystead" / "history", CMDLETS)
    assert [*history.load_history_strings()] == ["Get-AWSRegion # Zürich"]


def variables(home: Home) -> dict[str, str]:
    return {**os.environ, **home.system("keyfile").environ, "AWS_CONFIG_FILE": ""}


@pytest.mark.posix("Windows starts no scripts by their first line")
def test_the_launcher_still_starts(left: Home) -> None:
    launcher = left.root / "keystead" / "bin" / "keystead-process"
    package = Path(keystead_package.__file__).parent.parent
    text = launcher.read_text(encoding="utf-8").replace("@PYTHON@", sys.executable)
    launcher.write_text(text.replace("@PACKAGES@", str(package)), encoding="utf-8")
    launcher.chmod(0o755)
    done = subprocess.run([launcher, "keys"], env=variables(left), capture_output=True, check=True)
    assert json.loads(done.stdout)["SecretAccessKey"] == SECRET_KEY


def test_an_installed_powershell_module_gets_the_same_answer(
    left: Home, keystead: Keystead
) -> None:
    recorded = json.loads((left.root / "powershell.json").read_bytes())
    done = keystead(
        "powershell-module",
        "--answer",
        stdin=json.dumps(recorded["request"]),
        env=left.system("keyfile").environ,
    )

    def outputs(text: str) -> list[object]:
        lines = [json.loads(line) for line in text.splitlines()]
        return [line for line in lines if line["kind"] == "output"]

    assert outputs(done.stdout) == outputs(recorded["answer"])
