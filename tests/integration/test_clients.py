"""The clients of `make interop` that a development machine has anyway, over every channel."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from interop.__main__ import PAGE
from interop.client import ROLE, SOURCES, USER, Client
from interop.clients import CLIENTS, boto3, curl, dotnet, dotnet3, powershell
from interop.matrix import Bench, bench, word
from interop.ways import WAYS, Way
from tests.effort import amount

pytestmark = pytest.mark.posix("signals of POSIX and its shells")

BOTO3 = replace(
    boto3.CLIENT, command=lambda _: [sys.executable, str(SOURCES / "boto3" / "identity.py")]
)
CURL = replace(curl.CLIENT, command=lambda _: curl.CLIENT.command(SOURCES / "curl"))
ENV = next(way for way in WAYS if way.name == "env")


# Clients of other registries: fetched by `make interop`, run here where their program is there.
HERE = [BOTO3, CURL, dotnet.CLIENT, dotnet3.CLIENT, powershell.CLIENT]


@pytest.fixture(scope="module")
def stand() -> Iterator[Bench]:
    with bench() as made:
        yield made


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the PowerShell module as it is now."""
    folder = tmp_path_factory.mktemp("module")
    powershell.CLIENT.fetch(folder)
    return folder


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
@pytest.mark.parametrize(
    "client",
    [
        pytest.param(client, id=client.name, marks=pytest.mark.needs(*client.needs))
        for client in HERE
    ],
)
def test_client_calls_with_the_credentials_it_was_given(
    stand: Bench, client: Client, way: Way, module: Path
) -> None:
    if client is powershell.CLIENT:
        client = replace(client, command=lambda _: powershell.CLIENT.command(module))
    # Of a program that starts slowly, the role in `make test` and the user in `make thorough` too.
    profiles = [ROLE, USER][: amount(short=2 if client is CURL else 1, full=2)]
    assert stand.fault(client, way, profiles) == ""


@pytest.mark.needs("curl")
def test_clients_that_call_nothing_fail_or_use_other_keys_are_detected(stand: Bench) -> None:
    def doing(line: str) -> Client:
        return replace(CURL, command=lambda _: ["sh", "-c", line])

    script = f"sh {SOURCES / 'curl' / 'identity.sh'}"
    assert stand.fault(doing(script), ENV) == ""
    assert "called with []" in stand.fault(doing("true"), ENV)
    assert "exit code 3" in stand.fault(doing("exit 3"), ENV)
    assert "exit code 22" in stand.fault(doing(f"AWS_SECRET_ACCESS_KEY=other {script}"), ENV)
    foreign = f"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE {script} || true"
    assert "AKIAIOSFODNN7EXAMPLE" in stand.fault(doing(foreign), ENV)
    assert "works" in stand.fault(replace(CURL, cannot={"env": "it is said"}), ENV)


def test_page_has_a_row_for_each_client_and_a_cell_for_each_channel() -> None:
    rows = [line.split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    head, cells = rows[0], {row[0].strip("| "): row[3:] for row in rows[2:]}
    assert [word.strip("| ") for word in head[3:]] == [way.title for way in WAYS]
    assert cells.keys() == {client.title for client in CLIENTS}
    for client in CLIENTS:
        words = [word.strip("| ") for word in cells[client.title]]
        assert words == [word(client, way) for way in WAYS]
