"""The .NET SDK's file: written and read like the .NET SDK does, and nothing in it is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keystead.errors import KeysteadError, StoreCorrupt, UsageError
from keystead.model.profile import Profile
from keystead.stores.base import register
from keystead.stores.encrypted.protectors import KeyfileProtector
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from keystead.testing import StandInDpapi, contents
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN, leaks
from tests.protection import home

ROLE = "arn:aws:iam::123456789012:role/reader"
MFA = "arn:aws:iam::123456789012:mfa/somebody"
DPAPI = StandInDpapi()


def hexed(text: str) -> str:
    return DPAPI.protect(text.encode("utf-16-le")).hex().upper()


def golden() -> dict[str, dict[str, str]]:
    """A file as the .NET SDK lays it out, from the specification of its format."""
    return {
        "0a6f0c9e-8d0e-4a52-8f0a-52b8a7f3a001": {
            "DisplayName": "basic",
            "ProfileType": "AWS",
            "AWSAccessKey": hexed(ACCESS_KEY_ID),
            "AWSSecretKey": hexed(SECRET_KEY),
            "Region": "us-west-2",
        },
        "0a6f0c9e-8d0e-4a52-8f0a-52b8a7f3a002": {
            "DisplayName": "session",
            "ProfileType": "Session",
            "AWSAccessKey": hexed(ACCESS_KEY_ID),
            "AWSSecretKey": hexed(SECRET_KEY).lower(),
            "SessionToken": hexed(SESSION_TOKEN),
            "RetryMode": "standard",
            "MaxAttempts": "5",
        },
        "0a6f0c9e-8d0e-4a52-8f0a-52b8a7f3a003": {
            "DisplayName": "role",
            "ProfileType": "AssumeRoleExternalMFASessionName",
            "RoleArn": ROLE,
            "SourceProfile": "basic",
            "ExternalId": hexed("third:party"),
            "MfaSerial": hexed(MFA),
            "RoleSessionName": "nightly",
        },
        "0a6f0c9e-8d0e-4a52-8f0a-52b8a7f3a004": {
            "DisplayName": "helper",
            "ProfileType": "CredentialProcess",
            "credential_process": "C:\\tools\\helper.exe --for me",
        },
        "0a6f0c9e-8d0e-4a52-8f0a-52b8a7f3a005": {
            "DisplayName": "web",
            "ProfileType": "AssumeRoleWithWebIdentity",
            "RoleArn": ROLE,
            "WebIdentityTokenFile": "C:\\token",
        },
        "0a6f0c9e-8d0e-4a52-8f0a-52b8a7f3a006": {
            "DisplayName": "ec2",
            "ProfileType": "AssumeRoleCredentialSource",
            "RoleArn": ROLE,
            "CredentialSource": "Ec2InstanceMetadata",
        },
        "0a6f0c9e-8d0e-4a52-8f0a-52b8a7f3a007": {
            "DisplayName": "sso",
            "ProfileType": "SSO",
            "sso_account_id": "123456789012",
            "sso_role_name": "Reader",
            "sso_region": "eu-west-1",
            "sso_start_url": "https://example.awsapps.com/start",
        },
        "0a6f0c9e-8d0e-4a52-8f0a-52b8a7f3a008": {
            "DisplayName": "saml",
            "ProfileType": "SAML",
            "EndpointName": "adfs",
            "RoleArn": ROLE,
            "UserIdentity": hexed("DOMAIN\\somebody"),
        },
        "0a6f0c9e-8d0e-4a52-8f0a-52b8a7f3a009": {
            "DisplayName": "old toolkit",
            "ProfileType": "AWS",
            "SessionType": "AWS",
            "CredentialsType": "x",
            "AWSAccessKey": hexed(ACCESS_KEY_ID),
            "AWSSecretKey": hexed(SECRET_KEY),
        },
        "no guid and no name": {"EC2InstanceUserName": "00FF"},
    }


class Machine:
    def __init__(self, folder: Path) -> None:
        self.system = System(home(folder), dpapi=DPAPI)
        self.path = self.system.folders.accounts_file
        self.path.parent.mkdir(mode=0o700)
        self.write(golden())

    def write(self, members: object, *, start: bytes = b"") -> bytes:
        self.path.touch(mode=0o600)
        data = start + json.dumps(members, indent=4).encode()
        self.path.write_bytes(data)
        return data

    def members(self) -> dict[str, dict[str, str]]:
        return json.loads(self.path.read_bytes())

    @property
    def store(self) -> EncryptedStore:
        return EncryptedStore(self.system)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_settings_have_the_names_of_the_shared_files(machine: Machine) -> None:
    found = contents(machine.store)
    keys = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
    assert found["basic"] == {**keys, "region": "us-west-2"}
    assert found["session"] == {
        **keys,
        "aws_session_token": SESSION_TOKEN,
        "retry_mode": "standard",
        "max_attempts": "5",
    }
    assert found["role"] == {
        "role_arn": ROLE,
        "source_profile": "basic",
        "external_id": "third:party",
        "mfa_serial": MFA,
        "role_session_name": "nightly",
    }
    types = {p.name: p.type.name if p.type else None for p in machine.store.profiles()}
    assert types == {
        "basic": "Basic",
        "session": "Session",
        "role": "AssumeRole",
        "helper": "CredentialProcess",
        "web": "AssumeRoleWithWebIdentity",
        "ec2": "AssumeRoleCredentialSource",
        "sso": "SSO",
        "saml": None,
        "old toolkit": "Basic",
    }


def test_changing_one_profile_preserves_the_rest_of_the_file(machine: Machine) -> None:
    before = machine.members()
    register(machine.store, Profile("role", {"region": "eu-west-1"}))
    after = machine.members()
    [guid] = [guid for guid in before if after[guid] != before[guid]]
    assert after[guid] == {**before[guid], "Region": "eu-west-1"}
    assert set(after) == set(before)


@pytest.mark.parametrize("name", ["basic", "session", "role", "helper", "web", "ec2", "sso"])
def test_every_type_is_written_like_the_dotnet_sdk(machine: Machine, name: str) -> None:
    [(guid, written)] = [(g, e) for g, e in golden().items() if e.get("DisplayName") == name]
    settings = contents(machine.store)[name]
    machine.store.unregister(name)
    register(machine.store, Profile(name, settings))
    [(new, entry)] = [(g, e) for g, e in machine.members().items() if e.get("DisplayName") == name]
    assert new != guid
    assert set(entry) == set(written)
    sealed = {"AWSAccessKey", "AWSSecretKey", "SessionToken", "ExternalId", "MfaSerial"}
    for key, text in entry.items():
        if key in sealed:
            assert text == text.upper()
            opened = DPAPI.unprotect(bytes.fromhex(text)).decode("utf-16-le")
            assert opened == DPAPI.unprotect(bytes.fromhex(written[key])).decode("utf-16-le")
        else:
            assert text == written[key]
    assert leaks(machine.path.read_text()) == []


def test_names_guids_and_copies(machine: Machine) -> None:
    before = golden()
    [guid] = [guid for guid, entry in before.items() if entry.get("DisplayName") == "saml"]
    machine.store.rename("saml", "federated")
    machine.store.copy("federated", "twin")
    after = machine.members()
    assert after[guid]["DisplayName"] == "federated"
    [twin] = [entry for entry in after.values() if entry.get("DisplayName") == "twin"]
    assert twin["EndpointName"] == "adfs"
    assert DPAPI.unprotect(bytes.fromhex(twin["UserIdentity"])).decode("utf-16-le").endswith("body")


def test_a_byte_order_mark_is_skipped(machine: Machine) -> None:
    machine.write(golden(), start=b"\xef\xbb\xbf")
    assert "basic" in contents(machine.store)


@pytest.mark.parametrize(
    "data",
    [b"{", b"[]", b"{'a': 1}", b"// mine", b"\xff"],
)
def test_malformed_file_is_never_replaced(machine: Machine, data: bytes) -> None:
    machine.path.write_bytes(data)
    for call in (machine.store.profiles, lambda: register(machine.store, Profile("x", {"a": "b"}))):
        with pytest.raises(StoreCorrupt):
            call()
    assert machine.path.read_bytes() == data


@pytest.mark.parametrize("sealed", ["zz", "ABC", "00", ""])
def test_undecryptable_value_is_reported(machine: Machine, sealed: str) -> None:
    members = golden()
    for entry in members.values():
        if "AWSSecretKey" in entry:
            entry["AWSSecretKey"] = sealed
    machine.write(members)
    if sealed:
        with pytest.raises(KeysteadError, match=r"AWSSecretKey|Windows could not"):
            contents(machine.store)
    else:  # an empty one is a setting that is not set
        assert contents(machine.store)["basic"]["aws_secret_access_key"] == ""


def test_new_store_uses_dpapi_on_windows(tmp_path: Path) -> None:
    system = System(home(tmp_path), dpapi=DPAPI)
    register(
        EncryptedStore(system),
        Profile("one", {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}),
    )
    [entry] = json.loads(system.folders.accounts_file.read_bytes()).values()
    assert list(entry) == ["DisplayName", "ProfileType", "AWSAccessKey", "AWSSecretKey"]
    assert EncryptedStore(system).status().protectors == ("dpapi",)


def test_protectors_cannot_be_added(machine: Machine, tmp_path: Path) -> None:
    for call in (
        machine.store.protectors.list,
        machine.store.protectors.rekey,
        lambda: machine.store.protectors.add(
            KeyfileProtector(machine.system, path=tmp_path / "key")
        ),
    ):
        with pytest.raises(UsageError, match=r"the \.NET SDK's file"):
            call()


def test_portable_store_is_available_on_windows(tmp_path: Path) -> None:
    system = System(home(tmp_path), dpapi=DPAPI)
    EncryptedStore(system).init(KeyfileProtector(system, path=tmp_path / "key"))
    assert EncryptedStore(system).status().protectors == ("keyfile",)


def test_dpapi_store_is_refused_on_other_systems(machine: Machine) -> None:
    store = EncryptedStore(System(machine.system.environ, dpapi=None))
    before = machine.path.read_bytes()
    with pytest.raises(StoreCorrupt, match="no keystead header") as caught:
        store.profiles()
    assert "opens on Windows only" in (caught.value.hint or "")
    assert machine.path.read_bytes() == before
