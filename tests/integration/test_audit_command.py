"""`keystead audit`: every channel records its grants."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import keystead as library
from devtools import command
from devtools.emulators import Emulator
from tests.agents import Agent
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY

pytestmark = pytest.mark.posix("signals of POSIX and its shells")

FILE = f"""[base]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
region = eu-west-1
[admin]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = base
[endless]
credential_process = cat HOME/output
"""


@pytest.fixture(autouse=True)
def files(home: Path, write_credentials: Callable[[str], Path]) -> None:
    write_credentials(FILE.replace("HOME", str(home)))


def entries(keystead) -> list[dict]:
    return json.loads(keystead("audit", "--json").stdout)


def ways(keystead) -> list[tuple[str, str]]:
    return [(entry["way"], entry["profile"]) for entry in entries(keystead)]


def test_each_command_is_recorded(keystead, moto: Emulator) -> None:
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
    assert (first["pid"], first["program"]) == (os.getpid(), os.path.realpath(sys.executable))
    assert first["expires_at"]
    assert "hash" not in first
    assert keystead("audit", "--verify").code == 0


def test_commands_without_credentials_are_not_recorded(keystead) -> None:
    keystead("list")
    keystead("show", "base")
    keystead("plan", "admin")
    keystead("process", "nobody")
    assert entries(keystead) == []
    assert not (Path(os.environ["KEYSTEAD_HOME"]) / "audit.jsonl").exists()


def test_boto_session_records_each_renewal(keystead, moto: Emulator) -> None:
    session = library.session("admin")
    for _ in range(5):
        session.client("sts").get_caller_identity()
    library.credentials("base")
    assert ways(keystead) == [("session", "admin"), ("library", "base")]


def test_request_to_the_endpoint_of_exec_is_recorded(keystead) -> None:
    code = "import boto3; boto3.Session().get_credentials().get_frozen_credentials()"
    keystead("exec", "base", "--endpoint", "--", sys.executable, "-c", code)
    entry = entries(keystead)[-1]
    assert (entry["way"], entry["program"]) == ("exec", os.path.realpath(sys.executable))


def test_a_log_that_cannot_be_written_is_a_warning(keystead) -> None:
    Path(os.environ["KEYSTEAD_HOME"]).mkdir()
    (Path(os.environ["KEYSTEAD_HOME"]) / "audit.jsonl").mkdir()
    done = keystead("process", "base")
    assert done.code == 0
    assert json.loads(done.stdout)["AccessKeyId"] == ACCESS_KEY_ID
    assert done.stderr.startswith("keystead: warning: the audit log could not be written: ")


def test_tampering_with_the_log_is_reported(keystead) -> None:
    for _ in range(3):
        keystead("process", "base")
    log = Path(os.environ["KEYSTEAD_HOME"]) / "audit.jsonl"
    log.write_text(log.read_text().replace('"number": 2, "time": "2', '"number": 2, "time": "1'))
    done = keystead("audit", "--verify")
    assert done.code == 4
    assert f"keystead: warning: {log}:2: the line was changed or cut short" in done.stderr
    assert "keystead: error: the audit log was changed after it was written" in done.stderr
    shown = json.loads(keystead("audit", "--verify", "--json").stdout)
    assert [fault["where"] for fault in shown] == [f"{log}:2"]


@pytest.mark.parametrize("name", ["base", "admin", "endless"])
def test_each_answer_of_the_agent_is_one_record(
    agent: Agent, keystead, moto: Emulator, home: Path, name: str
) -> None:
    (home / "output").write_text(keystead("process", "base").stdout)
    keystead.plain.add(home / "output")
    keystead("agent", "start")
    environ = {k: v for k, v in os.environ.items() if k.startswith("AWS_")}
    body = "".join(f"{k}={v}\n" for k, v in environ.items()).encode()
    ask = f"/process/{name}"
    before = len(entries(keystead))
    with ThreadPoolExecutor(6) as pool:  # at once, while none is ready
        assert {s for s, _ in pool.map(lambda _: agent.request("POST", ask, body), range(6))} == {
            200
        }
    assert agent.request("POST", ask, body)[0] == 200
    found = entries(keystead)[before:]
    assert {(e["way"], e["profile"], e["pid"]) for e in found} == {("agent", name, os.getpid())}
    assert len(found) == 7
    assert keystead("process", name).code == keystead("process", name).code == 0
    assert [e["way"] for e in entries(keystead)[before + 7 :]] == ["process", "process"]


def warns_of_missing_record(keystead) -> bool:
    """Whether a command warns that it cannot record a line, and outputs the keys anyway."""
    done = keystead("process", "base")
    assert done.code == 0
    assert json.loads(done.stdout)["AccessKeyId"] == ACCESS_KEY_ID
    return done.stderr.startswith("keystead: warning: the audit log could not be written: ")


def test_command_runs_without_the_agent_if_it_cannot_record(agent: Agent, keystead) -> None:
    keystead("process", "base")
    state = Path(os.environ["KEYSTEAD_HOME"])
    (state / "audit.jsonl").rename(state / "moved")
    (state / "audit.jsonl").mkdir()
    assert warns_of_missing_record(keystead)
    (state / "audit.jsonl").rmdir()
    (state / "moved").rename(state / "audit.jsonl")
    assert not warns_of_missing_record(keystead)
    with (state / "audit.last").open("rb") as held:  # by a writer that hangs
        fcntl.flock(held, fcntl.LOCK_EX)
        assert warns_of_missing_record(keystead)
    assert keystead("audit", "--verify").code == 0


def test_full_disk_is_a_warning_and_leaves_no_partial_line(keystead) -> None:
    keystead("process", "base")
    log = Path(os.environ["KEYSTEAD_HOME"]) / "audit.jsonl"
    for _ in range(2):  # the second line would reach beyond 512 bytes
        done = subprocess.run(
            ["sh", "-c", f"ulimit -f 1; exec {command.KEYSTEAD} process base"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout)["AccessKeyId"] == ACCESS_KEY_ID
    assert "the audit log could not be written: " in done.stderr
    assert log.read_bytes().endswith(b"\n")
    keystead("process", "base")
    assert keystead("audit", "--verify").code == 0


def test_partial_line_of_a_crash_is_reported_and_the_log_continues(keystead) -> None:
    for _ in range(2):
        keystead("process", "base")
    log = Path(os.environ["KEYSTEAD_HOME"]) / "audit.jsonl"
    log.write_bytes(log.read_bytes()[:-100])
    assert keystead("audit", "--verify").code == 4  # it is not known yet what truncated it
    assert len(entries(keystead)) == 1
    keystead("process", "base")
    done = keystead("audit", "--verify")
    assert done.code == 0
    assert f"keystead: note: {log}:2: the line was cut off while it was written" in done.stderr
