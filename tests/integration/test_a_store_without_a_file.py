"""A store that lives in memory, from one module and one row, works with all of keystead."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools.emulators import Emulator
from keystead import app as application
from keystead.agent.answer_cache import Answer, AnswerCache, GrantRecord
from keystead.agent.epoch import Epoch
from keystead.app import App
from keystead.delivery.boto import boto_session
from keystead.http.guards import Pending, Request
from keystead.model.credentials import Credentials
from keystead.model.profile import Profile
from keystead.serve.served import ServedProfile
from keystead.stores import registry
from keystead.stores.base import register
from tests import memory_store
from tests.agents import Time
from tests.canaries import ACCESS_KEY_ID, SECOND_SECRET_KEY, SECRET_KEY
from tests.memory_store import MemoryStore

ROOT = Path(__file__).parent.parent.parent
ROLE = "arn:aws:iam::123456789012:role/demo"
KEYS = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
OTHER = {"aws_access_key_id": "AKIAI44QH8DHBEXAMPLE", "aws_secret_access_key": SECOND_SECRET_KEY}

# Command lines and what their output has, in order; `-` stands for an empty one.
COMMANDS = f"""
set dev --store memory aws_access_key_id={ACCESS_KEY_ID} region=eu-west-1 --secrets-from - | -
set new --store memory region=eu-west-1 --dry-run | -
set role role_arn={ROLE} source_profile=dev | -
list | dev Basic Memory
list --all | role AssumeRole Memory
show dev | dev (Basic, Memory)
show new | there is no profile `new`
plan dev | keys of profile dev
plan role | assume {ROLE}
explain dev | won profile `dev` in the memory store: it is asked for
explain dev | the memory store takes precedence over the shared files
explain dev | won keys of the profile
explain dev | it does not read the memory store
lint | profile `dev` and its keys exist also in the memory store, which takes precedence
doctor | `keystead lint` finds
env dev | export AWS_ACCESS_KEY_ID='{ACCESS_KEY_ID}'
process dev | "AccessKeyId": "{ACCESS_KEY_ID}"
whoami role | assumed-role/demo/
plan role | a cached session is still valid
cache list | profile dev > {ROLE}
copy dev two | -
rename dev first | profile `role` now names `first`
show role | first
list | first Basic Memory
remove two --force | -
show two | there is no profile `two`
set first output=json --unset region | -
show first | json
exec first -- sh -c 'echo $AWS_ACCESS_KEY_ID' | {ACCESS_KEY_ID}
"""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """The store, empty, with its row in the table of this process."""
    store = MemoryStore()
    monkeypatch.setattr(memory_store, "STORE", store)
    for module in (registry, application):
        monkeypatch.setattr(module, "STORES", memory_store.ROWS)
    return store


@pytest.mark.posix("`exec` becomes the command")
def test_every_command_works(
    moto: Emulator, home: Path, write_credentials: Callable[[str], Path]
) -> None:
    write_credentials("[dev]\naws_access_key_id = a\naws_secret_access_key = b\n")
    rows = [line.split(" | ") for line in COMMANDS.strip().splitlines()]
    lines = [[shlex.split(line), f"aws_secret_access_key={SECRET_KEY}\n"] for line, _ in rows]
    done = subprocess.run(
        [sys.executable, "-m", "tests.memory_store", json.dumps(lines)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    outputs = done.stdout.split("\f")
    assert len(outputs) == len(rows)
    for (line, wanted), output in zip(rows, map(_in_one_line, outputs), strict=True):
        assert (output == "") if wanted == "-" else (wanted in output), f"{line}\n{output}"


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def test_the_agent_holds_an_answer_until_the_store_changes(
    store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTEAD_AGENT", str(tmp_path / "agent.sock"))
    register(store, Profile("dev", KEYS))
    answers = AnswerCache(Time().clocks(), Epoch(os.fsencode(tmp_path / "agent.sock")))
    app = App()
    token = app.agent.watched(app.select("dev").change_token())
    assert token is not None
    answer = Answer(b"answer", token, None, GrantRecord("", "", None, ""))
    assert answers.keep("dev", b"", answer)
    assert answers.ready("dev", b"") == answer
    register(store, Profile("dev", OTHER))
    assert answers.ready("dev", b"") is None
    assert not answers.keep("dev", b"", answer)


def test_a_session_sees_a_change_of_the_store(store: MemoryStore) -> None:
    register(store, Profile("dev", KEYS))
    session = boto_session(App().select("dev").session_source())
    assert session.available_profiles == ["dev"]
    assert session.get_credentials().get_frozen_credentials().access_key == ACCESS_KEY_ID
    register(store, Profile("dev", OTHER))
    found = session.get_credentials().get_frozen_credentials()
    assert found.access_key == OTHER["aws_access_key_id"]


def test_an_endpoint_sees_a_change_of_the_store(store: MemoryStore) -> None:
    register(store, Profile("dev", KEYS))
    app = App()
    selected = app.select("dev")
    profile = ServedProfile(
        "dev",
        open_profile=lambda: selected.renewed().provider(None).retrieve,
        version=selected.change_token,
        clock=app.system.clock,
    )
    assert profile.prepare().access_key_id == ACCESS_KEY_ID
    register(store, Profile("dev", OTHER))
    request = Request("GET", "/", {}, None, ("127.0.0.1", 1))

    async def renewed() -> Credentials:
        with pytest.raises(Pending) as pending:
            profile.hand_out(request)
        await pending.value.done
        return profile.hand_out(request)

    found = asyncio.run(renewed())
    assert found.access_key_id == OTHER["aws_access_key_id"]
