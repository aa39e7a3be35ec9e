"""`keystead exec` without a command, with real shells on a real pseudo-terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from devtools.command import KEYSTEAD
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY

pytestmark = pytest.mark.posix("a pseudo-terminal")

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"


@pytest.fixture(autouse=True)
def files(write_credentials: Callable[[str], Path]) -> None:
    write_credentials(f"[dev]\n{KEYS}")


PROMPTS = {
    "bash": (".bashrc", "PS1='${KEYSTEAD_PROFILE:+<$KEYSTEAD_PROFILE> }'\n"),
    "zsh": (
        ".zshrc",
        "setopt prompt_subst; PROMPT='${KEYSTEAD_PROFILE:+<${KEYSTEAD_PROFILE//\\%/%%}> }'\n",
    ),
    "fish": (
        ".config/fish/config.fish",
        """
            function fish_prompt
                set -q KEYSTEAD_PROFILE; and echo -n "<$KEYSTEAD_PROFILE> "
            end
            set -g fish_greeting
        """,
    ),
}
"""The start-up file of each shell, with the prompt that docs/signing-in.md shows."""
SHELLS = [
    "bash",
    pytest.param("zsh", marks=pytest.mark.needs("zsh")),
    pytest.param("fish", marks=pytest.mark.needs("fish")),
]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, home: Path) -> Iterator[Callable[..., pexpect.spawn]]:
    """Starts `keystead exec` with this shell as the user's, and `more` in its start-up file."""
    children = []

    def start(profile: str, more: str = "", *words: str) -> pexpect.spawn:
        name, prompt = PROMPTS[request.param]
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(prompt + more)
        env = {**os.environ, "SHELL": f"/usr/bin/{request.param}", "TERM": "dumb"}
        words = ("exec", *words, profile)
        child = pexpect.spawn(
            KEYSTEAD, [*words], env=env, cwd=home, encoding="utf-8", timeout=30, echo=False
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.close(force=True)


def test_prompt_shows_the_profile_and_exit_returns_the_code(
    shell: Callable[..., pexpect.spawn],
) -> None:
    child = shell("dev")
    child.expect_exact("<dev> ")
    child.sendline("exit 7")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 7


def test_start_up_file_that_sets_a_profile_does_not_replace_the_keys(
    shell: Callable[..., pexpect.spawn],
) -> None:
    child = shell("dev", "export AWS_PROFILE=other\n")
    child.expect_exact("<dev> ")
    child.sendline("echo has:$AWS_ACCESS_KEY_ID:$AWS_PROFILE:")
    child.expect_exact(f"has:{ACCESS_KEY_ID}:other:")


def test_shell_has_an_endpoint_until_it_exits(shell: Callable[..., pexpect.spawn]) -> None:
    child = shell("dev", "", "--endpoint")
    child.expect_exact("<dev> ")
    child.sendline('echo "at:$AWS_CONTAINER_CREDENTIALS_FULL_URI:$AWS_ACCESS_KEY_ID:"')
    child.expect("at:http://127.0.0.1:[0-9]+/credentials/dev::")


def test_ctrl_c_ends_the_command_and_not_the_shell(shell: Callable[..., pexpect.spawn]) -> None:
    child = shell("dev")
    child.expect_exact("<dev> ")
    child.sendline("sh -c 'echo run''ning; exec sleep 60'")
    child.expect_exact("running")
    child.sendintr()
    child.expect_exact("<dev> ")
    child.sendline("exit 3")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 3
