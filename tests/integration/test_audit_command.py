"""`keystead audit`: every way of handing credentials over leaves its line."""

import json
import os
import sys
from pathlib import Path

import pytest

import keystead as library
from devtools.emulators import Emulator
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY

FILE = f"""[base]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
region = eu-west-1
[admin]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = base
"""


@pytest.fixture(autouse=True)
def files(home: Path) -> None:
    path = home / ".aws" / "credentials"
    path.parent.mkdir(mode=0o700)
    path.write_text(FILE)
    path.chmod(0o600)


def entries(keystead) -> list[dict]:
    return json.loads(keystead("audit", "--json").stdout)


def ways(keystead) -> list[tuple[str, str]]:
    return [(entry["way"], entry["profile"]) for entry in entries(keystead)]


def test_each_command_leaves_its_line(keystead, moto: Emulator) -> None:
    keystead("process", "admin")
    keystead("env", "base")
    keystead("exec", "base", "--", "true")
    keystead("exec", "base", "--endpoint", "--", "true")
    keystead("whoami", "base")
    keystead("Get-STSCallerIdentity", "-ProfileName", "admin")
    assert ways(keystead) == [
        ("process", "admin"),
        ("env", "base"),
        ("exec", "base"),
        ("whoami", "base"),
        ("cmdlet", "admin"),
    ]
    first = entries(keystead)[0]
    assert (first["pid"], first["program"]) == (os.getpid(), os.path.basename(sys.executable))
    assert first["expires_at"]
    assert "hash" not in first
    assert keystead("audit", "--verify").code == 0


def test_what_hands_nothing_over_leaves_none(keystead) -> None:
    keystead("list")
    keystead("show", "base")
    keystead("plan", "admin")
    keystead("process", "nobody")
    assert entries(keystead) == []
    assert not (Path(os.environ["KEYSTEAD_HOME"]) / "audit.jsonl").exists()


def test_a_session_leaves_a_line_for_each_new_set_of_keys(keystead, moto: Emulator) -> None:
    session = library.session("admin")
    for _ in range(5):
        session.client("sts").get_caller_identity()
    library.credentials("base")
    assert ways(keystead) == [("session", "admin"), ("library", "base")]


def test_a_child_with_an_endpoint_that_asks_leaves_a_line(keystead) -> None:
    code = "import boto3; boto3.Session().get_credentials().get_frozen_credentials()"
    keystead("exec", "base", "--endpoint", "--", sys.executable, "-c", code)
    entry = entries(keystead)[-1]
    assert (entry["way"], entry["program"]) == ("exec", os.path.basename(sys.executable))


def test_a_log_that_cannot_be_written_is_a_warning(keystead) -> None:
    Path(os.environ["KEYSTEAD_HOME"]).mkdir()
    (Path(os.environ["KEYSTEAD_HOME"]) / "audit.jsonl").mkdir()
    done = keystead("process", "base")
    assert done.code == 0
    assert json.loads(done.stdout)["AccessKeyId"] == ACCESS_KEY_ID
    assert done.stderr.startswith("keystead: warning: the audit log has no line of this: ")


def test_what_was_done_to_the_log_is_told(keystead) -> None:
    for _ in range(3):
        keystead("process", "base")
    log = Path(os.environ["KEYSTEAD_HOME"]) / "audit.jsonl"
    log.write_text(log.read_text().replace('"number": 2, "time": "2', '"number": 2, "time": "1'))
    done = keystead("audit", "--verify")
    assert done.code == 4
    assert f"keystead: warning: {log}:2: the line was changed or cut short" in done.stderr
    assert "keystead: error: the audit log is not as it was written" in done.stderr
    shown = json.loads(keystead("audit", "--verify", "--json").stdout)
    assert [fault["where"] for fault in shown] == [f"{log}:2"]
