"""Cmdlets that ask: -Confirm, the choices of Initialize-AWSDefaultConfiguration, the prompt."""

import os
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from devtools.command import KEYSTEAD
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, leaks

pytestmark = pytest.mark.posix("a pseudo-terminal")

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"


def spawn(*words: str, **variables: str) -> pexpect.spawn:
    return pexpect.spawn(
        KEYSTEAD, list(words), env={**os.environ, **variables}, encoding="utf-8", timeout=60
    )


def finish(child: pexpect.spawn) -> int:
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus or 0)


@pytest.fixture
def credentials(
    home: Path, monkeypatch: pytest.MonkeyPatch, write_credentials: Callable[[str], Path]
) -> Path:
    monkeypatch.chdir(home)
    return write_credentials(f"[base]\n{KEYS}[other]\n{KEYS}region = eu-west-1\n")


@pytest.mark.parametrize(("answer", "gone"), [("y", True), ("n", False)])
def test_confirm_asks_once(credentials: Path, answer: str, gone: bool) -> None:
    child = spawn("Remove-AWSCredentialProfile", "base", "-Confirm")
    child.expect(
        'operation "Remove-AWSCredentialProfile" on target "base". Continue\\? \\[y/N\\]: '
    )
    child.sendline(answer)
    assert finish(child) == 0
    assert ("[base]" not in credentials.read_text()) is gone


def test_profile_can_be_chosen_as_the_default(credentials: Path) -> None:
    child = spawn("Initialize-AWSDefaultConfiguration", "-ProfileLocation", str(credentials))
    child.expect("0  new keys\r\n +1  base\r\n +2  other\r\n")
    child.expect("number of the profile to use as default \\[0\\]: ")
    child.sendline("1")
    child.expect("default region \\[none\\]: ")
    child.sendline("us-east-1")
    assert finish(child) == 0
    assert credentials.read_text().endswith(f"[default]\n{KEYS}region = us-east-1\n")


def test_invalid_number_changes_nothing(credentials: Path) -> None:
    before = credentials.read_text()
    child = spawn("Initialize-AWSDefaultConfiguration", "-ProfileLocation", str(credentials))
    child.expect("default \\[0\\]: ")
    child.sendline("3")
    child.expect("the answer is not a whole number from 1 to")
    assert finish(child) == 2
    assert credentials.read_text() == before


def test_typed_keys_are_saved(home: Path, credentials: Path) -> None:
    credentials.write_text("")
    child = spawn("Initialize-AWSDefaultConfiguration", "-ProfileLocation", str(credentials))
    child.expect("access key: ")
    child.sendline(ACCESS_KEY_ID)
    child.expect("secret key: ")
    child.sendline(SECRET_KEY)
    child.expect("default region \\[none\\]: ")
    child.sendline("")
    assert finish(child) == 0
    assert not leaks(child.before)
    assert credentials.read_text() == f"[default]\n{KEYS}"


def test_mandatory_parameter_is_prompted_for(credentials: Path) -> None:
    child = spawn("Set-DefaultAWSRegion")
    child.expect("Region: ")
    child.sendline("eu-west-1")
    child.expect("this region is discarded")
    assert finish(child) == 0


def test_the_prompt_follows_the_shell(credentials: Path) -> None:
    child = spawn("shell", TERM="dumb", AWS_REGION="us-west-2")
    child.expect("PS us-west-2 > ")
    child.sendline("Set-AWSCredential -ProfileName other")
    child.expect("PS other us-west-2 > ")
    child.sendline("Set-DefaultAWSRegion eu-central-1")
    child.expect("PS other eu-central-1 > ")
    child.sendline(
        "Set-AWSCredential -SourceProfile base -RoleArn arn:aws:iam::123456789012:role/r"
    )
    child.expect("PS \\* eu-central-1 > ")
    child.close(force=True)
