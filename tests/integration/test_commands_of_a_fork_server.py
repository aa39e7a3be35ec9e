"""A command that a child of the fork server runs is the same as without: output, signals, exec."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pexpect
import pytest

from devtools.command import KEYSTEAD, SCRIPTS, Done, run
from devtools.service import Reply, Request, Service, serving
from tests.agents import is_alive, wait_for
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.conftest import Keystead
from tests.effort import amount
from tests.job_control import PROMPT, interactive_bash, wait_until_stopped
from tests.recording_fork_server import RecordingServer

pytestmark = pytest.mark.posix("a fork server")

MANY = 2000
_DEADLY = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL)


@pytest.fixture(autouse=True)
def files(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile `dev` with keys, another home with many profiles, and a file that cannot be executed."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("PATH", f"{SCRIPTS}:{os.environ['PATH']}")
    keys = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    for folder, names in ((home, ["dev"]), (home / "many", [f"p{n}" for n in range(MANY)])):
        (folder / ".aws").mkdir(mode=0o700, parents=True)
        path = folder / ".aws" / "credentials"
        path.write_text("".join(f"[{name}]\n{keys}" for name in names))
        path.chmod(0o600)
    (home / "garbage").write_bytes(b"\x00garbage")
    (home / "garbage").chmod(0o700)


@pytest.fixture(autouse=True)
def many_are_plain(home: Path, keystead: Keystead) -> None:
    keystead.plain.add(home / "many" / ".aws" / "credentials")


def test_the_client_loads_these_modules_and_no_other() -> None:
    code = "import sys; before = {*sys.modules}; import keystead.warm.client as client; "
    names = "print(*sorted({*sys.modules} - before))"
    done = run([sys.executable, "-c", code + names], environ=os.environ, cwd=Path("/"))
    assert done.stdout.split() == [
        "_socket",
        "keystead",
        "keystead._version",
        "keystead.agent",
        "keystead.agent.protocol",
        "keystead.warm",
        "keystead.warm.client",
        "keystead.warm.protocol",
    ]


def shell(line: str, home: Path, **more: str) -> Done:
    return run([shutil.which("sh") or "sh", "-c", line], environ={**os.environ, **more}, cwd=home)


LINES = {
    "a table": "keystead list",
    "a profile that does not exist": "keystead show nobody",
    "bytes that are not text in an argument": r"keystead show $(printf '\377\376')",
    "bytes that are not text in a variable": (
        r"""X=$(printf '\377') keystead exec dev -- sh -c 'printf %s "$X" | od -c'"""
    ),
    "an empty argument": "keystead show ''",
    "the width of the terminal": "COLUMNS=40 keystead list --help",
    "another time zone": "test -e once || keystead env dev >once; : >once; TZ=Asia/Tokyo keystead audit",
    "another home": "HOME=$HOME/many keystead list",
    "a relative location": "cd many && keystead list --location .aws/credentials",
    "a folder that was removed": "mkdir x; cd x; rmdir ../x; keystead list",
    "a reader that stops": "{ HOME=$HOME/many keystead list; echo $? >&2; } | head -c 5",
    "a help text without a reader": "{ keystead list --help; echo $? >&2; } | true",
    "a full device": "keystead list >/dev/full",
    "a full device for messages": "keystead show nobody 2>/dev/full",
    "both streams in one": "keystead show nobody 2>&1",
    "the program's standard input": "echo hello | keystead exec dev -- cat",
    "another descriptor of the program": "keystead exec dev -- cat /dev/fd/5 5<.aws/credentials",
    "signals that the caller ignores": (
        "trap '' HUP; keystead exec dev -- sh -c 'while read -r a b; do case $a in Sig[IBC]*) "
        "echo $a $b; esac; done </proc/$$/status'"
    ),
    "the program's umask": "umask 027; keystead exec dev -- sh -c umask",
    "a program that fails": "keystead exec dev -- sh -c 'exit 9'",
    "a program that is killed": "keystead exec dev -- sh -c 'kill -TERM $$'",
    "a program that is missing": "keystead exec dev -- ./nothing",
    "a file that cannot be executed": "keystead exec dev -- ./garbage",
    "the name of the program": "cd /; keystead exec dev -- sh -c 'echo $0 $PWD; ls /proc/$$/fd'",
    "completion": "keystead __complete show ''",
    "options of cmdlets": "keystead Get-AWSCredential -ListProfileDetail",
}
BY_CLIENTS = {"another descriptor of the program"}


@pytest.mark.parametrize("what", LINES)
def test_output_and_exit_code_are_as_without(
    what: str, recording_server: RecordingServer, home: Path
) -> None:
    expected = shell(LINES[what], home, KEYSTEAD_AGENT="off")
    assert shell(LINES[what], home) == expected
    records = recording_server.records()
    assert [record.answered for record in records[-1:]] == [True] * (what not in BY_CLIENTS)


def test_prints_more_than_is_held_and_waits_for_a_slow_reader(
    recording_server: RecordingServer, home: Path
) -> None:
    line = "HOME=$HOME/many keystead list"
    expected = shell(line, home, KEYSTEAD_AGENT="off").stdout
    assert len(expected) > 128 * 1024
    assert shell(f"{line} | (sleep 0.05; cat)", home).stdout == expected
    assert [record.answered for record in recording_server.records()] == [True]


@pytest.mark.parametrize("stream", ["<&-", ">&-", "2>&-"])
def test_a_closed_stream_is_left_to_the_client(
    stream: str, recording_server: RecordingServer, home: Path
) -> None:
    line = f"keystead list {stream}"
    assert shell(line, home) == shell(line, home, KEYSTEAD_AGENT="off")
    assert recording_server.records() == []


@pytest.mark.usefixtures("recording_server")
def test_the_audit_log_has_the_processes_of_the_client(home: Path, keystead: Keystead) -> None:
    line = "echo $$; keystead env dev >/dev/null; keystead process dev >/dev/null; keystead exec dev -- sh -c 'echo $$'"
    pids = shell(f"{line}; exit", home).stdout.split()
    log = json.loads(keystead("audit", "--json").stdout)
    assert [str(row["pid"]) for row in log] == [pids[0], pids[0], pids[1]]
    assert {os.path.basename(row["program"]) for row in log} == {
        os.path.basename(os.path.realpath("/bin/sh"))
    }


@pytest.mark.usefixtures("recording_server")
def test_a_rule_for_programs_sees_the_client_s(home: Path) -> None:
    program = home / "terraform"  # a rule must not name an interpreter
    shutil.copy(os.path.realpath("/bin/sh"), program)
    with (home / ".aws" / "credentials").open("a") as file:
        file.write(f"programs = {program}\n")
    assert shell("./terraform -c 'keystead env dev; exit'", home).code == 0
    refused = run([KEYSTEAD, "env", "dev"], environ=os.environ, cwd=home)
    assert refused.code != 0
    assert "is not for" in refused.stderr


def test_fifty_commands_at_once(recording_server: RecordingServer, home: Path) -> None:
    number = amount(20, 50)
    expected = shell("keystead list", home, KEYSTEAD_AGENT="off")
    with ThreadPoolExecutor(number) as pool:
        found = list(pool.map(lambda _: shell("keystead list", home), range(number)))
    assert found == [expected] * number
    assert any(record.answered for record in recording_server.records())


@pytest.fixture
def blocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """An STS that `keystead whoami dev` asks in vain until the end of the test."""
    end = threading.Event()

    def reply(_request: Request) -> Reply:
        end.wait(60)
        return Reply(500)

    with serving(reply) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        yield service
        end.set()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), *((number, -number) for number in _DEADLY)],
)
def test_a_signal_to_the_client_is_one_to_the_child(
    number: int, code: int, recording_server: RecordingServer, blocked: Service, home: Path
) -> None:
    process = subprocess.Popen(
        [KEYSTEAD, "whoami", "dev"],
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(lambda: blocked.requests)
    process.send_signal(number)
    message = process.communicate(timeout=30)[1]
    assert process.returncode == code
    assert message == ("keystead: error: interrupted\n" if code > 0 else "")
    record = recording_server.records()[0]
    assert record.answered
    wait_for(lambda: not is_alive(record.pid))


@pytest.fixture
def bash(home: Path) -> Iterator[pexpect.spawn]:
    """An interactive bash with job control."""
    with interactive_bash(home) as child:
        yield child


def test_ctrl_z_stops_the_child_too_and_ctrl_c_after_fg_interrupts_it(
    recording_server: RecordingServer, blocked: Service, bash: pexpect.spawn
) -> None:
    bash.sendline("keystead whoami dev")
    wait_for(lambda: blocked.requests)
    record = recording_server.records()[0]
    for _ in range(2):
        bash.send("\x1a")
        bash.expect("Stopped")
        bash.expect(PROMPT)
        wait_for(lambda: state(record.pid) == "T")
        bash.sendline("fg")
        bash.expect("whoami")
        wait_for(lambda: state(record.pid) != "T")
    bash.send("\x03")
    bash.expect("keystead: error: interrupted")
    bash.expect(PROMPT)
    bash.sendline("echo code $?")
    bash.expect("code 130")
    assert not recording_server.records()


def test_output_in_the_background_stops_where_the_terminal_says_so(
    recording_server: RecordingServer, bash: pexpect.spawn
) -> None:
    bash.sendline("stty tostop")
    bash.expect(PROMPT)
    bash.sendline("keystead list &")
    bash.expect(PROMPT)
    wait_until_stopped(bash)
    bash.sendline("fg")
    bash.expect("SharedCredentialsFile")
    bash.expect(PROMPT)
    assert not recording_server.records()


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_the_client_asks_on_its_terminal(
    recording_server: RecordingServer, home: Path, bash: pexpect.spawn
) -> None:
    bash.sendline(f"keystead set other aws_access_key_id={ACCESS_KEY_ID} --location new")
    bash.expect("aws_secret_access_key: ")
    bash.send("\x03")
    bash.expect("keystead: error: interrupted")
    bash.expect(PROMPT)
    bash.sendline(f"keystead set other aws_access_key_id={ACCESS_KEY_ID} --location new")
    bash.expect("aws_secret_access_key: ")
    bash.sendline(SECRET_KEY)
    bash.expect(PROMPT)
    assert SECRET_KEY not in bash.before
    assert SECRET_KEY in (home / "new").read_text()
    (home / "new").unlink()
    assert [record.answered for record in recording_server.records()] == [False, False]


def test_a_command_that_hands_back_has_printed_and_recorded_nothing(
    recording_server: RecordingServer, home: Path, keystead: Keystead
) -> None:
    helper = home / "helper"
    helper.write_text(
        f'#!/bin/sh\necho asked >&2\necho \'{{"Version": 1, "AccessKeyId": "{ACCESS_KEY_ID}", '
        f'"SecretAccessKey": "{SECRET_KEY}"}}\'\n'
    )
    helper.chmod(0o700)
    keystead.plain.add(helper)
    with (home / ".aws" / "credentials").open("a") as file:
        file.write(f"[helped]\ncredential_process = {helper}\n")
    done = keystead("env", "helped")
    assert done.stderr == "asked\n"
    assert done.stdout.count(ACCESS_KEY_ID) == 1
    assert [row["profile"] for row in json.loads(keystead("audit", "--json").stdout)] == ["helped"]
    assert [record.answered for record in recording_server.records()] == [False, True]
