"""Rules that a profile sets for its use: confirmation, or only certain programs."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from devtools.command import KEYSTEAD
from tests.agents import Agent
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.conftest import Keystead

pytestmark = pytest.mark.posix("the agent")

TRUE = shutil.which("true")
KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
FILES = f"""[asks]
{KEYS}confirm = true
[tools]
{KEYS}programs = terraform, tool.py
[path]
{KEYS}programs = {TRUE}
[interpreter]
{KEYS}programs = /usr/bin/python3
[both]
{KEYS}programs = terraform
confirm = True
[through]
role_arn = arn:aws:iam::123456789012:role/r
source_profile = asks
[free]
{KEYS}confirm = false
"""
DEV = f'{{"Version": 1, "AccessKeyId": "{ACCESS_KEY_ID}", "SecretAccessKey": "{SECRET_KEY}"}}'


@pytest.fixture(autouse=True)
def files(write_credentials: Callable[[str], Path]) -> None:
    write_credentials(FILES)


@pytest.mark.parametrize("name", ["asks", "both", "through"])
def test_without_a_terminal_it_is_refused(keystead: Keystead, name: str) -> None:
    for words in (("process", name), ("env", name), ("exec", name, "--", "true")):
        done = keystead(*words)
        assert done.code == 6
        assert f"use the profile `{'asks' if name == 'through' else name}`?" in done.stderr


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1)])
def test_each_use_is_confirmed(agent: Agent, answer: str, code: int) -> None:
    for _ in range(2):
        child = pexpect.spawn(KEYSTEAD, ["process", "asks"], encoding="utf-8", timeout=60)
        child.expect("let `.+` use the profile `asks`\\? \\[y/N\\]: ")
        child.sendline(answer)
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == code
        assert (SECRET_KEY in child.before) is (code == 0)
    if agent.path.exists():
        assert agent.status()["profiles"] == []


def test_false_rule_has_no_effect(keystead: Keystead) -> None:
    assert keystead("process", "free").stdout == DEV + "\n"


def test_unlisted_program_is_refused(keystead: Keystead, home: Path) -> None:
    done = keystead("process", "tools")
    assert done.code == 1
    assert "the profile `tools` is not for `" in done.stderr
    line = FILES.splitlines().index("programs = terraform, tool.py") + 1
    assert f"{home / '.aws' / 'credentials'}:{line}: " in done.stderr
    assert keystead("exec", "tools", "--", "sh", "-c", "exit 9").code == 1


@pytest.mark.parametrize("name", ["tools", "both"])
def test_listed_program_gets_credentials_without_a_prompt(
    agent: Agent, keystead: Keystead, home: Path, name: str
) -> None:
    tool = home / "terraform"
    tool.write_text("#!/bin/sh\necho got $AWS_ACCESS_KEY_ID\n")
    tool.chmod(0o755)
    done = keystead("exec", name, "--", tool)
    assert done.stdout == f"got {ACCESS_KEY_ID}\n"


def test_path_matches_only_that_file(keystead: Keystead, home: Path) -> None:
    assert keystead("exec", "path", "--", "true").code == 0
    (home / "true").write_bytes(Path(TRUE).read_bytes())
    (home / "true").chmod(0o755)
    done = keystead("exec", "path", "--", home / "true")
    assert done.code == 1
    assert "the profile `path` is not for `true`" in done.stderr


def test_an_interpreter_is_not_a_rule(keystead: Keystead) -> None:
    done = keystead("exec", "interpreter", "--", "true")
    assert done.code == 4
    assert "names `/usr/bin/python3`, which can run any program" in done.stderr


def test_client_of_the_agent_is_identified_by_its_executable(
    agent: Agent, keystead: Keystead
) -> None:
    keystead("agent", "start")
    status, body = agent.request("GET", "/process/tools")
    assert status == 409
    name = os.path.basename(os.path.realpath(sys.executable))
    assert f"is not for `{name}`".encode() in body
    status, body = agent.request("GET", "/process/asks")
    assert status == 409
    assert b"there is no terminal to ask on" in body
