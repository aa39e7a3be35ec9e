"""Completion in real shells: bash and zsh with the Tab key, fish with `complete`."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from devtools.command import KEYSTEAD
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY

pytestmark = pytest.mark.posix("a pseudo-terminal")

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"

# What is typed, and what the line is once Tab is pressed.
LINES = {
    "keystead compl": "keystead completion",
    "keystead completion b": "keystead completion bash",
    "keystead store prot": "keystead store protectors",
    "keystead process produ": "keystead process production",
    "keystead process --loc": "keystead process --location",
    "keystead process production --location ./fold": "keystead process production --location ./folder",
    "keystead whoami --region eu-central-": "keystead whoami --region eu-central-",
    "keystead set production regi": "keystead set production region=",
    "keystead list --columns name,ro": "keystead list --columns name,role",
    "keystead list --filter ro": "keystead list --filter role=",
    "keystead Get-AWSPow": "keystead Get-AWSPowerShellVersion",
    "keystead Get-AWSCredential -Profilen": "keystead Get-AWSCredential -ProfileName",
    "keystead Get-AWSCredential -Prof produ": "keystead Get-AWSCredential -Prof production",
    "keystead Set-AWSCredential -Scope Lo": "keystead Set-AWSCredential -Scope Local",
}


def environ(home: Path) -> dict[str, str]:
    path = f"{Path(KEYSTEAD).parent}:{os.environ['PATH']}"
    return {
        **os.environ,
        "PATH": path,
        "TERM": "dumb",
        "PS1": "> ",
        "HISTFILE": "",
        "HOME": str(home),
    }


@pytest.fixture(autouse=True)
def profiles(
    home: Path, monkeypatch: pytest.MonkeyPatch, write_credentials: Callable[[str], Path]
) -> None:
    monkeypatch.chdir(home)
    (home / "folder").mkdir()
    write_credentials(f"[production]\n{KEYS}[my role]\n{KEYS}[my rule]\n{KEYS}")
    (home / ".aws" / "config").write_text("[sso-session corp]\nsso_region = eu-west-1\n")


def script(shell: str, home: Path) -> Path:
    path = home / f"completion.{shell}"
    path.write_bytes(subprocess.check_output([KEYSTEAD, "completion", shell]))
    return path


def completed(child: pexpect.spawn, line: str) -> str:
    """The line that the shell made of ``line`` and a Tab, reported by running it."""
    child.sendline("")
    child.expect("> ")
    child.send(f"{line}\t")
    child.expect_exact(line[:10])
    child.send("\x01say \x05\r")  # to the start, a word before it, to the end
    child.expect(r"<((?:[^<>]|\n)*)>")
    return child.match[1]


def spawn(program: str, *words: str, home: Path) -> pexpect.spawn:
    child = pexpect.spawn(
        program, list(words), env=environ(home), encoding="utf-8", timeout=60, dimensions=(50, 200)
    )
    child.expect("> ")
    return child


@pytest.mark.parametrize("shell", ["bash", pytest.param("zsh", marks=pytest.mark.needs("zsh"))])
def test_tab_completes_the_line(shell: str, home: Path) -> None:
    if shell == "bash":
        child = spawn("bash", "--norc", "--noprofile", home=home)
    else:
        child = spawn("zsh", "-f", home=home)
        child.sendline(
            "autoload -U compinit; compinit -u -D; bindkey -e; unsetopt auto_param_slash"
        )
        child.expect("> ")
    child.sendline(
        f"say() {{ printf '<%s>' \"$*\"; }}; . ./{script(shell, home).name}; echo re'ady'"
    )
    child.expect("ready")
    made = {line: completed(child, line).strip() for line in LINES}
    wanted = {line: LINES[line] for line in LINES}
    assert {line: text.rstrip("/ ") for line, text in made.items()} == wanted
    # A name with a blank in it stays one word.
    child.sendline("say2() { printf '<%s>' \"$4\"; }; echo o'k'")
    child.expect("ok")
    child.send("keystead show --json my\\ ro\t\x01say2 \x05\r")
    child.expect(r"<([^<>]*)>")
    assert child.match[1] == "my role"
    child.sendline("exit")
    child.expect(pexpect.EOF)


@pytest.mark.needs("fish")
def test_fish_completes_the_line(home: Path) -> None:
    path = script("fish", home)

    def choices(line: str) -> list[str]:
        code = f"source {path}; complete -C {line!r}"
        done = subprocess.run(
            ["fish", "--no-config", "-c", code],
            env=environ(home),
            capture_output=True,
            text=True,
            check=True,
        )
        return [found.partition("\t")[0] for found in done.stdout.splitlines()]

    for line, whole in LINES.items():
        if line != whole:
            last = whole.rpartition(" ")[2]
            assert last in [found.rstrip("/") for found in choices(line)], line
    assert choices("keystead process my") == ["my role", "my rule"]


ANSWERS = {
    (): "list show pick set remove",
    ("process", "nobody-like-this"): "",
    ("exec", "production", "--", ""): ":commands",
    ("exec", "production", "--", "ls", ""): ":files",
    ("remove", "production", "my"): "my role my rule",
    ("Get-AWSCredential", "-ListProfileDetail", "-ProfileLoc"): "-ProfileLocation",
    ("Get-Nothing", ""): "",
    ("Get-S3ObjectTa",): "Get-S3ObjectTagSet",
    ("New-SQSQueue", "-Queue"): "-QueueName",
    ("Get-AWSRegion", "us-gov-e"): "us-gov-east-1",
    ("Get-S3Bucket", "-Prof", "produ"): "production",
    ("help", "wh"): "whoami Where-Object",
    ("login", "--sso-session", "co"): "corp",
    ("logout", "--sso-session", ""): "corp",
}


@pytest.mark.parametrize("words", ANSWERS)
def test_candidates_for_a_shell(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [KEYSTEAD, "__complete", *(words or ("",))], capture_output=True, text=True, check=True
    )
    found = " ".join(line.partition("\t")[0] for line in done.stdout.splitlines())
    assert found.startswith(ANSWERS[words])
    assert done.stderr == ""
    assert ANSWERS[words] or not found


def test_text_of_the_line_is_never_executed(home: Path) -> None:
    child = spawn("bash", "--norc", "--noprofile", home=home)
    child.sendline(f". ./{script('bash', home).name}; echo re'ady'")
    child.expect("ready")
    child.send('keystead show "$(touch bad)" --js\t')
    child.expect("--json")
    child.close(force=True)
    assert not (home / "bad").exists()


def test_completion_loads_few_modules() -> None:
    code = (
        "import sys; from keystead.cli.completing.answer import answer; "
        "answer(['Get-AWSCredential', '-']); answer(['whoami', '--region', 'eu']); "
        "print(*{name.split('.')[0] for name in sys.modules} "
        "& {'botocore', 'boto3', 'cryptography', 'argparse', 'prompt_toolkit', 'difflib'})"
    )
    done = subprocess.run(
        [shutil.which("python", path=str(Path(KEYSTEAD).parent)) or "python", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not re.sub(r"\s", "", done.stdout)
