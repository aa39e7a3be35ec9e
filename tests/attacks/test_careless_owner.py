"""The owner themselves: a secret typed, or pasted, in any place of a command line that takes a word.

The cases come from the tables that the parsers are made from, so a new option is covered at once.
"""

from __future__ import annotations

import io
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from keystead.cli.command import Argument, Command
from keystead.cli.commands import rows
from keystead.cli.main import main
from keystead.powershell.cmdlet import Cmdlet
from keystead.powershell.shell.masking import mask_line, mask_words
from keystead.powershell.table import CMDLETS
from keystead.undo.command_line import shown
from tests.canaries import ACCESS_KEY_ID, SECOND_SECRET_KEY, SECRET_KEY, leaks
from tests.conftest import Keystead

pytestmark = pytest.mark.posix("an alarm")

TOKEN = (
    f"IQoJb3JpZ2luX2VjE{SECRET_KEY.replace('/', '')}{SECRET_KEY}//////////8BEAEaDDEyMzQ1Njc4OQ=="
)
"""Like a session token: of the same characters, and longer."""

BY_PURPOSE = {
    "agent launcher": "it prints the path of the file that it writes",
    "powershell-module": "it prints the path of the module that it installs",
    "undo": "no command could have been recorded under such a name",
}


def spellings(words: list[str], arguments: Sequence[Argument], secret: str) -> Iterator[list[str]]:
    """The words of a command with a secret in each place."""
    name = "other" if words == ["serve"] else "dev"  # else it would wait for clients
    for typed in (
        [secret],
        [f"aws_secret_access_key:{secret}"],
        [name, secret],
        [name, f"aws_secret_access_key={secret}"],
        [name, f"{secret}=x"],
        [f"-{secret}"],
        [name, f"--secret={secret}"],
    ):
        yield [*words, *typed]
    for argument in arguments:
        option = argument.names[0]
        if option.startswith("-"):
            yield [*words, option, secret]
            yield [*words, name, f"{option}={secret}"]
            yield [*words, name, f"{option}:{secret}"]


def said(words: list[str]) -> str:
    """All that a command prints, with debug lines."""
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    real, sys.stdin = (sys.stdout, sys.stderr, sys.stdin), io.TextIOWrapper(io.BytesIO())
    sys.stdout = sys.stderr = output
    try:
        main(words)
    finally:
        sys.stdout, sys.stderr, sys.stdin = real
        logging.getLogger("keystead").handlers.clear()
    return output.buffer.getvalue().decode()


@pytest.fixture(autouse=True)
def dev(
    home: Path, monkeypatch: pytest.MonkeyPatch, write_credentials: Callable[[str], Path]
) -> Iterator[None]:
    """A profile, nobody to ask, and an end for what would wait."""
    keys = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECOND_SECRET_KEY}\n"
    write_credentials(f"[dev]\n{keys}region = eu-west-1\n")
    monkeypatch.chdir(home)
    monkeypatch.setenv("KEYSTEAD_DEBUG", "1")
    monkeypatch.setenv("KEYSTEAD_NO_INPUT", "1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def check(words: list[str]) -> None:
    signal.setitimer(signal.ITIMER_REAL, 30)
    printed = said(words)
    assert leaks(printed) == [], (words, printed)
    assert "Traceback" not in printed
    assert "failed unexpectedly" not in printed, (words, printed)


@pytest.mark.parametrize(
    "row",
    [row for row in rows() if row.run and row.name not in BY_PURPOSE],
    ids=lambda row: row.name,
)
def test_a_secret_in_any_place_of_a_command_line_is_not_repeated(row: Command) -> None:
    end = ["--", "no-such-program"] if row.name == "exec" else []
    for words in spellings(row.name.split(), row.arguments, SECRET_KEY):
        check([*words, *end])
        assert leaks(shown(words)) == [], words


@pytest.mark.parametrize("name", ["set", "show", "process", "exec", "lint", "whoami"])
def test_a_session_token_in_any_place_of_a_command_line_is_not_repeated(name: str) -> None:
    row = rows(name)[0]
    for words in spellings([name], row.arguments, TOKEN):
        check([*words, *(["--", "no-such-program"] if name == "exec" else [])])
        assert leaks(shown(words)) == [], words


@pytest.mark.parametrize("row", [*CMDLETS], ids=lambda row: row.name)
def test_a_secret_in_any_place_of_a_cmdlet_is_not_repeated(row: Cmdlet) -> None:
    lines = [[row.name, SECRET_KEY], [row.name, f"-{SECRET_KEY}", "x"]]
    for parameter in row.parameters:
        name = f"-{parameter.name}"
        lines += [[row.name, name, SECRET_KEY], [row.name, f"{name}={SECRET_KEY}"]]
    for words in lines:
        text = " ".join(words)
        if row.name != "Measure-Object":  # its output has the name of the property
            check(words if len(words) % 2 else ["shell", "-c", text])
        assert leaks(mask_words(words, CMDLETS)) == [], words
        assert leaks(mask_line(text, CMDLETS) or "") == [], words


@pytest.mark.parametrize(
    "text",
    [
        f"[{SECRET_KEY}]\nregion = x\n",
        f"[dev]\n{SECRET_KEY}\n",
        f"[dev]\n{SECRET_KEY} = x\n",
        f"[dev]\naws_secret_access_key:{SECRET_KEY}\n",
        f"[dev]\nrole_arn = {SECRET_KEY}\nsource_profile = {SECRET_KEY}\n",
        f"[dev]\nregion = {SECRET_KEY}\n",
    ],
)
def test_a_secret_in_any_place_of_a_file_is_not_repeated_by_messages(
    keystead: Keystead, home: Path, text: str
) -> None:
    lines = home / "lines"
    lines.write_text(text)
    keystead.plain.add(lines)
    (home / ".aws" / "credentials").write_text(text)
    for words in (["lint"], ["plan", "other"], ["process", "other"], ["shell", "lines"]):
        check(words)


@pytest.mark.parametrize("parameter", ["SecretKey", "SessionToken"])
@pytest.mark.parametrize("shell", [True, False])
def test_a_secret_among_the_arguments_is_warned_of(parameter: str, shell: bool) -> None:
    words = ["Set-AWSCredential", "-AccessKey", ACCESS_KEY_ID, "-SecretKey", SECRET_KEY]
    words += ["-SessionToken", "x" * 20]
    warning = f"the value of `-{parameter}` is in the shell's history now"
    assert warning in said(["shell", "-c", " ".join(words)] if shell else words)


@pytest.mark.parametrize("line", ["store init", "set dev --secrets-from - --store encrypted"])
def test_a_passphrase_that_is_guessed_at_once_is_refused(
    keystead: Keystead, home: Path, line: str
) -> None:
    path = home / "passphrase"
    path.touch(mode=0o600)
    path.write_text("abc")
    keys = f"aws_access_key_id={ACCESS_KEY_ID}\naws_secret_access_key={SECRET_KEY}\n"
    done = keystead(*line.split(), stdin=keys, env={"KEYSTEAD_PASSPHRASE_FILE": str(path)})
    assert (done.code, "the passphrase would be guessed at once" in done.stderr) == (5, True)
