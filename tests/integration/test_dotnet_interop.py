"""The AWS SDK for .NET itself reads what keystead writes, in both versions."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from devtools.command import USER_CACHE
from keystead.model.profile import Profile
from keystead.stores.base import register
from keystead.stores.shared import SharedStore
from keystead.system import System

KEYS = {
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/demo", "source_profile": "my profile"}
PROCESS = {"credential_process": 'prog "a b" c'}
NAMES = ["dev", "my profile", "größe", "O'Brien", "a(b)", "x,y"]


def read_by_sdk(folder: Path, version: str) -> dict[str, object]:
    result = subprocess.run(
        ["aws-sdk-net.sh", *version.split(), "list", str(folder / "credentials")],
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, **USER_CACHE},
    )
    found: dict[str, object] = json.loads(result.stdout)
    return found


@pytest.mark.needs("aws-sdk-net.sh")
@pytest.mark.parametrize("version", ["", "3"], ids=["4.1", "3.7"])
def test_the_sdk_reads_what_keystead_writes(tmp_path: Path, version: str) -> None:
    store = SharedStore(System(environ={}), tmp_path / "credentials", tmp_path / "config")
    for name in NAMES:
        register(store, Profile(name, {**KEYS, "region": "eu-west-1"}))
    register(store, Profile("role", ROLE))
    register(store, Profile("process", PROCESS))
    found = read_by_sdk(tmp_path, version)
    assert found["names"] == [*NAMES, "role", "process"]
    profiles = found["profiles"]
    assert isinstance(profiles, dict)
    assert all(
        profiles[name]["options"]["AccessKey"] == KEYS["aws_access_key_id"] for name in NAMES
    )
    assert profiles["role"]["options"]["SourceProfile"] == "my profile"
    assert profiles["process"]["options"]["CredentialProcess"] == PROCESS["credential_process"]


@pytest.mark.needs("aws-sdk-net.sh")
def test_rotated_key_is_written_where_the_sdk_reads_it(tmp_path: Path) -> None:
    text = "[dev]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = old\n"
    (tmp_path / "credentials").write_text(text + text.replace("old", "older"))
    store = SharedStore(System(environ={}), tmp_path / "credentials", tmp_path / "config")
    store.change("dev", lambda _: KEYS)
    profiles = read_by_sdk(tmp_path, "")["profiles"]
    assert isinstance(profiles, dict)
    assert profiles["dev"]["options"]["SecretKey"] == KEYS["aws_secret_access_key"]
