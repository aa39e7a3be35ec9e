"""Concurrent requests share one call, one prompt and one program; a killed process blocks none."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pexpect
import pytest

from devtools import command
from devtools.emulators import Emulator
from keystead.app import App
from keystead.audit.grantee import Grantee
from tests.agents import wait_for
from tests.canaries import ACCESS_KEY_ID, MFA_CODE, SECRET_KEY
from tests.conftest import Keystead
from tests.effort import amount

pytestmark = pytest.mark.posix("a pseudo-terminal")

ROLE = "arn:aws:iam::123456789012:role/r"
SERIAL = "arn:aws:iam::123456789012:mfa/user"
FILES = f"""[base]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
[r]
role_arn = {ROLE}
source_profile = base
[other]
role_arn = {ROLE}-other
source_profile = base
mfa_serial = {SERIAL}
[mfa]
role_arn = {ROLE}-mfa
source_profile = base
mfa_serial = {SERIAL}
"""

ROUNDS = amount(short=6, full=50)
COMMANDS = amount(short=16, full=50)


@pytest.fixture(autouse=True)
def files(write_credentials: Callable[[str], Path]) -> Path:
    return write_credentials(FILES)


def operations(moto: Emulator) -> list[str]:
    return [call.operation for call in moto.recorder.calls]


def test_many_commands_make_one_call_to_a_slow_service(moto: Emulator, keystead: Keystead) -> None:
    moto.recorder.seconds = 2
    with ThreadPoolExecutor(COMMANDS) as pool:
        found = list(pool.map(lambda _: keystead("process", "r", seconds=120), range(COMMANDS)))
    assert [done.code for done in found] == [0] * COMMANDS
    assert len({done.stdout for done in found}) == 1
    assert operations(moto) == ["AssumeRole"]


def test_sixty_four_threads_make_one_call_to_a_slow_service(moto: Emulator) -> None:
    moto.recorder.seconds = 1
    with ThreadPoolExecutor(64) as pool:
        found = list(pool.map(lambda _: App().select("r").credentials(Grantee("test")), range(64)))
    assert len({credentials.access_key_id for credentials in found}) == 1
    assert operations(moto) == ["AssumeRole"]


def test_many_commands_prompt_once_for_a_code(moto: Emulator, home: Path) -> None:
    moto.recorder.seconds = 0.5
    line = (
        f"for n in $(seq {COMMANDS}); do"
        f" {command.KEYSTEAD} process $([ $((n % 2)) = 0 ] && echo mfa || echo other)"
        " > out.$n & done; wait; echo all done"
    )
    child = pexpect.spawn("/bin/sh", ["-c", line], cwd=str(home), encoding="utf-8", timeout=120)
    child.expect("MFA code of .*: ")
    wait_for(lambda: len(list(home.glob("out.*"))) == COMMANDS)  # all are started
    child.sendline(MFA_CODE)
    child.expect("all done")
    assert "MFA code" not in child.before
    child.close()
    texts = [(home / f"out.{number}").read_text() for number in range(1, COMMANDS + 1)]
    assert all('"AccessKeyId": "ASIA' in text for text in texts)
    assert len(set(texts)) == 2
    assert sorted(operations(moto)) == ["AssumeRole", "AssumeRole", "GetSessionToken"]
    for number in range(1, COMMANDS + 1):
        (home / f"out.{number}").unlink()


@pytest.mark.parametrize("expiration", ["", ', "Expiration": "2099-01-01T00:00:00Z"'])
def test_program_is_run_once_with_or_without_an_expiry(
    home: Path, keystead: Keystead, files: Path, expiration: str
) -> None:
    answer = (
        f'{{"Version": 1, "AccessKeyId": "{ACCESS_KEY_ID}", '
        f'"SecretAccessKey": "{SECRET_KEY}"{expiration}}}'
    )
    program = home / "helper"
    program.write_text(f"#!/bin/sh\necho ran >> {home}/runs\nsleep 2\necho '{answer}'\n")
    program.chmod(0o700)
    keystead.plain.add(program)
    files.write_text(f"[p]\ncredential_process = {program}\n")
    with ThreadPoolExecutor(COMMANDS) as pool:
        found = list(pool.map(lambda _: keystead("process", "p"), range(COMMANDS)))
    assert [done.code for done in found] == [0] * COMMANDS
    assert (home / "runs").read_text() == "ran\n"


def test_a_command_says_that_it_waits_for_a_prompt_on_another_terminal(
    moto: Emulator, home: Path
) -> None:
    def started() -> pexpect.spawn:
        words = ["process", "mfa"]
        return pexpect.spawn(command.KEYSTEAD, words, cwd=home, encoding="utf-8", timeout=60)

    asking = started()
    asking.expect("MFA code of .*: ")
    waiting = started()
    waiting.expect(
        rf"keystead: waiting for process {asking.pid} on (/dev/pts/\d+), which is getting the same "
        "credentials and may be asking there"
    )
    assert waiting.match
    assert waiting.match[1] == os.readlink(f"/proc/{asking.pid}/fd/0")
    asking.sendline(MFA_CODE)
    for child in (asking, waiting):
        child.expect('"AccessKeyId": "ASIA')
        child.expect(pexpect.EOF)
        child.close()
    assert operations(moto) == ["GetSessionToken", "AssumeRole"]


@pytest.mark.parametrize("profile", ["r", "mfa"])
def test_killed_process_releases_the_next_one(moto: Emulator, profile: str) -> None:
    """The leader is killed at any point; all waiting commands get credentials, with at most one more call."""
    rng = random.Random(5)
    for number in range(ROUNDS):
        App().sessions.clear()
        moto.recorder.clear()
        moto.recorder.seconds = 0.05
        # A fork of this process would have the locks of its threads, as they are at that moment.
        leader, *others = (
            subprocess.Popen(
                [command.KEYSTEAD, "process", profile],
                env={**os.environ, "KEYSTEAD_MFA_CODE": f"{number:06}"},
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
            for _ in range(4)
        )
        time.sleep(rng.uniform(0, 0.4))
        leader.kill()
        assert [process.wait(20) for process in others] == [0, 0, 0]
        leader.wait()
        assert 1 <= operations(moto).count("AssumeRole") <= 2
