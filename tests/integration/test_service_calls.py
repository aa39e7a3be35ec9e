"""Service cmdlets against an emulated AWS over real HTTP."""

import re
from pathlib import Path

import pytest

from devtools.emulators import Emulator
from devtools.service import Reply, Request, serving
from keystead.app import App
from keystead.console.console import Console
from keystead.errors import KeysteadError
from keystead.powershell.engine.state import State
from keystead.powershell.language import parse
from keystead.powershell.runner import run_statement
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.conftest import Keystead

CALLS = Path(__file__).parent.parent / "cases" / "cmdlets" / "calls.txt"


@pytest.fixture
def shell(moto: Emulator, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    return State(App(), Console())


def run(shell: State, text: str) -> None:
    for statement in parse(text):
        run_statement(shell, statement)


def cases() -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    service = ""
    for line in CALLS.read_text().splitlines():
        if line.startswith("## "):
            service = line[3:]
        elif line.startswith(("| ", "! ")):
            command, _, _ = found[service].pop()
            found[service].append((command, line[0], line[2:]))
        elif line and not line.startswith("#"):
            found.setdefault(service, []).append((line, "", ""))
    return found


def test_enough_services_and_operations_are_covered() -> None:
    rows = cases()
    assert len(rows) >= 10
    assert len({line.split()[0] for lines in rows.values() for line, _, _ in lines}) >= 40


@pytest.mark.parametrize("service", cases())
def test_service_operations(service: str, shell: State, capsys: pytest.CaptureFixture[str]) -> None:
    for line, mark, pattern in cases()[service]:
        try:
            run(shell, line)
            out, told = capsys.readouterr().out.strip(), ""
        except KeysteadError as error:
            out, told = capsys.readouterr().out.strip(), str(error)
        if mark == "!":
            assert re.search(pattern, told), (line, told, out)
        else:
            assert told == "", (line, told)
            assert re.search(pattern, out, re.MULTILINE) if pattern else out == "", (line, out)


def test_list_of_several_pages_is_complete(
    moto: Emulator, shell: State, capsys: pytest.CaptureFixture[str]
) -> None:
    from moto.s3.models import s3_backends  # 2,500 requests would take a minute

    run(shell, "New-S3Bucket long")
    backend = s3_backends["123456789012"]["aws"]
    for number in range(2500):
        backend.put_object("long", f"{number:04}", b"")
    moto.recorder.clear()
    capsys.readouterr()
    run(shell, "Get-S3ObjectV2 long -Select Contents.Key")
    assert capsys.readouterr().out.split() == [f"{number:04}" for number in range(2500)]
    assert len(moto.recorder.calls) == 3
    run(shell, "Get-S3ObjectV2 long -NoAutoIteration -Select Contents.Key")
    assert len(capsys.readouterr().out.split()) == 1000
    run(shell, "Get-S3ObjectV2 long -MaxItem 1200 -Select Contents.Key")
    assert len(capsys.readouterr().out.split()) == 1200
    run(shell, "Get-S3ObjectV2 long -MaxKeys 500 -NoAutoIteration -Select *")
    answer = capsys.readouterr().out
    assert "NextContinuationToken" in answer
    assert "KeyCount              : 500" in answer
    run(shell, "Get-S3ObjectV2 long -Select * -AsJson")
    import json

    assert len(json.loads(capsys.readouterr().out)["Contents"]) == 2500


def pages(request: Request) -> Reply:
    """A list of tables whose second page is refused."""
    if "ExclusiveStartTableName" in request.body.decode():
        refusal = {"__type": "AccessDeniedException", "message": "no more for you"}
        return Reply(400, refusal, {"x-amzn-RequestId": "REQUEST-2"})
    return Reply(200, {"TableNames": ["one", "two"], "LastEvaluatedTableName": "two"})


@pytest.mark.parametrize(
    ("options", "shown"), [([], "one\ntwo\n"), (["-AsJson"], '[\n  "one",\n  "two"\n]\n')]
)
def test_output_before_an_error_is_shown(
    keystead: Keystead, monkeypatch: pytest.MonkeyPatch, options: list[str], shown: str
) -> None:
    with serving(pages) as service:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        done = keystead(
            "Get-DDBTableList", "-EndpointUrl", service.url, "-Region", "us-east-1", *options
        )
    assert done.stdout == shown
    assert done.code == 7
    assert "AccessDeniedException: no more for you (request id REQUEST-2)" in done.stderr
    assert "Get-DDBTableList did not finish" in done.stderr
