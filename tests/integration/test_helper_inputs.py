"""The output of a `credential_process` is used only for the request that it was run for.

Each input is something that keystead cannot see in the profile, in two states.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from devtools import command
from devtools.emulators import Emulator
from tests.agents import Agent
from tests.canaries import SECRET_KEY, SESSION_TOKEN
from tests.conftest import Keystead

STATES = ("PROD", "DEV")
ROLE = "arn:aws:iam::123456789012:role/demo"
SAYS = f"""echo run >> "$HOME/runs"
printf '{{"Version": 1, "AccessKeyId": "ASIAIOSFODNN7%s", "SecretAccessKey": "{SECRET_KEY}", '  "$stage"
echo '"SessionToken": "{SESSION_TOKEN}", "Expiration": "2099-01-01T00:00:00Z"}}'
"""


@dataclass
class Input:
    """One thing that a helper may depend on: how it says `$stage`, and how a state is set."""

    stage: str
    environ: Callable[[Path, str], Mapping[str, str]] = lambda _home, _state: {}
    folder: Callable[[Path, str], Path] = lambda home, _state: home
    set_up: Callable[[Path, str], object] = lambda _home, _state: None
    command: str = "HOME/bin/helper"


def file_of(home: Path, state: str) -> None:
    (home / "stage").write_text(state)


def own_file(home: Path, state: str) -> None:
    program(home / "bin" / "helper", f"stage={state}")


def program(path: Path, stage: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{stage}\n{SAYS}")
    path.chmod(0o700)


INPUTS = {
    "a variable": Input("stage=$STAGE", environ=lambda _, state: {"STAGE": state}),
    "the folder": Input(
        'stage=$(basename "$PWD")', folder=lambda home, state: made_folder(home / state)
    ),
    "PATH": Input(
        "stage=$(stage-of)",
        environ=lambda home, state: {"PATH": f"{home}/{state}:{os.environ['PATH']}"},
        set_up=lambda home, state: tool(home / state / "stage-of", state),
    ),
    "the program on PATH": Input(
        "stage=none",
        environ=lambda home, state: {"PATH": f"{home}/{state}:{os.environ['PATH']}"},
        set_up=lambda home, state: (
            made_folder(home / state),
            program(home / state / "helper", f"stage={state}"),
        ),
        command="helper",
    ),
    "AWS_CONFIG_FILE": Input(
        'stage=$(basename "$AWS_CONFIG_FILE")',
        environ=lambda home, state: {"AWS_CONFIG_FILE": str(home / state)},
        set_up=lambda home, state: (home / state).write_bytes(
            (home / ".aws" / "config").read_bytes()
        ),
    ),
    "a file": Input('stage=$(cat "$HOME/stage")', set_up=file_of),
    "its own file": Input("stage=none", set_up=own_file),
}


def made_folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    return path


def tool(path: Path, says: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(0o700)


@dataclass
class Helper:
    """The profile `corp` with a helper of one `Input`, and `role` over it."""

    given: Input
    home: Path
    keystead: Keystead

    def output(self, state: str, *words: str) -> str:
        self.given.set_up(self.home, state)
        for path in self.home.rglob("helper"):
            self.keystead.plain.add(path)
        done = command.run(
            [command.KEYSTEAD, *words],
            environ={**os.environ, **self.given.environ(self.home, state)},
            cwd=self.given.folder(self.home, state),
            stdin=None,
            seconds=60,
        )
        assert done.code == 0, done.stderr
        return done.stdout

    @property
    def runs(self) -> int:
        path = self.home / "runs"
        return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture(params=INPUTS)
def helper(request: pytest.FixtureRequest, home: Path, keystead: Keystead) -> Helper:
    return made(INPUTS[request.param], home, keystead)


def made(given: Input, home: Path, keystead: Keystead, more: str = "") -> Helper:
    program(home / "bin" / "helper", given.stage)
    (home / ".aws").mkdir(mode=0o700)
    said = given.command.replace("HOME", str(home))
    (home / ".aws" / "config").write_text(
        f"[profile corp]\ncredential_process = {said}\n{more}"
        f"[profile role]\nrole_arn = {ROLE}\nsource_profile = corp\n"
    )
    return Helper(given, home, keystead)


SHOWS = {
    "process": ("process", "corp"),
    "exec": ("exec", "corp", "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID"),
    "env": ("env", "corp", "--shell", "json"),
}


def test_each_request_gets_the_output_for_its_inputs(helper: Helper) -> None:
    # Each command has both states, after the other one.
    for state, words in zip(STATES * len(SHOWS), [*SHOWS.values()] * 2, strict=True):
        assert f"ASIAIOSFODNN7{state}" in helper.output(state, *words)
    assert helper.runs == 6


def test_each_request_gets_the_output_for_its_inputs_with_an_agent(
    agent: Agent, helper: Helper
) -> None:
    helper.keystead("agent", "start")
    for state in (*STATES, STATES[0]):
        assert f"ASIAIOSFODNN7{state}" in helper.output(state, "process", "corp")
    assert agent.status()["profiles"] == []


def test_a_role_is_assumed_with_the_keys_of_the_request(moto: Emulator, helper: Helper) -> None:
    sessions = [helper.output(state, "process", "role") for state in (*STATES, STATES[0])]
    assert sessions[0] == sessions[2] != sessions[1]
    assert [call.access_key_id for call in moto.recorder.calls] == [
        f"ASIAIOSFODNN7{state}" for state in STATES
    ]


def test_concurrent_requests_share_a_run_only_if_equal(home: Path, keystead: Keystead) -> None:
    slow = made(Input("stage=$STAGE; sleep 1", INPUTS["a variable"].environ), home, keystead)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: slow.output(STATES[n % 2], "process", "corp"), range(8)))
    assert [json.loads(text)["AccessKeyId"] for text in found] == [
        f"ASIAIOSFODNN7{STATES[n % 2]}" for n in range(8)
    ]
    assert slow.runs == 2


def test_profile_can_enable_caching(
    agent: Agent, home: Path, keystead: Keystead, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Input("stage=$STAGE$AWS_STAGE", INPUTS["a variable"].environ)
    cached = made(given, home, keystead, "credential_process_cache = true\n")
    first = cached.output("PROD", "process", "corp")
    assert cached.output("DEV", "process", "corp") == first  # as the profile says
    assert "ASIAIOSFODNN7PROD" in cached.output("DEV", *SHOWS["exec"])
    assert cached.runs == 1
    assert agent.status()["profiles"] == ["corp"]
    # What keystead sees of its inputs counts all the same.
    monkeypatch.setenv("AWS_STAGE", "X")
    assert "ASIAIOSFODNN7PRODX" in cached.output("PROD", "process", "corp")
    monkeypatch.delenv("AWS_STAGE")
    program(home / "bin" / "helper", "stage=NEW")
    assert "ASIAIOSFODNN7NEW" in cached.output("PROD", "process", "corp")
    assert cached.runs == 3
    plan = json.loads(keystead("plan", "corp", "--json").stdout)
    assert plan["base"]["cached"] is True


def test_a_plan_runs_nothing(helper: Helper) -> None:
    helper.output("PROD", "plan", "role")
    assert helper.runs == 0
