"""An agent of another version, one that ends as another starts, and one that dies at any step."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from keystead._version import __version__
from keystead.agent import protocol
from keystead.agent.epoch import Epoch
from keystead.agent.listener import Listener
from keystead.agent.restart import Settings, message
from keystead.agent.server import Server
from tests.agents import STATUS, Agent, Time, agents_alive, is_alive, wait_for
from tests.canaries import ACCESS_KEY_ID, PASSPHRASE, SECRET_KEY
from tests.conftest import Keystead
from tests.effort import amount

pytestmark = pytest.mark.posix("the agent")

DEV = f'{{"Version": 1, "AccessKeyId": "{ACCESS_KEY_ID}", "SecretAccessKey": "{SECRET_KEY}"}}\n'


@pytest.fixture(autouse=True)
def files(write_credentials: Callable[[str], Path]) -> None:
    write_credentials(
        f"[dev]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    )


def begin(agent: Agent, code: str, *words: str) -> int:
    """Has ``code`` start an agent at the path of this one; returns the exit code."""
    environ = {k: os.environ[k] for k in ("PATH", "HOME", "KEYSTEAD_HOME")}
    settings = Settings(os.fsencode(agent.path), environ, 600.0)
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        input=message(settings, []),
        stdout=subprocess.DEVNULL,
        check=False,
    ).returncode


OTHER = """
import keystead._version
keystead._version.__version__ = "0.0.9"
from keystead.agent.__main__ import main
main()
"""


@pytest.fixture
def other(agent: Agent) -> Iterator[int]:
    """The pid of an agent of another version, left running by an upgrade."""
    assert begin(agent, OTHER) == 0
    assert agent.status()["version"] == "0.0.9"
    return agent.pid


def test_command_replaces_an_agent_of_another_version(
    agent: Agent, other: int, keystead: Keystead
) -> None:
    done = keystead("process", "dev")
    assert (done.stdout, done.stderr) == (DEV, "")
    wait_for(lambda: not is_alive(other))
    wait_for(agent.path.exists)
    assert agent.status()["version"] == __version__
    assert agent.status()["profiles"] == ["dev"]


def test_concurrent_commands_replace_it_with_one_agent(
    agent: Agent, other: int, keystead: Keystead
) -> None:
    before = agents_alive()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: keystead("process", "dev").stdout, range(8)))
    assert set(found) == {DEV}
    wait_for(lambda: not is_alive(other) and agent.path.exists())
    pid = agent.pid
    wait_for(lambda: agents_alive() - before == {pid})
    assert agent.status()["version"] == __version__


def test_start_and_unlock_replace_an_agent_of_another_version(
    agent: Agent, other: int, keystead: Keystead, home: Path
) -> None:
    path = home / "passphrase"
    path.touch(mode=0o600)
    path.write_text(PASSPHRASE)
    keystead.plain.add(path)
    environ = {"KEYSTEAD_PASSPHRASE_FILE": str(path)}
    assert keystead("store", "init", env=environ).code == 0
    assert keystead("agent", "unlock", env=environ).code == 0
    assert agent.status()["version"] == __version__
    assert len(agent.status()["unlocked_stores"]) == 1
    assert agent.pid != other


def test_agent_of_another_version_can_be_locked_and_stopped(
    agent: Agent, other: int, keystead: Keystead
) -> None:
    assert json.loads(keystead("agent", "status", "--json").stdout)["version"] == "0.0.9"
    assert keystead("agent", "lock").stderr == ""
    assert keystead("agent", "stop").stderr == ""
    wait_for(lambda: not is_alive(other))


def test_agent_at_a_custom_path_is_replaced_only_on_demand(
    agent: Agent, other: int, keystead: Keystead
) -> None:
    own = {"KEYSTEAD_AGENT": str(agent.path)}
    assert keystead("process", "dev", env=own).stdout == DEV
    assert agent.request("GET", "/process/dev") == (200, DEV.encode())
    assert agent.pid == other
    assert keystead("agent", "start", env=own).code == 0
    assert agent.pid != other


def test_exiting_agent_is_waited_for(agent: Agent, keystead: Keystead) -> None:
    for _ in range(5):
        assert keystead("agent", "start").code == 0
        assert agent.status()["version"] == __version__
        assert keystead("agent", "stop").code == 0
    assert keystead("agent", "start").code == 0
    assert agent.status()["profiles"] == []


KILLED = """
import os, sys
place, skipped, line = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
ROOT = os.path.join("src", "keystead")

def armed(frame, event, _):
    global skipped
    name = frame.f_code.co_filename
    if ROOT not in name:
        return None
    if frame.f_code.co_name == place:
        skipped -= event == "call"
    return count if event == "call" else None

def count(frame, event, _):
    global line
    if event == "line" and skipped < 0:
        line -= 1
        if line < 0:
            os.kill(os.getpid(), 9)
    return count

from keystead.agent.__main__ import main
import keystead.agent.server, keystead.system.clocks
sys.settrace(armed)
main()
"""
"""An agent that is killed at a line of keystead's, counted from the call of a function on."""


def test_kill_at_any_step_of_its_start_breaks_no_command(agent: Agent, keystead: Keystead) -> None:
    for line in range(0, 1000, amount(short=27, full=9)):
        begin(agent, KILLED, "main", "0", str(line))
        if answers(agent):
            break
        assert keystead("process", "dev").stdout == DEV
        wait_for(lambda: answers(agent))
        assert agent.status()["profiles"] == ["dev"]
        agent.end()
    assert line > 70


def answers(agent: Agent) -> bool:
    try:
        return agent.send(STATUS)[0] == 200
    except (FileNotFoundError, ConnectionError):
        return False  # there is none, or it was killed over this very question


def test_kill_at_any_step_of_an_answer_gives_the_client_a_complete_one(
    agent: Agent, keystead: Keystead
) -> None:
    for line in range(0, 1000, amount(short=61, full=23)):
        # Asked whether it is there, for what it has not, and to hold what was made for that.
        assert begin(agent, KILLED, "_converse", "3", str(line)) == 0
        assert agent.send(STATUS)[0] == 200
        assert keystead("process", "dev").stdout == DEV
        before = len(audited(keystead))
        done = keystead("process", "dev")
        assert (done.code, done.stdout, done.stderr) == (0, DEV, "")
        assert len(audited(keystead)) - before in (
            1,
            2,
        )  # killed after its line was written: one more
        assert keystead("audit", "--verify").code == 0
        survived = agent.path.exists() and line > 150 and len(audited(keystead)) - before == 1
        agent.end()
        if survived:
            break
    assert line > 100


def audited(keystead: Keystead) -> list[object]:
    found: list[object] = json.loads(keystead("audit", "--json").stdout)
    return found


@pytest.fixture
def limits() -> Iterator[None]:
    """Restores what an agent in this process sets for itself."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("limits")
def test_suspend_clears_it_and_an_idle_hour_stops_it(agent: Agent) -> None:
    """The test controls the clocks: a suspend, then no client for an hour."""
    path, time = os.fsencode(agent.path), Time()

    def key() -> bytes:
        epoch = Epoch(path).current()
        return json.dumps({"record": "r", "key": "00" * 32, "epoch": epoch}).encode()

    async def asked(method: bytes, body: bytes = b"") -> bool:
        answer = await asyncio.to_thread(protocol.ask, path, method, b"/keys/x", body)
        return protocol.is_good(answer)

    async def life() -> None:
        server = Server(Settings(path, {}, 1.0), time.clocks())
        running = asyncio.create_task(server.run(Listener(path)))
        assert await asked(b"PUT", key())
        assert await asked(b"GET")
        time.wall += 600
        time.asleep += 600
        assert not await asked(b"GET")
        assert await asked(b"PUT", key())
        time.wall += 600
        assert await asked(b"GET")  # a wrong clock ends answers; a key has no end
        time.passes(0.9)
        assert await asked(b"GET")
        time.passes(1.0)
        await running

    asyncio.run(life())
    assert not agent.path.exists()
