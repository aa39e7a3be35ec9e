"""Consecutive commands share one cached session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from devtools.command import KEYSTEAD
from devtools.emulators import Emulator
from keystead.app import App
from keystead.audit.grantee import Grantee
from keystead.errors import ProviderError
from keystead.model.credentials import Credentials
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, MFA_CODE, SECRET_KEY
from tests.conftest import Keystead
from tests.costs import modules
from tests.passing import Passing

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
def files(write_credentials: Callable[[str], Path]) -> None:
    write_credentials(FILES)


def operations(moto: Emulator) -> list[str]:
    return [call.operation for call in moto.recorder.calls]


def test_second_command_makes_no_call(moto: Emulator, keystead: Keystead) -> None:
    first, second = (keystead("process", "r").stdout for _ in range(2))
    assert first == second
    assert operations(moto) == ["AssumeRole"]
    assert "fresh" in keystead("plan", "r", "--json").stdout
    assert "a cached session is still valid" in keystead("plan", "r").stdout
    assert f"profile base > {ROLE}" in keystead("cache", "list").stdout
    assert keystead("cache", "clear").stderr == "keystead: note: forgot 1 session\n"
    assert '"none"' in keystead("plan", "r", "--json").stdout
    assert keystead("process", "r").stdout != first


def test_a_cached_session_loads_nothing_that_calls_sts(moto: Emulator, keystead: Keystead) -> None:
    keystead("process", "r")
    loaded = modules(KEYSTEAD, "process", "r")
    assert operations(moto) == ["AssumeRole"]
    calling = ("botocore", "hashlib", "keystead.resolve.aws", "keystead.stores.encrypted.file")
    assert [name for name in loaded if name.startswith(calling)] == []


def test_mfa_code_is_prompted_for_once(moto: Emulator, keystead: Keystead) -> None:
    first = keystead("process", "mfa", env={"KEYSTEAD_MFA_CODE": MFA_CODE}).stdout
    assert keystead("process", "mfa").stdout == first
    assert operations(moto) == ["GetSessionToken", "AssumeRole"]


def test_intermediate_role_session_is_reused(moto: Emulator, keystead: Keystead) -> None:
    keystead("process", "r")
    keystead("process", "end")
    assert [call.parameters["RoleArn"] for call in moto.recorder.calls] == [ROLE, f"{ROLE}-end"]


def test_failed_early_renewal_uses_the_old_session(moto: Emulator, home: Path) -> None:
    passing = Passing()
    moto.recorder.clock = passing.clock

    def after(minutes: int) -> Credentials:
        passing.ahead = timedelta(minutes=minutes)
        return (
            App(System(clock=passing.clock, uptime=passing.uptime))
            .select("r")
            .credentials(Grantee("test"))
        )

    first = after(0)
    moto.recorder.down = True
    assert after(44) == first
    assert after(47) == first  # it was tried
    assert len(moto.recorder.calls) > 1
    with pytest.raises(ProviderError):
        after(51)
    moto.recorder.down = False
    assert after(51) != first
