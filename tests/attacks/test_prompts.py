"""Names and variables that are made to run something in a shell's prompt, or to look valid."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from devtools.command import KEYSTEAD
from keystead.app.prompt import quoted
from keystead.model.time_left import with_time_left
from tests.attacks.test_hostile_file import NAMES
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.conftest import Keystead

pytestmark = pytest.mark.posix("shells")

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
EVIL = "$(touch bad)`touch bad`%n%{\\u\\$(touch bad)!!"
SHOWN = (
    "\uff04\uff08touch bad\uff09\uff40touch bad\uff40\uff05n\uff05\uff5b\uff3cu\uff3c\uff04"
    "\uff08touch bad\uff09\uff01\uff01"
)
SHELLS = [
    "bash",
    pytest.param("zsh", marks=pytest.mark.needs("zsh")),
    pytest.param("fish", marks=pytest.mark.needs("fish")),
]

EXPANDED = {
    # The text is in the prompt itself, as after a careless PS1="$(keystead status --prompt)".
    "bash": 'for text; do printf "%s\\n" "${text@P}"; done',
    "zsh": 'setopt prompt_subst prompt_bang; for text; do print -rP -- "$text"; done',
    "fish": 'for text in $argv; eval "echo \\"$text\\""; end',
}


@pytest.mark.parametrize("shell", SHELLS)
def test_text_of_a_prompt_means_itself_wherever_it_is_expanded(shell: str, home: Path) -> None:
    texts = [with_time_left(quoted(name), 100.0) for name in (*NAMES, EVIL)]
    options = {"bash": ["-c"], "zsh": ["-fc"], "fish": ["--no-config", "-c"]}[shell]
    zero = [] if shell == "fish" else ["shell"]
    done = subprocess.run(
        [shell, *options, EXPANDED[shell], *zero, *texts],
        cwd=home,
        capture_output=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert done.stdout.decode().splitlines() == texts
    assert [*home.glob("bad*")] == []


def test_names_stay_apart_in_prompts() -> None:
    assert quoted(EVIL) == SHOWN
    assert len({quoted(name) for name in NAMES}) == len(NAMES)
    assert quoted("a\x1b]0;x\x07\u202eb\udc80") == "a\ufffd\uff3d0\uff1bx\ufffd\ufffdb\ufffd"
    assert quoted("Grüße-東京") == "Grüße-東京"


PROMPTS = {
    "bash": (
        ".bashrc",
        "PS1='${KEYSTEAD_PROFILE:+<$KEYSTEAD_PROFILE> }[$(keystead status --prompt)] '\n",
    ),
    "zsh": (
        ".zshrc",
        """
            setopt prompt_subst
            PROMPT='${KEYSTEAD_PROFILE:+<${KEYSTEAD_PROFILE//\\%/%%}> }[$(keystead status --prompt)] '
        """,
    ),
    "fish": (
        ".config/fish/config.fish",
        """
            function fish_prompt
                set -q KEYSTEAD_PROFILE; and echo -n "<$KEYSTEAD_PROFILE> "
                echo -n [(keystead status --prompt)]' '
            end
            set -g fish_greeting
        """,
    ),
}
"""The start-up file of each shell, with the prompts that docs/signing-in.md shows."""


@pytest.mark.parametrize("shell", SHELLS)
def test_name_of_a_profile_does_not_run_in_a_prompt(
    shell: str, home: Path, write_credentials: Callable[[str], Path]
) -> None:
    write_credentials(f"[{EVIL}]\n{KEYS}")
    name, prompt = PROMPTS[shell]
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    (home / name).write_text(prompt)
    env = {
        **os.environ,
        "SHELL": f"/usr/bin/{shell}",
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
        "PATH": f"{Path(KEYSTEAD).parent}:{os.environ['PATH']}",
    }
    child = pexpect.spawn(
        KEYSTEAD,
        ["exec", EVIL],
        env=env,  # type: ignore[arg-type]
        cwd=home,
        encoding="utf-8",
        timeout=30,
        echo=False,
        dimensions=(50, 200),
    )
    child.expect_exact(f"<{EVIL}> [{SHOWN}] ")
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert [*home.glob("bad*")] == []


@pytest.fixture
def files(write_credentials: Callable[[str], Path]) -> Iterator[None]:
    write_credentials(f"[dev]\n{KEYS}")
    yield


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    "value",
    [
        "2099-01-01T00:00:00Z",
        "",
        "x",
        "$(touch bad)",
        "9" * 400,
        "2099-01-01",
        "99999-01-01T00:00Z",
    ],
)
def test_foreign_end_is_not_shown(value: str, keystead: Keystead, home: Path) -> None:
    set_value = {"AWS_CREDENTIAL_EXPIRATION": value}
    line = f'AWS_CREDENTIAL_EXPIRATION="$1" exec {KEYSTEAD} status --prompt'
    inside = keystead("exec", "dev", "--", "sh", "-c", line, ".", value, env=set_value)
    assert (inside.code, inside.stdout, inside.stderr) == (0, "", "")
    outside = keystead("status", "--prompt", env={**set_value, "KEYSTEAD_PROFILE": "dev"})
    assert (outside.code, outside.stdout, outside.stderr) == (0, "", "")
    assert [*home.glob("bad*")] == []


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("value", ["./planted", "planted", "/bin/sh -c id", "/nowhere", "/"])
def test_no_other_program_is_run_than_the_file_in_shell(
    value: str, keystead: Keystead, home: Path
) -> None:
    for name in ("planted", "sh"):
        (home / name).write_text("#!/bin/sh\necho planted\n")
        (home / name).chmod(0o755)
    path = f"{home}:{os.environ['PATH']}"
    done = keystead("exec", "dev", env={"SHELL": value, "PATH": path})
    assert (done.code in {2, 126, 127}, done.stdout) == (True, "")
