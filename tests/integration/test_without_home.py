"""A user without HOME and without an account, as in containers: what variables give is enough."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devtools.command import KEYSTEAD
from devtools.emulators import Emulator
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY

HOMELESS = ["unshare", "--user", "--map-user=12345", "--map-group=12345"]
KEYS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


def _can_map() -> bool:
    try:
        return subprocess.run([*HOMELESS, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


pytestmark = pytest.mark.skipif(
    os.name == "nt" or not _can_map(), reason="needs util-linux (unshare) and user namespaces"
)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """The variables of two shared files."""
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    config.write_text("[profile p]\nregion = eu-west-1\n")
    credentials.touch(mode=0o600)
    credentials.write_text(
        f"[p]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    )
    return {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}


def run(
    *words: str, program: str = KEYSTEAD, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Runs it as a user with number 12345, whom no account has, and with those variables alone."""
    fixed = {"PATH": "/usr/bin:/bin", "KEYSTEAD_AGENT": "off", "AWS_EC2_METADATA_DISABLED": "true"}
    return subprocess.run(
        [*HOMELESS, program, *words],
        env={**fixed, **env},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )


def test_profiles_of_named_files_are_served(files: dict[str, str]) -> None:
    done = run("process", "p", env=files)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["AccessKeyId"] == ACCESS_KEY_ID
    assert "the audit log could not be written: there is no home folder" in done.stderr
    assert "AWS_REGION='eu-west-1'" in run("env", "p", env=files).stdout
    assert run("exec", "p", "--", "sh", "-c", "exit 7", env=files).returncode == 7


@pytest.mark.parametrize(
    "line",
    [
        "list",
        "show p",
        "plan p",
        "explain p",
        "explain",
        "lint",
        "dump --json",
        "cache list",
        "audit",
        "undo --list",
        "store status",
        "doctor",
        "Get-AWSCredential -ListProfileDetail",
    ],
)
def test_reading_commands_work(files: dict[str, str], line: str) -> None:
    done = run(*line.split(), env=files)
    assert "error" not in done.stderr, done
    # `lint` and `doctor` end with 1 for what they find.
    assert done.returncode == 0 or (line == "doctor" and done.returncode == 1), done


def test_keys_of_the_environment_need_no_file(moto: Emulator) -> None:
    done = run("whoami", env={**KEYS, **moto.environ})
    assert done.returncode == 0, done.stderr
    code = "import keystead; print(keystead.credentials().access_key_id)"
    done = run("-c", code, program=sys.executable, env=KEYS)
    assert done.stdout.strip() == ACCESS_KEY_ID, done.stderr


def test_storing_needs_a_home(files: dict[str, str], tmp_path: Path) -> None:
    change = ("set", "p", "region=eu-west-2", "--store", "shared")
    done = run(*change, env=files)
    assert done.returncode == 1
    assert "there is no home folder to write in" in done.stderr
    assert "hint: set HOME, or KEYSTEAD_HOME" in done.stderr
    own = {"KEYSTEAD_HOME": str(tmp_path / "own")}
    assert run(*change, env={**files, **own}).returncode == 0
    assert "eu-west-2" in Path(files["AWS_CONFIG_FILE"]).read_text()
