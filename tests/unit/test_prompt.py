"""The interactive prompt without a terminal: keys come from a pipe, nothing is drawn."""

import contextlib
import json
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from keystead.powershell.cmdlet import Cmdlet, Parameter, Registry
from keystead.powershell.language import parse
from keystead.powershell.shell.candidates import ValueSource
from keystead.powershell.shell.completion import completions
from keystead.powershell.shell.prompt import (
    MAX_ENTRIES,
    CmdletCompleter,
    MaskedHistory,
    read_lines,
)
from keystead.powershell.table import CMDLETS
from keystead.secret import MASK
from tests.canaries import SECRET_KEY

TABLE = Registry(
    (
        Cmdlet(
            "Set-AWSCredential",
            "saves",
            (
                Parameter("AccessKey", "the id"),
                Parameter("SecretKey", "the key", secret=True),
                Parameter("ProfileName", "the profile", position=1, values="profile"),
                Parameter("Region", "the region", aliases=("RegionToCall",), values="region"),
                Parameter("Scope", "the scope", values=("Global", "Local")),
                Parameter("Force", "do not ask", kind="switch"),
            ),
            list,
            aliases=("Set-AWSCredentials", "Save-Thing"),
        ),
        Cmdlet("Get-S3Bucket", "lists buckets", (), list),
    )
)
SOURCES = {"profile": ["default", "my role", "my_role"], "region": ["eu-west-1", "us-east-1"]}
ENTER, TAB, UP, CTRL_C, CTRL_D = "\r", "\t", "\x1b[A", "\x03", "\x04"
SAVES = f"Set-AWSCredential -SecretKey {SECRET_KEY}"


@contextlib.contextmanager
def keyboard(
    history: Path, values: ValueSource = SOURCES.__getitem__
) -> Iterator[tuple[PipeInput, Iterator[str]]]:
    with create_pipe_input() as keys:
        yield (
            keys,
            read_lines(
                TABLE,
                history=history,
                values=values,
                colour=False,
                terminal=(keys, DummyOutput()),
            ),
        )


def typed(history: Path, *keys: str) -> list[str]:
    """What the prompt yields for ``keys``, then Ctrl-D."""
    with keyboard(history) as (pipe, lines):
        pipe.send_text("".join(keys) + CTRL_D)
        return list(lines)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history"


TYPED = {
    "Get-X |\rGet-Y\r": ["Get-X |\nGet-Y"],
    "Get-X @{a=1\rb=2}\r": ["Get-X @{a=1\nb=2}"],
    "Get-S3Bucket\r": ["Get-S3Bucket"],
    "one\rtwo\r\r  \r": ["one", "two"],
    "Get-X 'a\rb'\r": ["Get-X 'a\nb'"],
    "Get-X `\r-A b\r": ["Get-X `\n-A b"],
    "half a line\x03Get-X\r": ["Get-X"],
    "Get-X 'open\x03\x03Get-Y\r": ["Get-Y"],
}


@pytest.mark.parametrize("keys", TYPED)
def test_key_presses_become_lines(history: Path, keys: str) -> None:
    assert typed(history, keys) == TYPED[keys]


def test_pasted_lines_are_one_text(history: Path) -> None:
    pasted = "\x1b[200~PS > Get-X\nPS > Get-Y\x1b[201~"
    assert typed(history, pasted, ENTER) == ["PS > Get-X\nPS > Get-Y"]


def test_history_line_is_recalled(history: Path) -> None:
    assert typed(history, "Get-S3Bucket", ENTER) == ["Get-S3Bucket"]
    assert typed(history, UP, ENTER) == ["Get-S3Bucket"]


def test_secret_is_not_recalled(history: Path) -> None:
    kept = f"Set-AWSCredential -SecretKey {MASK}"
    with keyboard(history) as (pipe, lines):
        pipe.send_text(SAVES + ENTER)
        assert next(lines) == SAVES
        pipe.send_text(UP + ENTER)
        assert next(lines) == kept
    assert typed(history, UP, ENTER) == [kept]
    assert history.read_bytes() == f'"{kept}"\n'.encode()


@pytest.mark.parametrize("spelling", ["--SecretKey", "'-SecretKey'", "---SecretKey", "--TokenCode"])
def test_unknown_parameter_masks_the_rest_of_the_line(history: Path, spelling: str) -> None:
    typed(history, f"Set-AWSCredential {spelling} 271828", ENTER)
    assert history.read_bytes() == f'"Set-AWSCredential -{MASK} {MASK}"\n'.encode()


def test_unparsable_line_is_not_stored_in_history(history: Path) -> None:
    assert len(typed(history, f"Set-AWSCredential | {SECRET_KEY}", ENTER)) == 1
    assert not history.exists()


@pytest.mark.posix("modes, owners and symbolic links")
def test_history_file_is_private(history: Path) -> None:
    history.parent.mkdir()
    history.write_bytes(b'"Get-S3Bucket"\n')
    history.chmod(0o644)
    typed(history, "Set-AWSCredential", ENTER)
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert history.read_bytes() == b'"Get-S3Bucket"\n"Set-AWSCredential"\n'


def test_the_history_holds_no_secret_in_memory(history: Path) -> None:
    kept = MaskedHistory(history, TABLE)
    kept.append_string(SAVES)
    kept.append_string(SECRET_KEY)
    kept.append_string(SAVES)
    assert kept.get_strings() == [f"Set-AWSCredential -SecretKey {MASK}"]


def test_two_shells_share_one_history(history: Path) -> None:
    for name in ("Get-S3Bucket", "Set-AWSCredential"):
        MaskedHistory(history, TABLE).append_string(name)
    found = list(MaskedHistory(history, TABLE).load_history_strings())
    assert found == ["Set-AWSCredential", "Get-S3Bucket"]


def test_the_history_is_bounded(history: Path) -> None:
    history.parent.mkdir()
    history.write_text("".join(f"{json.dumps(f'line {n}')}\n" for n in range(MAX_ENTRIES)))
    MaskedHistory(history, TABLE).append_string("Get-S3Bucket")
    found = list(MaskedHistory(history, TABLE).load_history_strings())
    assert len(found) == MAX_ENTRIES
    assert (found[0], found[-1]) == ("Get-S3Bucket", "line 1")


def test_damaged_history_loses_only_its_damaged_lines(history: Path) -> None:
    history.parent.mkdir()
    history.write_bytes(b'"one"\n\xff\x00{\n[1]\n5\n' + b"[" * 5000 + b'\n"two"')
    assert list(MaskedHistory(history, TABLE).load_history_strings()) == ["two", "one"]


def test_unwritable_history_does_not_stop_the_shell(history: Path) -> None:
    history.mkdir(parents=True)
    assert typed(history, "Get-S3Bucket", ENTER) == ["Get-S3Bucket"]


COMMON = ("-Verbose", "-ErrorAction", "-WarningAction", "-OutVariable", "-ErrorVariable")
COMPLETES = {
    "": ["Set-AWSCredential", "Get-S3Bucket"],
    "set-": ["Set-AWSCredential"],
    "Sav": ["Save-Thing"],
    "Get-S3Bucket; Ge": ["Get-S3Bucket"],
    "Get-S3Bucket; ": ["Set-AWSCredential", "Get-S3Bucket"],
    "$c = Get-": ["Get-S3Bucket"],
    "PS > Get-": ["Get-S3Bucket"],
    "Set-AWSCredential -": [
        *("-AccessKey", "-SecretKey", "-ProfileName", "-Region", "-Scope", "-Force"),
        *COMMON,
    ],
    "Set-AWSCredential -r": ["-Region"],
    "Set-AWSCredential -RegionToCall x -Force -": [
        *("-AccessKey", "-SecretKey", "-ProfileName", "-Scope"),
        *COMMON,
    ],
    "Set-AWSCredential `\n -sc": ["-Scope"],
    "Set-AWSCredential -ProfileName ": ["default", "'my role'", "my_role"],
    "Set-AWSCredential -Prof my": ["'my role'", "my_role"],
    "Set-AWSCredential -Prof 'my r": ["'my role'"],
    'Set-AWSCredential -Prof "my r': ["'my role'"],
    "Set-AWSCredential -ProfileName:": ["default", "'my role'", "my_role"],
    "Set-AWSCredential -ProfileName:d": ["default"],
    "Set-AWSCredential d": ["default"],
    "Set-AWSCredential -Force d": ["default"],
    "Set-AWSCredential -Region US": ["us-east-1"],
    "Set-AWSCredential -Scope ": ["Global", "Local"],
    "Set-AWSCredential -SecretKey ": [],
    "Set-AWSCredential -ProfileName a x": [],
    "Get-S3Bucket x": [],
    "Get-Nonsense -": [],
    "Get-S3Bucket | ": ["Set-AWSCredential", "Get-S3Bucket"],
    "Get-S3Bucket | Set-AWSC": ["Set-AWSCredential"],
    "$c = Get-S3Bucket | Set-AWSCredential -Scope ": ["Global", "Local"],
    "Get-S3Bucket | 'a": [],
    "$c = 'te": [],
    "$c": [],
}


@pytest.mark.parametrize("text", COMPLETES)
def test_text_completes_to(text: str) -> None:
    found = completions(text, TABLE, SOURCES.__getitem__)
    assert [item.text for item in found] == COMPLETES[text]


PROPERTIES = {
    "$c.": ["AccessKey", "SecretKey"],
    "$x = $c.sec": ["SecretKey"],
    "$c | Sort-Object a": ["AccessKey"],
    "Get-S3Bucket | Sort-Object ": ["CreationDate", "BucketName"],
    "$x = Get-S3Bucket | Where-Object b": ["BucketName"],
    "Get-S3Bucket | Where-Object { $_.c": ["CreationDate"],
    "Get-S3Bucket | Where-Object { $_.BucketName -eq 'x' -and $_.c": ["CreationDate"],
    "Get-S3Bucket | Select-Object BucketName, c": ["CreationDate"],
    "Get-AWSCredential -ListProfileDetail | % prof": ["ProfileName", "ProfileLocation"],
    "Get-IAMUser | Select-Object -ExpandProperty User": ["UserName", "UserId"],
    "Get-Nonsense | Sort-Object ": [],
    "'x' | Sort-Object ": [],
    "{ $_.": [],
}


@pytest.mark.parametrize("text", PROPERTIES)
def test_properties_complete_from_the_cmdlet_that_outputs_them(text: str) -> None:
    found = completions(text, CMDLETS, {"property:c": ["AccessKey", "SecretKey"]}.__getitem__)
    assert [item.text for item in found] == PROPERTIES[text]


REPLACES = {
    "Get-S3Bucket; ge": "Get-S3Bucket; Get-S3Bucket",
    "Set-AWSCredential -reg": "Set-AWSCredential -Region",
    "Set-AWSCredential -Prof 'my r": "Set-AWSCredential -Prof 'my role'",
    "Set-AWSCredential -ProfileName:de": "Set-AWSCredential -ProfileName:default",
    "Set-AWSCredential -Scope:G": "Set-AWSCredential -Scope:Global",
    "Set-AWSCredential -Region e": "Set-AWSCredential -Region eu-west-1",
}


@pytest.mark.parametrize("text", REPLACES)
def test_completion_replaces_the_typed_prefix(text: str) -> None:
    completer = CmdletCompleter(TABLE, SOURCES.__getitem__)
    (choice,) = completer.get_completions(Document(text), None)
    assert text[: len(text) + choice.start_position] + choice.text == REPLACES[text]


def test_tab_completes(history: Path) -> None:
    asked = threading.Event()

    def values(source: str) -> list[str]:
        asked.set()
        return SOURCES[source]

    with keyboard(history, values) as (pipe, lines):

        def type_on() -> None:
            asked.wait(timeout=10)
            time.sleep(0.2)  # the choice is inserted at once
            pipe.send_text(ENTER)

        typist = threading.Thread(target=type_on)
        typist.start()
        pipe.send_text("Set-AWSCredential -ProfileName de" + TAB)
        assert next(lines) == "Set-AWSCredential -ProfileName default"
        typist.join()


def test_choices_show_their_descriptions() -> None:
    (choice,) = CmdletCompleter(TABLE, SOURCES.__getitem__).get_completions(
        Document("Set-AWSCredential -Sec"), None
    )
    assert choice.display_meta_text == "the key"


class Screen(DummyOutput):
    """Stores what is drawn."""

    def __init__(self) -> None:
        self.drawn = ""

    def write(self, data: str) -> None:
        self.drawn += data


def test_prompt_shows_profile_and_region(history: Path) -> None:
    places = iter(["", "dev eu-west-1", "a\x1b>b"])
    screen = Screen()
    with create_pipe_input() as keys:
        lines = read_lines(
            TABLE,
            history=history,
            values=SOURCES.__getitem__,
            colour=False,
            place=lambda: next(places),
            terminal=(keys, screen),
        )
        keys.send_text("a" + ENTER + "b" + ENTER + CTRL_D)
        assert list(lines) == ["a", "b"]
    for prompt in ("PS > ", "PS dev eu-west-1 > ", "PS ab > "):
        assert prompt in screen.drawn
        assert parse(f"{prompt}Get-X") == parse("Get-X")
