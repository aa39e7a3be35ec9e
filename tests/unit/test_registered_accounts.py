"""Files of the encrypted store as the AWS SDK for .NET wrote them, valid and malformed.

The values are sealed for another machine, so each is replaced by itself under a stand-in;
`tests/windows/test_encrypted_by_dotnet.py` opens the real ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from keystead.app import App
from keystead.audit.grantee import Grantee
from keystead.errors import KeysteadError, ProfileInvalid, ProfileNotFound
from keystead.model.profile import Profile
from keystead.stores.base import register
from keystead.stores.encrypted.layout import is_sealed, setting_name
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from keystead.testing import StandInDpapi, contents
from tests.protection import home

CASES = Path(__file__).parent.parent / "cases" / "registered-accounts"
DPAPI = StandInDpapi()
A, Z = "11111111-2222-4333-8444-555555555555", "22222222-3333-4444-8555-666666666666"


def sealed(text: str) -> str:
    return DPAPI.protect(text.encode("utf-16-le")).hex().upper()


def read(name: str) -> Any:
    return json.loads((CASES / name).read_text(encoding="utf-8"))


class Machine:
    def __init__(self, folder: Path) -> None:
        self.system = System(home(folder), dpapi=DPAPI, sleep=lambda _: None)
        self.path = self.system.folders.accounts_file
        self.path.parent.mkdir(mode=0o700)

    def write(self, data: bytes) -> None:
        self.path.touch(mode=0o600)
        self.path.write_bytes(data)

    @property
    def store(self) -> EncryptedStore:
        return EncryptedStore(self.system)

    def members(self) -> dict[str, Any]:
        return json.loads(self.path.read_bytes())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def settings_of(name: str) -> dict[str, dict[str, str]]:
    """The settings of each profile in the file of that name."""
    plain = read(f"{name}.plain.json")
    return {profile: row.get("settings", row) for profile, row in plain.items()}


def with_stand_in(name: str) -> bytes:
    """The file of that name, each encrypted value decrypted and encrypted again by the stand-in.

    Every other byte is as its writer left it.
    """
    data = (CASES / f"{name}.json").read_bytes()
    plain = settings_of(name)
    for entry in json.loads(data).values():
        settings = plain[entry["DisplayName"]]
        for key, text in entry.items():
            if is_sealed(key) and setting_name(key) in settings:
                data = data.replace(text.encode(), sealed(settings[setting_name(key)]).encode(), 1)
    return data


@pytest.mark.parametrize("name", ["dotnet-3", "dotnet-4", "keystead"])
def test_every_profile_is_read_as_it_was_given(machine: Machine, name: str) -> None:
    machine.write(with_stand_in(name))
    assert contents(machine.store) == settings_of(name)


@pytest.mark.parametrize("name", ["dotnet-3", "dotnet-4"])
def test_every_profile_has_its_type(machine: Machine, name: str) -> None:
    machine.write(with_stand_in(name))
    found = {p.name: p.type.name if p.type else None for p in machine.store.profiles()}
    assert found == {profile: row["type"] for profile, row in read(f"{name}.plain.json").items()}


@pytest.mark.parametrize("name", ["dotnet-3", "dotnet-4"])
def test_changing_one_profile_preserves_the_others(machine: Machine, name: str) -> None:
    machine.write(with_stand_in(name))
    before = machine.members()
    machine.store.change("basic", lambda _: {"region": "us-east-1"})
    after = machine.members()
    [guid] = [guid for guid, entry in before.items() if entry["DisplayName"] == "basic"]
    assert after.pop(guid) == {**before.pop(guid), "Region": "us-east-1"}
    assert list(after.items()) == list(before.items())


@pytest.mark.parametrize("name", ["saml", "saml-user"])
def test_saml_profile_is_recognised_and_preserved(machine: Machine, name: str) -> None:
    machine.write(with_stand_in("dotnet-4"))
    before = next(e for e in machine.members().values() if e["DisplayName"] == name)
    assert "SAML" in (machine.store.find(name).problem() or "")
    with pytest.raises(ProfileInvalid, match="SAML"):
        App(machine.system).select(name).credentials(Grantee("test"))
    assert before.get("UserIdentity", "") not in machine.store.find(name).settings.values()
    machine.store.change(name, lambda _: {"region": "eu-west-1"})
    after = next(e for e in machine.members().values() if e["DisplayName"] == name)
    assert after == {**before, "Region": "eu-west-1"}
    with pytest.raises(ProfileInvalid):
        machine.store.change(name, lambda _: {"external_id": "other"})


def broken(name: str) -> bytes:
    """The broken file of that name in malformed.json."""
    keys = {"AWSAccessKey": sealed("AKIDGOOD"), "AWSSecretKey": sealed("good-secret")}
    a = {"DisplayName": "a", "ProfileType": "AWS", **keys}
    z = {**a, "DisplayName": "z"}
    good = json.dumps({A: a, Z: z}, ensure_ascii=False)

    def with_a(**changes: object) -> bytes:
        return json.dumps({A: {**a, **changes}, Z: z}, ensure_ascii=False).encode()

    def without(key: str) -> bytes:
        return json.dumps({A: {k: v for k, v in a.items() if k != key}, Z: z}).encode()

    entry_a, entry_z = json.dumps(a), json.dumps(z)
    files: Mapping[str, bytes] = {
        "truncated": good[: len(good) // 2].encode(),
        "empty file": b"",
        "null": b"null",
        "list": b"[]",
        "text": b"hello",
        "braces": b"{}",
        "entry null": json.dumps({A: None, Z: z}).encode(),
        "value null": with_a(AWSAccessKey=None),
        "secret null": with_a(AWSSecretKey=None),
        "number and bool": with_a(Number=1, Flag=True),
        "nested": with_a(Nested={"x": "y"}),
        "secret not hex": with_a(AWSSecretKey="not hex"),
        "secret base64": with_a(AWSSecretKey="AQIDBA=="),
        "secret odd hex": with_a(AWSSecretKey=keys["AWSSecretKey"][:-1]),
        "secret damaged": with_a(AWSSecretKey="00" + keys["AWSSecretKey"][2:]),
        "secret of another user": with_a(AWSSecretKey="FF" * 40),
        "secret empty": with_a(AWSSecretKey=""),
        "secret lower case": with_a(AWSSecretKey=keys["AWSSecretKey"].lower()),
        "secret plain text": with_a(AWSSecretKey="good-secret"),
        "no ProfileType": without("ProfileType"),
        "wrong ProfileType": with_a(ProfileType="SSO"),
        "no DisplayName": without("DisplayName"),
        "two of one name": json.dumps({A: a, Z: a}).encode(),
        "one GUID twice": f'{{"{A}": {entry_a}, "{A}": {entry_z}}}'.encode(),
        "one key twice": good.replace('"ProfileType"', '"ProfileType": "x", "ProfileType"', 1).encode(),
        "BOM": b"\xef\xbb\xbf" + good.encode(),
        "UTF-16": good.encode("utf-16"),
        "comment": b"// mine\n" + good.encode(),
        "single quotes": good.replace('"', "'").encode(),
        "trailing comma": f'{{"{A}": {entry_a[:-1]}, }}, "{Z}": {entry_z},}}'.encode(),
        "key no GUID": good.replace(A, "mine").encode(),
        "GUID upper case, braces": good.replace(A, f"{{{A.upper()}}}").encode(),
        "MaxAttempts abc": with_a(MaxAttempts="abc"),
        "EndpointDiscoveryEnabled maybe": with_a(EndpointDiscoveryEnabled="maybe"),
        "keystead header": json.dumps({"keystead": {"Format": "1"}, Z: z}).encode(),
        "latin-1 name": json.dumps({A: {**a, "DisplayName": "zürich"}, Z: z}, ensure_ascii=False).encode("latin-1"),
    }  # fmt: skip
    return files[name]


def by_keystead(machine: Machine) -> dict[str, Any]:
    """keystead's result for the file, in the terms of malformed.json; None if it refuses it."""
    found: dict[str, Any] = {}
    try:
        found["list"] = [profile.name for profile in machine.store.profiles()]
    except KeysteadError:
        return {"list": None, "a": None, "z": None}
    for name in ("a", "z"):
        try:
            profile = machine.store.find(name)
        except ProfileNotFound:
            found[name] = "no such profile"
            continue
        found[name] = {}
        for word, key in (
            ("AccessKey", "aws_access_key_id"),
            ("SecretKey", "aws_secret_access_key"),
        ):
            try:
                text = profile.text(key)
            except KeysteadError:
                continue
            found[name].update({word: text} if text else {})
    return found


KEYS = {"AccessKey": "AKIDGOOD", "SecretKey": "good-secret"}
REFUSED = {"list": None, "a": None, "z": None}
OURS: Mapping[str, dict[str, Any]] = {
    # The SDK takes a file that it cannot read for an empty one, and the next save replaces it.
    **dict.fromkeys(("truncated", "list", "text", "comment", "single quotes"), REFUSED),
    **dict.fromkeys(("keystead header", "latin-1 name"), REFUSED),
    # A value that is not text loses that setting or member; the SDK loses all profiles, or this one.
    "entry null": {"list": ["z"], "a": "no such profile", "z": KEYS},
    "value null": {"list": ["a", "z"], "a": {"SecretKey": "good-secret"}, "z": KEYS},
    "number and bool": {"list": ["a", "z"], "a": KEYS, "z": KEYS},
    "nested": {"list": ["a", "z"], "a": KEYS, "z": KEYS},
    # A profile without a name is preserved and not listed.
    "no DisplayName": {"list": ["z"], "a": "no such profile", "z": KEYS},
    # The SDK finds no profile by these; its reasons do not concern the keys.
    "key no GUID": {"list": ["a", "z"], "a": KEYS, "z": KEYS},
    "MaxAttempts abc": {"list": ["a", "z"], "a": KEYS, "z": KEYS},
    "EndpointDiscoveryEnabled maybe": {"list": ["a", "z"], "a": KEYS, "z": KEYS},
}
"""What keystead makes of files that it takes otherwise than the SDK."""


@pytest.mark.parametrize("name", list(read("malformed.json")))
def test_malformed_file_is_read_like_the_sdk_or_differs_as_documented(
    machine: Machine, name: str
) -> None:
    data = broken(name)
    machine.write(data)
    found = by_keystead(machine)
    sdk = read("malformed.json")[name]["dotnet"]
    assert found == OURS.get(name, sdk)
    assert (name in OURS) == (found != sdk)


@pytest.mark.parametrize("name", [name for name, ours in OURS.items() if ours["list"] is None])
def test_a_file_that_is_refused_is_never_replaced(machine: Machine, name: str) -> None:
    data = broken(name)
    machine.write(data)
    with pytest.raises(KeysteadError):
        register(machine.store, Profile("x", {"region": "eu-west-1"}))
    assert machine.path.read_bytes() == data


@pytest.mark.parametrize("name", ["value null", "number and bool", "nested", "entry null"])
def test_values_that_are_not_text_are_preserved(machine: Machine, name: str) -> None:
    machine.write(broken(name))
    before = machine.members()
    machine.store.change("z", lambda _: {"region": "eu-west-1"})
    after = machine.members()
    assert after[Z] == {**before[Z], "Region": "eu-west-1"}
    assert after[A] == before[A]


@pytest.mark.parametrize("data", [b"", b"null", b" null\r\n"])
def test_an_empty_file_is_an_empty_store(machine: Machine, data: bytes) -> None:
    machine.write(data)
    assert machine.store.profiles() == []
    register(machine.store, Profile("one", {"region": "eu-west-1"}))
    assert contents(machine.store) == {"one": {"region": "eu-west-1"}}
    undo = machine.store.undo_history
    undo.restore(undo.find(None, None), machine.system.clock(), force=False)
    assert machine.path.read_bytes() == data
