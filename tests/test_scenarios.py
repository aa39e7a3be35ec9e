from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from devtools.scenario import Bench, ScenarioFailed, play
from tests.canaries import ACCESS_KEY_ID, MFA_CODE, SECRET_KEY, leaks
from tests.effort import amount

pytestmark = pytest.mark.posix("a POSIX shell")

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))


@pytest.fixture
def bench(request, home) -> Bench:
    return Bench(home, dict(os.environ), emulator=request.getfixturevalue, leaks=leaks)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario_passes(path, bench, isolation):
    failure = ""
    try:
        isolation.plain.update(play(path, bench))
    except ScenarioFailed as failed:
        failure = str(failed)
    if failure:  # raised here, because the runner's stack would only hide it
        pytest.fail(failure, pytrace=False)


SAMPLE = random.Random(17).sample(SCENARIOS, amount(8, len(SCENARIOS)))  # no secret


# What a child hands back to its client: what reads standard input, listens or checks the process.
_FOR_THE_CLIENT = re.compile(
    "^(console|doctor|login|pick|powershell-module|serve|shell|Initialize-|Invoke-AWS)"
    "|--all|--endpoint|--secrets-from"
)
_MAY_NEED_IT = re.compile("_process =|KEYSTEAD_MFA_CODE|PYTHONIOENCODING|mkfifo")


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: path.stem)
def test_scenario_passes_in_children_of_a_fork_server(path, recording_server, bench, isolation):
    test_scenario_passes(path, bench, isolation)
    records = recording_server.records()
    assert records, "no command reached the server"
    left = [record.words for record in records if not record.answered]
    if not _MAY_NEED_IT.search(path.read_text()):
        assert [words for words in left if not _FOR_THE_CLIENT.search(" ".join(words))] == []


def failure(bench, tmp_path, *lines: str) -> str:
    path = tmp_path / "broken.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(ScenarioFailed) as raised:
        play(path, bench)
    return str(raised.value)


def test_correct_scenario_passes(bench, tmp_path):
    path = tmp_path / "right.txt"
    path.write_text(
        "# Everything that the format knows.\n"
        "env GREETING=$HOME/hello\n"
        "file notes/a.txt\n"
        "| one\n"
        "|\n"
        "| two\n"
        "\n"
        '$ echo "$GREETING 12 x"; echo; echo oops >&2; exit 3\n'
        "| $HOME/hello <digits> <word>\n"
        "|\n"
        "! oo<any>\n"
        "= 3\n"
        "same notes/a.txt\n"
        "$ cp notes/a.txt b.txt\n"
        "content b.txt\n"
        "| one\n"
        "|\n"
        "| two\n"
        "absent c.txt\n"
    )
    assert play(path, bench) == {bench.home / "notes" / "a.txt"}


def test_a_different_line_is_shown_with_its_place_and_both_texts(bench, tmp_path):
    message = failure(bench, tmp_path, "# x", "$ echo 12; echo b", "| <digits>", "| a")
    assert message.splitlines() == [
        "broken.txt:2: $ echo 12; echo b",
        "--- expected standard output",
        "+++ standard output",
        "@@ -1,2 +1,2 @@",
        " <digits>",
        "-a",
        "+b",
    ]


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        (["$ exit 2"], "exit code 2, not 0"),
        (["$ echo hint >&2"], "+hint"),
        (["$ printf x", "| x"], "+x <no newline at the end>"),
        (["$ echo ab", "| <digits>"], "+ab"),
        (["$ echo a", "| ."], "+a"),
        (["file a", "| x", "$ echo >> a", "same a"], "@@"),
        (["file a", "| 1", "$ echo 2 > a", "content a", "| <word>x"], "-<word>x"),
        (["file a", "| <any>", "$ echo 2 > a", "same a"], "-<any>"),
        (["same a"], "did not write a"),
        (["content a"], "there is no a"),
        (["file a", "absent a"], "a exists"),
        (["uses moto", "calls", "| sts AssumeRole <word>"], "-sts AssumeRole <word>"),
        (["calls"], "no emulator is in use"),
        (["| stray"], "broken.txt:1: this line does not belong here: | stray"),
        (["absent a", "! stray"], "broken.txt:2: this line does not belong here"),
        (["files a"], "broken.txt:1: this line does not belong here"),
    ],
)
def test_wrong_expectation_fails(lines, part, bench, tmp_path):
    assert part in failure(bench, tmp_path, *lines)


def test_a_secret_on_either_stream_fails_the_scenario(bench, tmp_path):
    assert failure(bench, tmp_path, f"$ echo {SECRET_KEY}", "| <any>") == (
        "broken.txt:1: the secret key shows on standard output"
    )
    assert failure(bench, tmp_path, f"$ echo a {MFA_CODE} >&2", "! <any>") == (
        "broken.txt:1: the MFA code shows on standard error"
    )


def test_command_that_outputs_credentials_may_print_a_secret(bench, home, tmp_path):
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(f"[a]\naws_secret_access_key = {SECRET_KEY}\n")
    path = tmp_path / "right.txt"
    path.write_text("$ cat .aws/credentials\n| [a]\n| aws_secret_access_key = <word>\n")
    play(path, bench)


def test_emulator_is_set_up_and_its_calls_are_compared(bench, moto, tmp_path):
    path = tmp_path / "right.txt"
    path.write_text(
        "uses moto\n"
        "$ python3 -c \"import os; print(os.environ['AWS_REGION'], os.environ['AWS_ENDPOINT_URL'])\"\n"
        "| us-east-1 http://127.0.0.1:<digits>\n"
        "calls\n"
    )
    play(path, bench)
    assert [bucket["Name"] for bucket in moto.client("s3").list_buckets()["Buckets"]] == [
        "keystead-bucket1",
        "keystead-bucket2",
    ]
    assert ACCESS_KEY_ID not in {call.access_key_id for call in moto.recorder.calls}
