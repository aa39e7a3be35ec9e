"""One session for all who ask: across commands, processes and threads, and when one of them dies."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from devtools import command
from devtools.emulators import Emulator
from keystead.app import App
from keystead.errors import ProviderError
from keystead.model.credentials import Credentials
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, MFA_CODE, SECRET_KEY
from tests.conftest import Keystead

ROLE = "arn:aws:iam::123456789012:role/r"
FILES = f"""[base]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
[r]
role_arn = {ROLE}
source_profile = base
[end]
role_arn = {ROLE}-end
source_profile = r
[mfa]
role_arn = {ROLE}
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/user
"""


@pytest.fixture(autouse=True)
def files(home: Path) -> None:
    (home / ".aws").mkdir(mode=0o700)
    path = home / ".aws" / "credentials"
    path.touch(mode=0o600)
    path.write_text(FILES)


def operations(moto: Emulator) -> list[str]:
    return [call.operation for call in moto.recorder.calls]


def test_the_second_command_calls_nobody(moto: Emulator, keystead: Keystead) -> None:
    first, second = (keystead("process", "r").stdout for _ in range(2))
    assert first == second
    assert operations(moto) == ["AssumeRole"]
    assert "fresh" in keystead("plan", "r", "--json").stdout
    assert "a session is kept" in keystead("plan", "r").stdout
    assert f"profile base > {ROLE}" in keystead("cache", "list").stdout
    assert keystead("cache", "clear").stderr == "keystead: note: forgot 1 session\n"
    assert '"none"' in keystead("plan", "r", "--json").stdout
    assert keystead("process", "r").stdout != first


def test_a_code_is_asked_for_once(moto: Emulator, keystead: Keystead) -> None:
    first = keystead("process", "mfa", env={"KEYSTEAD_MFA_CODE": MFA_CODE}).stdout
    assert keystead("process", "mfa").stdout == first
    assert operations(moto) == ["AssumeRole"]


def test_a_role_on_the_way_serves_others(moto: Emulator, keystead: Keystead) -> None:
    keystead("process", "r")
    keystead("process", "end")
    assert [call.parameters["RoleArn"] for call in moto.recorder.calls] == [ROLE, f"{ROLE}-end"]


def test_fifty_commands_at_once_make_one_call(moto: Emulator, keystead: Keystead) -> None:
    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(lambda _: keystead("process", "r").stdout, range(50)))
    assert len(set(found)) == 1
    assert operations(moto) == ["AssumeRole"]


def test_whoever_is_killed_lets_the_next_one_go_on(moto: Emulator, keystead: Keystead) -> None:
    rng = random.Random(3)
    for _ in range(10):
        keystead("cache", "clear")
        leader = subprocess.Popen(
            [command.KEYSTEAD, "process", "r"],
            env=dict(os.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(rng.uniform(0.05, 0.6))
        leader.send_signal(signal.SIGKILL)
        leader.wait()
        assert keystead("process", "r", seconds=20).code == 0


def test_when_renewing_early_fails_the_old_one_serves(moto: Emulator, home: Path) -> None:
    def after(minutes: int) -> Credentials:
        clock = System().clock
        return App(System(clock=lambda: clock() + timedelta(minutes=minutes))).credentials("r")

    first = after(0)
    moto.recorder.down = True
    assert after(44) == first
    assert after(47) == first  # it was tried
    assert len(moto.recorder.calls) > 1
    with pytest.raises(ProviderError):
        after(51)
    moto.recorder.down = False
    assert after(51) != first
