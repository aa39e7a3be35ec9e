"""Credentials when no profile is named: the sources after the profiles, on real servers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devtools.emulators import Emulator
from devtools.service import Reply, metadata_service, serving
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN
from tests.conftest import Keystead

KEYS = {
    "AccessKeyId": ACCESS_KEY_ID,
    "SecretAccessKey": SECRET_KEY,
    "Token": SESSION_TOKEN,
    "Expiration": f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
}


def shown(keystead: Keystead, **env: str) -> dict[str, str]:
    return json.loads(keystead("plan", "--json", env=env).stdout)["base"]


def test_container_is_found(keystead: Keystead, moto: Emulator) -> None:
    with serving(lambda _: Reply(200, KEYS)) as service:
        env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{service.url}/role"}
        assert keystead("whoami", env=env).code == 0
        assert shown(keystead, **env) == {"kind": "container"}
    assert moto.recorder.calls[0].access_key_id == ACCESS_KEY_ID


def test_instance_is_found(keystead: Keystead, moto: Emulator) -> None:
    with serving(metadata_service({"Code": "Success", **KEYS})) as service:
        env = {
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url,
            "AWS_EC2_METADATA_DISABLED": "false",
        }
        assert keystead("whoami", env=env).code == 0
        assert shown(keystead, **env) == {"kind": "ec2"}
    assert moto.recorder.calls[0].access_key_id == ACCESS_KEY_ID


def test_web_identity_is_found(keystead: Keystead, moto: Emulator, home: Path) -> None:
    (home / "token").write_text("header.claims.signature")
    env = {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(home / "token"),
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pod",
        "AWS_ROLE_SESSION_NAME": "pod",
    }
    for _ in range(2):
        assert "assumed-role/pod/pod" in keystead("whoami", env=env).stdout
    operations = [call.operation for call in moto.recorder.calls]
    assert operations.count("AssumeRoleWithWebIdentity") == 1


@pytest.mark.parametrize("disabled", ["true", "false"])
def test_no_source_is_an_error(keystead: Keystead, disabled: str) -> None:
    with serving(lambda _: Reply(404)) as service:
        env = {"AWS_EC2_METADATA_DISABLED": disabled}
        if disabled == "false":
            env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = service.url
        done = keystead("whoami", env=env)
    assert done.code == (3 if disabled == "true" else 7)
    assert "hint: " in done.stderr


def test_named_file_is_the_only_source(keystead: Keystead, home: Path) -> None:
    (home / "other").touch(mode=0o600)
    (home / "other").write_text("[default]\nregion = eu-west-1\n")
    env = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    done = keystead("plan", "--location", home / "other", env=env)
    assert done.code == 4
    assert "no setting that gives credentials" in done.stderr
