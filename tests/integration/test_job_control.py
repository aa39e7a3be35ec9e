"""A helper at its prompt and the command that runs it are one job to the user's shell."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from devtools.command import KEYSTEAD
from tests.agents import wait_for
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.conftest import Keystead
from tests.job_control import PROMPT, interactive_bash, wait_until_stopped

pytestmark = pytest.mark.posix("a pseudo-terminal")

HELPER = f"""#!/bin/sh
echo $$ > HOME/pid
echo speaking >&2
stty -echo </dev/tty
printf 'code: ' >/dev/tty
read code </dev/tty
stty echo </dev/tty
test "$code" = 12345 || exit 1
echo '{{"Version": 1, "AccessKeyId": "{ACCESS_KEY_ID}", "SecretAccessKey": "{SECRET_KEY}"}}'
"""


@pytest.fixture
def shell(home: Path, keystead: Keystead) -> Iterator[pexpect.spawn]:
    """An interactive bash with job control; the profile `p` has a helper that asks."""
    helper = home / "helper"
    helper.write_text(HELPER.replace("HOME", str(home)))
    helper.chmod(0o700)
    keystead.plain.add(helper)
    (home / ".aws").mkdir(mode=0o700)
    config = home / ".aws" / "config"
    outer = f"sh -c '{KEYSTEAD} process inner'"
    config.write_text(
        f"[profile p]\ncredential_process = {helper}\n"
        f"[profile inner]\ncredential_process = {helper}\n"
        f"[profile outer]\ncredential_process = {outer}\n"
    )
    with interactive_bash(home) as child:
        yield child


def run(shell: pexpect.spawn, profile: str) -> None:
    """Starts a command and waits for its helper to ask."""
    shell.sendline(f"{KEYSTEAD} exec {profile} -- sh -c 'echo got $AWS_ACCESS_KEY_ID'")
    shell.expect("code: ")


def stop(shell: pexpect.spawn) -> None:
    shell.send("\x1a")
    shell.expect("Stopped")
    shell.expect(PROMPT)


def state(home: Path) -> str:
    """The state of the helper's process, such as `T` for stopped; empty: there is none."""
    try:
        stat = Path(f"/proc/{(home / 'pid').read_text().strip()}/stat").read_text()
    except FileNotFoundError:
        return ""
    return stat.rpartition(")")[2].split()[0]


@pytest.mark.parametrize("profile", ["p", "outer"], ids=["a helper", "a helper that is keystead"])
def test_ctrl_z_stops_both_and_fg_resumes_the_prompt(
    shell: pexpect.spawn, home: Path, profile: str
) -> None:
    run(shell, profile)
    for _ in range(2):
        stop(shell)
        assert state(home) == "T"
        shell.sendline("fg")
        shell.expect("exec")
        time.sleep(0.05)
    shell.sendline("12345")
    shell.expect(f"got {ACCESS_KEY_ID}")
    shell.expect(PROMPT)


def test_the_shell_echoes_while_a_prompt_for_a_secret_is_stopped(
    shell: pexpect.spawn, home: Path
) -> None:
    run(shell, "p")
    stop(shell)
    shell.sendline("stty -a | grep -o ' -*echo '; echo $((6 * 7))")
    shell.expect("42")
    shown = shell.before
    assert " -echo" not in shown
    shell.sendline("kill -KILL %1")
    wait_for(lambda: state(home) in ("", "Z"))  # the system ends a job that cannot be resumed


def test_in_the_background_it_stops_at_the_prompt_and_comes_back_with_fg(
    shell: pexpect.spawn,
) -> None:
    shell.sendline(f"{KEYSTEAD} exec p -- sh -c 'echo got $AWS_ACCESS_KEY_ID' &")
    shell.expect(PROMPT)
    wait_until_stopped(shell)
    shell.sendline("fg")
    time.sleep(0.05)
    shell.expect("exec")
    shell.sendline("12345")
    shell.expect(f"got {ACCESS_KEY_ID}")


def test_a_stopped_job_goes_on_in_the_background_without_the_terminal(
    shell: pexpect.spawn,
) -> None:
    run(shell, "p")
    stop(shell)
    shell.sendline("bg")
    shell.expect("exec")
    shell.sendline("echo the answer is $((6 * 7))")
    shell.expect("the answer is 42")
    wait_until_stopped(shell)
    shell.sendline("fg")
    shell.expect("exec")
    shell.sendline("12345")
    shell.expect(f"got {ACCESS_KEY_ID}")


def test_helper_output_stops_nothing_if_background_writes_are_blocked(
    shell: pexpect.spawn,
) -> None:
    shell.sendline("stty tostop")
    run(shell, "p")
    assert "speaking\r\n" in shell.before
    shell.sendline("12345")
    shell.expect(f"got {ACCESS_KEY_ID}")
    shell.expect(PROMPT)


@pytest.mark.parametrize("profile", ["p", "outer"], ids=["a helper", "a helper that is keystead"])
def test_ctrl_c_ends_both_also_after_a_stop(shell: pexpect.spawn, home: Path, profile: str) -> None:
    run(shell, profile)
    stop(shell)
    shell.sendline("fg")
    shell.expect("exec")
    time.sleep(0.05)
    shell.sendintr()
    shell.expect("interrupted")
    shell.expect(PROMPT)
    shell.sendline("echo code=$?")
    shell.expect("code=130")
    wait_for(lambda: state(home) in ("", "Z"))
