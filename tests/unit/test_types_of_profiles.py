"""Lists of types without profiles: the same as those of the profiles."""

from __future__ import annotations

import itertools
import json
import uuid
from pathlib import Path

import pytest

from keystead.stores.base import StoreSnapshot
from keystead.stores.encrypted.layout import key_of
from keystead.stores.encrypted.store import EncryptedStore
from keystead.stores.shared import SharedStore
from keystead.system import System
from keystead.testing import EXAMPLES

PARTS = (
    *EXAMPLES.values(),
    {"region": "eu-west-1"},
    {"role_arn": "arn:aws:iam::123456789012:role/demo"},
    {"aws_access_key_id": ""},
    {},
)


def assert_types_agree(snapshot: StoreSnapshot, count: int) -> None:
    expected = [(each.name, each.type, each.problem()) for each in snapshot.profiles()]
    assert snapshot.types() == expected
    assert len(expected) == count


def test_shared_files(tmp_path: Path) -> None:
    pairs = [*itertools.product(PARTS, PARTS)]
    folder = tmp_path / ".aws"
    folder.mkdir()
    for name, prefix, index in (("credentials", "", 0), ("config", "profile ", 1)):
        lines: list[str] = []
        for number, pair in enumerate(pairs):
            lines += [f"[{prefix}p{number}]", *(f"{k} = {v}" for k, v in pair[index].items())]
        text = "\n".join(lines)
        (folder / name).write_text(f"{text}\n[{prefix}broken]\nno setting\n")
    assert_types_agree(
        SharedStore.at(System({}), str(folder / "credentials")).snapshot(), 1 + len(pairs)
    )


@pytest.mark.parametrize("names", [("p{}",), ("same", "Same", "other")])
def test_encrypted_store(tmp_path: Path, names: tuple[str, ...]) -> None:
    header = {
        "Format": "1",
        "StoreId": str(uuid.UUID(int=1)),
        "Counter": "1",
        "Recipient": "AB" * 32,
        "Protector.1": "unknown",
        "Mac": "AB",
    }
    saml = {"ProfileType": "SAML", "EndpointName": "adfs"}
    settings = [{**a, **b} for a, b in itertools.product((*PARTS, saml), repeat=2)]
    entries = {
        str(uuid.UUID(int=number)): {
            "DisplayName": names[number % len(names)].format(number),
            **{key if key in saml else key_of(key): text for key, text in each.items()},
        }
        for number, each in enumerate(settings)
    }
    two = {"DisplayName": "two spellings", "rolearn": "x", "RoleArn": "", "AWSAccessKey": "00"}
    entries[str(uuid.UUID(int=len(entries)))] = two
    (tmp_path / "data").mkdir(mode=0o700)
    path = tmp_path / "data" / "RegisteredAccounts.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"keystead": header, **entries}))
    system = System({"HOME": str(tmp_path), "KEYSTEAD_HOME": str(tmp_path / "data")}, dpapi=None)
    assert_types_agree(EncryptedStore(system).snapshot(), len(entries))
