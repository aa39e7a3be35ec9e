"""Helper programs that call keystead for the same profile: found at once, with the whole cycle."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools import command
from keystead.model.helper_ring import asked_profile
from tests.agents import Agent
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.conftest import Keystead

ROLE = "arn:aws:iam::123456789012:role/r"
K = command.KEYSTEAD
SECONDS = 30.0
"""Far below the time limit of a helper, at which such a ring ended before."""

FILE = f"""[profile self]
credential_process = {K} process self
[profile a]
credential_process = {K} process b
[profile b]
credential_process = {K} process a
[profile role]
role_arn = {ROLE}
source_profile = for-role
[profile for-role]
credential_process = sh -c "{K} process role"
[profile hidden]
credential_process = HOME/hidden
[profile far]
credential_process = HOME/far
[profile hidden-role]
role_arn = {ROLE}
source_profile = for-hidden-role
[profile for-hidden-role]
credential_process = HOME/for-hidden-role
[profile coded]
role_arn = {ROLE}
source_profile = keys
mfa_serial = arn:aws:iam::123456789012:mfa/user
mfa_process = HOME/code
[profile over-agent]
credential_process = HOME/over-agent
[profile good]
credential_process = {K} process keys
[profile library]
credential_process = HOME/library
"""
PROGRAMS = {
    "hidden": f"exec {K} process far",
    "far": f"exec {K} exec hidden -- true",
    "for-hidden-role": f"exec {K} process hidden-role",
    "code": f"{K} process coded >/dev/null && echo 123456",
    "library": "exec PYTHON -c 'import keystead; keystead.session(\"library\")'",
    "over-agent": "exec curl -sSf --max-time 40 --unix-socket SOCKET http://x/process/over-agent",
}


@pytest.fixture(autouse=True)
def files(home: Path, write_credentials: Callable[[str], Path]) -> None:
    write_credentials(
        f"[keys]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    )
    (home / ".aws" / "config").write_text(FILE.replace("HOME", str(home)))
    for name, script in PROGRAMS.items():
        path = home / name
        path.write_text(f"#!/bin/sh\n{script}\n".replace("PYTHON", str(Path(K).parent / "python")))
        path.chmod(0o700)


@pytest.mark.parametrize(
    ("profile", "ring"),
    [("self", "self > self"), ("a", "a > b > a"), ("role", "role > for-role > role")],
)
def test_visible_cycle_is_refused_before_anything_runs(
    keystead: Keystead, profile: str, ring: str
) -> None:
    for words in (("process", profile), ("plan", profile), ("exec", profile, "--", "true")):
        done = keystead(*words)
        assert done.code == 4
        assert done.stderr.count("keystead: error:") == 1
        assert f"asks for credentials that need its own output: {ring}\n" in done.stderr
        assert ".aws/config:" in done.stderr


@pytest.mark.parametrize(
    ("profile", "ring"),
    [
        ("hidden", "hidden > far > hidden"),
        ("hidden-role", "for-hidden-role > for-hidden-role"),
        ("coded", "coded (MFA) > coded (MFA)"),
        ("library", "library > library"),
    ],
)
def test_hidden_cycle_is_found_by_the_nested_keystead(
    keystead: Keystead, profile: str, ring: str
) -> None:
    began = time.monotonic()
    done = keystead("process", profile)
    assert time.monotonic() - began < SECONDS
    assert done.code == 7
    assert f"runs keystead for credentials that need its own output: {ring}\n" in done.stderr


def test_cycle_through_the_agent_is_found(agent: Agent, home: Path, keystead: Keystead) -> None:
    keystead("agent", "start")
    program = home / "over-agent"
    program.write_text(program.read_text().replace("SOCKET", str(agent.path)))
    began = time.monotonic()
    done = keystead("process", "over-agent")
    assert time.monotonic() - began < SECONDS
    assert done.code == 7
    status, body = agent.request("GET", "/process/over-agent")
    assert (status, time.monotonic() - began < SECONDS) == (502, True), body


def test_helper_that_uses_another_profile_is_not_a_cycle(keystead: Keystead) -> None:
    assert ACCESS_KEY_ID in keystead("process", "good").stdout


@pytest.mark.parametrize("value", ["[]", "nonsense", '[["a"]]', "[1, 2]", '{"a": 1}', "abc def"])
def test_invalid_variable_is_ignored(keystead: Keystead, value: str) -> None:
    done = keystead("process", "good", env={"KEYSTEAD_RUNNING_PROCESS": value})
    assert ACCESS_KEY_ID in done.stdout


def test_lint_reports_each_cycle_once(keystead: Keystead, home: Path) -> None:
    lines = [line for line in keystead("lint").stdout.splitlines() if "helper-ring" in line]
    assert len(lines) == 3, lines
    at = os.path.join(".aws", "config")
    assert all(at in line for line in lines)


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ("keystead process x", "x"),
        ("/usr/bin/keystead process -- -x", "-x"),
        ("python3.11 -P -m keystead process x", "x"),
        ("/home/u/.local/bin/keystead-process x", "x"),
        ("sh -c 'keystead process x'", "x"),
        (r'"C:\Program Files\keystead.exe" process x', "x"),
        ("bash -c 'exec keystead process \"x y\" | jq .'", "x y"),
        ("aws configure export-credentials --profile x --format process", "x"),
        ("aws configure export-credentials --format process --profile=x", "x"),
        ("keystead process x --location other", None),
        ("keystead exec x -- true", None),
        ("aws configure export-credentials", None),
        ("env AWS_CONFIG_FILE=other keystead process x", None),
        ("helper process x", None),
        ("sh -c", None),
        ("keystead 'process x", None),
        ("", None),
    ],
)
def test_profile_named_by_a_command_line(text: str, profile: str | None) -> None:
    assert asked_profile(text) == profile
