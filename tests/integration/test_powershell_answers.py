"""The functions' requests, as the PowerShell module writes them, against the real command."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from devtools.command import KEYSTEAD, run
from devtools.emulators import Emulator
from keystead.stores.encrypted.protectors import KeyfileProtector
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN, leaks

pytestmark = pytest.mark.posix("the command as a program, which is not installed there")

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"


class Secure(str):
    """A text that PowerShell shows masked."""

    __slots__ = ()


@dataclass
class Session:
    """A PowerShell session: what it sends to keystead, and what is returned."""

    home: Path
    variables: dict[str, Any] = field(
        default_factory=lambda: {"StoredAWSCredentials": None, "StoredAWSRegion": ""}
    )
    answered: list[tuple[str, Any]] = field(default_factory=list)
    printed: str = ""

    def __call__(self, cmdlet: str, **parameters: object) -> list[Any]:
        """The objects that the function gives; `answered` has all lines."""
        request = {
            "protocol": 2,
            "cmdlet": cmdlet,
            "what_if": bool(parameters.pop("WhatIf", False)),
            "confirmed": parameters.pop("Confirm", None) is False,
            "parameters": parameters,
            "credentials": self.variables["StoredAWSCredentials"],
            "region": self.variables["StoredAWSRegion"] or "",
        }
        self.send(encoded(request))
        for value in self.of("session"):
            self.variables[value["name"]] = value["value"]
        return self.of("output")

    def send(self, text: str) -> None:
        done = run(
            [KEYSTEAD, "powershell-module", "--answer"],
            environ=os.environ,
            cwd=self.home,
            stdin=text,
        )
        assert done.stdout.isascii()
        assert done.stderr == ""
        self.printed = done.stdout
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.answered = [(line["kind"], decoded(line["value"])) for line in lines]
        assert self.answered[-1][0] == ("error" if done.code else "end")

    def of(self, kind: str) -> list[Any]:
        return [value for name, value in self.answered if name == kind]

    def keys_of(self, thing: object) -> Mapping[str, Any]:
        """What its method GetCredentials gives."""
        self.send(encoded({"protocol": 2, "retrieve": thing}))
        return self.of("output")[0]


def encoded(value: object) -> str:
    """As ConvertTo-KeysteadText does: an object with a handle by that alone."""

    def plain(item: object) -> object:
        if isinstance(item, dict) and "KeysteadHandle" in item:
            return {"handle": item["KeysteadHandle"]}
        if isinstance(item, dict):
            return {key: plain(inner) for key, inner in item.items()}
        return [plain(inner) for inner in item] if isinstance(item, list) else item

    return json.dumps(plain(value))


def decoded(value: Any) -> Any:
    """As ConvertFrom-KeysteadValue does; the types of an object are its key ``""``."""
    if isinstance(value, str):
        if value.startswith("@"):
            return datetime.fromisoformat(value[1:])
        return Secure(value[1:]) if value.startswith("*") else value[1:]
    if not isinstance(value, list):
        return value
    if value[0] == "list":
        return [decoded(item) for item in value[1:]]
    head = {"": value[1][1:].split(" ")} if value[0] == "object" else {}
    rest = value[2:] if value[0] == "object" else value[1:]
    return head | {rest[i][1:]: decoded(rest[i + 1]) for i in range(0, len(rest), 2)}


@pytest.fixture
def session(home: Path) -> Session:
    system = System()
    EncryptedStore(system).init(KeyfileProtector(system, path=home / "store.key"))
    return Session(home)


def test_keys_go_into_the_encrypted_store_and_come_back(
    session: Session,
) -> None:
    assert (
        session(
            "Set-AWSCredential",
            StoreAs="dev",
            AccessKey=ACCESS_KEY_ID,
            SecretKey=SECRET_KEY,
            SessionToken=SESSION_TOKEN,
        )
        == []
    )
    (found,) = session("Get-AWSCredential", ProfileName="dev")
    assert found[""] == ["Keystead.AWSCredential", "Keystead.Credential"]
    assert (found["AccessKey"], found["SecretKey"]) == (ACCESS_KEY_ID, SECRET_KEY)
    assert isinstance(found["SecretKey"], Secure)
    assert json.loads(found["KeysteadHandle"]) == {"ProfileName": "dev"}
    keys = session.keys_of(found)
    assert (keys["AccessKey"], keys["SecretKey"]) == (ACCESS_KEY_ID, SECRET_KEY)
    assert (keys["Token"], keys["UseToken"]) == (SESSION_TOKEN, True)


def test_an_object_of_keys_goes_from_cmdlet_to_cmdlet(
    session: Session, write_credentials: Callable[[str], Path]
) -> None:
    path = write_credentials("")
    (made,) = session("New-AWSCredential", AccessKey=ACCESS_KEY_ID, SecretKey=SECRET_KEY)
    assert isinstance(made["KeysteadHandle"], Secure)
    session("Set-AWSCredential", StoreAs="x", Credential=made, ProfileLocation=str(path))
    assert SECRET_KEY in path.read_text()


def test_object_of_a_role_is_refreshed(
    session: Session, write_credentials: Callable[[str], Path], moto: Emulator
) -> None:
    del moto
    write_credentials(f"[base]\n{KEYS}")
    arn = "arn:aws:iam::123456789012:role/admin"
    (made,) = session("New-AWSCredential", RoleArn=arn, SourceProfile="base")
    assert made["RoleArn"] == arn
    assert not leaks(session.printed)
    (who,) = session("Get-STSCallerIdentity", Credential=made)
    assert ":assumed-role/admin/" in who["Arn"]


def test_session_credentials_and_region_are_powershell_variables(
    session: Session, write_credentials: Callable[[str], Path], moto: Emulator
) -> None:
    del moto
    write_credentials(f"[base]\n{KEYS}")
    session("Set-AWSCredential", ProfileName="base")
    held = session.variables["StoredAWSCredentials"]
    assert json.loads(held["KeysteadHandle"]) == {"ProfileName": "base"}
    session("Set-DefaultAWSRegion", Region="eu-west-1")
    assert session.variables["StoredAWSRegion"] == "eu-west-1"
    (region,) = session("Get-DefaultAWSRegion")
    assert region["Region"] == "eu-west-1"
    assert session.of("session") == []  # what was not set is not set again
    (shown,) = session("Get-AWSCredential")
    assert shown["AccessKey"] == ACCESS_KEY_ID
    assert session("Get-STSCallerIdentity")[0]["Account"] == "123456789012"
    session("Clear-AWSCredential")
    session("Clear-DefaultAWSRegion")
    assert session.variables == {"StoredAWSCredentials": None, "StoredAWSRegion": None}
    assert session("Get-AWSCredential") == []


def test_a_request_that_needs_no_credentials_does_not_look_for_the_sessions(
    session: Session,
) -> None:
    session.variables["StoredAWSCredentials"] = {"KeysteadHandle": '{"ProfileName": "gone"}'}
    assert session("Get-AWSRegion", SystemName="eu-west-1")
    session("Get-AWSCredential")
    assert session.of("error")[0]["id"] == "ProfileNotFound"


def test_values_have_their_types(session: Session, moto: Emulator) -> None:
    given = {"AccessKey": ACCESS_KEY_ID, "SecretKey": SECRET_KEY, "Region": "us-east-1"}
    session("New-S3Bucket", BucketName="one", **given)
    session(
        "Write-S3Object",
        BucketName="one",
        Key="2026-01-01T00:00:00Z",
        Body=[104, 105],
        Metadata={"a": "1"},
        **given,
    )
    (bucket,) = session("Get-S3Bucket", **given)
    assert bucket[""] == ["Keystead.S3Bucket"]
    assert isinstance(bucket["CreationDate"], datetime)
    assert bucket["CreationDate"].tzinfo == UTC
    (thing,) = session("Get-S3Object", BucketName="one", **given)
    assert (thing["Key"], thing["Size"]) == ("2026-01-01T00:00:00Z", 2)
    assert moto.environ


def test_parameters_have_their_types(session: Session, moto: Emulator) -> None:
    del moto
    given = {"AccessKey": ACCESS_KEY_ID, "SecretKey": SECRET_KEY, "Region": "us-east-1"}
    policy = {"Version": "2012-10-17", "Statement": []}
    session(
        "New-IAMRole",
        RoleName="a,b",
        AssumeRolePolicyDocument=json.dumps(policy),
        MaxSessionDuration=7200,
        Tag=[{"Key": "k", "Value": ""}],
        **given,
    )
    assert session.of("error") == []
    (role,) = session("Get-IAMRole", RoleName="a,b", **given)
    assert role["MaxSessionDuration"] == 7200
    assert role["Tags"] == [{"": [""], "Key": "k", "Value": ""}]


def test_secret_returned_once_is_unmasked_and_marked(session: Session, moto: Emulator) -> None:
    del moto
    given = {"AccessKey": ACCESS_KEY_ID, "SecretKey": SECRET_KEY, "Region": "us-east-1"}
    session("New-IAMUser", UserName="u", **given)
    (key,) = session("New-IAMAccessKey", UserName="u", **given)
    assert isinstance(key["SecretAccessKey"], Secure)
    assert session.of("response")[0]["AccessKey"]["SecretAccessKey"] == key["SecretAccessKey"]
    assert len(session.keys_of(key)["SecretKey"]) == 40
    session("New-SECSecret", Name="s", SecretString="swordfish", **given)
    (value,) = session("Get-SECSecretValue", SecretId="s", **given)
    assert isinstance(value["SecretString"], Secure)
    assert value["SecretString"] == "swordfish"


def test_error_has_a_hint_and_a_powershell_category(session: Session) -> None:
    session("Get-AWSCredential", ProfileName="nobody")
    (told,) = session.of("error")
    assert told["message"] == "there is no profile `nobody`"
    assert "`keystead set NAME`" in told["hint"]
    assert (told["id"], told["category"], told["code"]) == ("ProfileNotFound", "ObjectNotFound", 3)


@pytest.mark.parametrize(
    "name", ["2026-01-01T00:00:00Z", "K\u00f6ln \U0001f511", 'it\'s "x"\\', "=a@b*"]
)
def test_any_text_is_transferred_unchanged(
    name: str, session: Session, write_credentials: Callable[[str], Path]
) -> None:
    write_credentials("")
    session("Set-AWSCredential", StoreAs=name, AccessKey=ACCESS_KEY_ID, SecretKey=SECRET_KEY)
    assert session.of("error") == []
    (row,) = session("Get-AWSCredential", ListProfileDetail=True)
    assert row[""] == ["Keystead.ProfileInfo"]
    assert (row["ProfileName"], row["ProfileLocation"]) == (name, None)


def test_empty_property_is_treated_as_missing(
    session: Session, write_credentials: Callable[[str], Path]
) -> None:
    write_credentials(f"[base]\n{KEYS}")
    assert session("Get-AWSCredential", ProfileName="base", ProfileLocation="", ListProfile=None)


def test_whatif_changes_nothing(session: Session, write_credentials: Callable[[str], Path]) -> None:
    path = write_credentials(f"[base]\n{KEYS}")
    assert session("Remove-AWSCredentialProfile", ProfileName="base", WhatIf=True) == []
    assert session.of("host")[0].startswith("What if: ")
    assert not leaks(session.printed)
    assert path.read_text() == f"[base]\n{KEYS}"


def test_prompt_of_powershell_is_not_repeated(
    session: Session, write_credentials: Callable[[str], Path]
) -> None:
    path = write_credentials(f"[base]\n{KEYS}")
    session("Remove-AWSCredentialProfile", ProfileName="base")
    assert session.of("error")[0]["code"] == 6
    session("Remove-AWSCredentialProfile", ProfileName="base", Confirm=False)
    assert path.read_text() == ""


def test_warnings_and_verbose_messages_are_separate(
    session: Session, write_credentials: Callable[[str], Path]
) -> None:
    write_credentials(f"[base]\n{KEYS}")
    assert session("Get-AWSCredential", ListProfile=True) == ["base"]
    assert session.of("warning") == ["-ListProfile is deprecated; use -ListProfileDetail"]
    session("Set-AWSCredential", StoreAs="copy", ProfileName="base")
    assert session.of("verbose") == ["profile `base` was copied to `copy` in its store"]


def test_output_before_an_error_is_returned(session: Session, moto: Emulator) -> None:
    del moto
    session("Get-AWSRegion", SystemName="nowhere-1")
    assert [kind for kind, _ in session.answered] == ["error"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not have a request"),
        ("[]", "does not have a request"),
        ('{"cmdlet": "Get-AWSRegion"}', "does not have a request"),
        ('{"protocol": 1, "cmdlet": "Get-AWSRegion", "parameters": {}}', "are not compatible"),
        ('{"protocol": 2, "cmdlet": "Get-Nothing", "parameters": {}}', "there is no cmdlet"),
        ('{"protocol": 2, "cmdlet": "Get-AWSRegion", "parameters": {"": 1}}', "ambiguous"),
        ('{"protocol": 2, "retrieve": {"handle": "{"}}', "do not come from a cmdlet"),
        ('{"protocol": 2, "retrieve": "x"}', "do not come from a cmdlet"),
        ('{"protocol": 2, "cmdlet": "Get-AWSRegion", "parameters": {}, "credentials": "AWSPSCredentials"}',
         "do not come from a cmdlet"),
    ],
)  # fmt: skip
def test_every_request_is_answered(text: str, message: str, session: Session) -> None:
    session.send(text)
    assert message in session.of("error")[0]["message"]


def test_byte_order_mark_of_a_request_is_ignored(session: Session) -> None:
    session.send('\ufeff{"protocol": 2, "cmdlet": "Get-AWSRegion", "parameters": {}}\r\n')
    assert len(session.of("output")) > 10
