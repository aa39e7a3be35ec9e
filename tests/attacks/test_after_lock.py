"""Somebody at the machine after its owner has locked it: the agent has no key or answer left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devtools import command
from tests.agents import Agent, is_alive, memory, wait_for
from tests.canaries import ACCESS_KEY_ID, PASSPHRASE, SECRET_KEY
from tests.conftest import Keystead

pytestmark = pytest.mark.posix("the agent")

DEV = f'{{"Version": 1, "AccessKeyId": "{ACCESS_KEY_ID}", "SecretAccessKey": "{SECRET_KEY}"}}\n'
HELPER = """
import os, sys, time
open(sys.argv[1] + ".runs", "w").close()
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
print(os.environ["OUTPUT"])
"""


@pytest.fixture(autouse=True)
def files(write_credentials: Callable[[str], Path]) -> None:
    write_credentials(
        f"[dev]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    )


@pytest.fixture
def unlocked(agent: Agent, keystead: Keystead, home: Path) -> Agent:
    """An agent with an unlocked store and an answer in its cache."""
    path = home / "passphrase"
    path.touch(mode=0o600)
    path.write_text(PASSPHRASE)
    keystead.plain.add(path)
    environ = {"KEYSTEAD_PASSPHRASE_FILE": str(path)}
    assert keystead("store", "init", env=environ).code == 0
    assert keystead("agent", "unlock", env=environ).code == 0
    wait_for(lambda: keystead("process", "dev") and agent.status()["profiles"] == ["dev"])
    assert len(agent.status()["unlocked_stores"]) == 1
    return agent


def held(agent: Agent) -> tuple[object, object]:
    status = agent.status()
    return status["profiles"], status["unlocked_stores"]


def is_empty(agent: Agent) -> bool:
    try:
        return held(agent) == ([], [])
    except (ConnectionError, ValueError):
        return False  # it executes itself again this very moment
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("words", [("agent", "lock"), ("store", "lock")])
def test_lock_clears_the_agent_which_keeps_running(
    unlocked: Agent, keystead: Keystead, words: tuple[str, str]
) -> None:
    pid = unlocked.pid
    done = keystead(*words)
    assert (done.code, done.stderr) == (0, "")
    assert held(unlocked) == ([], [])
    assert unlocked.pid == pid
    assert keystead("process", "dev").stdout == DEV
    wait_for(lambda: unlocked.status()["profiles"] == ["dev"])


def test_curl_can_lock_it_too(unlocked: Agent) -> None:
    assert unlocked.request("POST", "/lock") == (200, b"{}\n")
    assert held(unlocked) == ([], [])


def test_commands_during_locks_get_answers(unlocked: Agent, keystead: Keystead) -> None:
    with ThreadPoolExecutor(3) as pool:
        locks = [pool.submit(keystead, "agent", "lock") for _ in range(3)]
        asked = [pool.submit(keystead, "process", "dev") for _ in range(6)]
        assert [lock.result().code for lock in locks] == [0] * 3
        assert {one.result().stdout for one in asked} == {DEV}


@pytest.fixture
def slow(home: Path) -> None:
    """A profile whose program waits for the file `go`; what it prints is cached until it expires."""
    (home / "helper.py").write_text(HELPER)
    (home / ".aws" / "config").write_text(
        f"[profile slow]\ncredential_process = {sys.executable} {home}/helper.py {home}/go\n"
        "credential_process_cache = true\n"
    )


def start_slow(home: Path) -> subprocess.Popen[bytes]:
    """A running command that waits for the program of the profile `slow`."""
    session = {"SessionToken": "x" * 16, "Expiration": "2999-01-01T00:00:00Z"}
    output = json.dumps({**json.loads(DEV), **session})
    child = subprocess.Popen(
        [command.KEYSTEAD, "process", "slow"],
        env={**os.environ, "OUTPUT": output},
        stdout=subprocess.PIPE,
        cwd=home,
    )
    wait_for((home / "go.runs").exists)
    return child


def finish(child: subprocess.Popen[bytes], home: Path) -> None:
    (home / "go").touch()
    assert b"AccessKeyId" in child.communicate(timeout=60)[0]


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("lock", [True, False])
def test_answer_in_progress_is_not_cached_after_a_lock(
    agent: Agent, keystead: Keystead, home: Path, lock: bool
) -> None:
    assert keystead("agent", "start").code == 0
    child = start_slow(home)
    if lock:
        assert keystead("agent", "lock").code == 0
    finish(child, home)
    assert held(agent) == ([] if lock else ["slow"], [])


@pytest.mark.usefixtures("slow")
def test_lock_terminates_commands_of_the_agent(
    agent: Agent, keystead: Keystead, home: Path
) -> None:
    assert keystead("agent", "start").code == 0
    answers: list[tuple[int, bytes]] = []
    asking = threading.Thread(target=lambda: answers.append(agent.request("GET", "/process/slow")))
    asking.start()
    wait_for((home / "go.runs").exists)
    commands = children(agent.pid)
    helpers = [helper for command in commands for helper in children(command)]
    assert commands
    assert helpers
    assert keystead("agent", "lock").code == 0
    asking.join(60)
    assert answers[0][0] in (0, 423)
    wait_for(lambda: not any(map(is_alive, commands + helpers)))


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("lock", [True, False])
def test_without_an_agent_results_in_progress_are_not_cached_either(
    agent: Agent, keystead: Keystead, home: Path, lock: bool
) -> None:
    child = start_slow(home)
    if lock:
        done = keystead("agent", "lock")
        assert (done.code, "no agent is running" in done.stderr) == (0, True)
    finish(child, home)
    wait_for(agent.path.exists)
    assert held(agent) == ([] if lock else ["slow"], [])


@pytest.mark.root("reading the memory of an agent")
def test_after_a_lock_no_secret_is_in_the_memory_of_the_agent(
    unlocked: Agent, keystead: Keystead
) -> None:
    assert SECRET_KEY.encode() in memory(unlocked.pid)
    assert keystead("agent", "lock").code == 0
    assert SECRET_KEY.encode() not in memory(unlocked.pid)


@pytest.mark.parametrize("what", ["lock", "stop"])
@pytest.mark.parametrize("word", ["agent", "store"])
def test_a_folder_of_the_wrong_mode_is_an_error(
    unlocked: Agent, keystead: Keystead, what: str, word: str
) -> None:
    if (word, what) == ("store", "stop"):
        word = "agent"
    folder = unlocked.path.parent.resolve()
    folder.chmod(0o755)
    done = keystead(word, what)
    folder.chmod(0o700)
    assert done.code == 1
    assert "the agent's folder is not yours alone" in done.stderr


@pytest.mark.parametrize("what", ["lock", "stop"])
def test_unresponsive_agent_is_an_error_and_serves_nothing_afterwards(
    unlocked: Agent, keystead: Keystead, what: str
) -> None:
    pid = unlocked.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        done = keystead("agent", what)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert done.code == 1
    assert "the agent did not answer, so it may still hold keys" in done.stderr
    wait_for(lambda: is_empty(unlocked))


def test_any_other_answer_to_a_lock_is_an_error(agent: Agent, keystead: Keystead) -> None:
    import fcntl

    agent.path.parent.mkdir(mode=0o700)
    lock = os.open(f"{agent.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(agent.path))
        server.listen()

        def refuse() -> None:
            with contextlib.suppress(OSError):
                while True:
                    with server.accept()[0] as connection:
                        connection.recv(65536)
                        connection.sendall(b"HTTP/1.1 503 X\r\nContent-Length: 3\r\n\r\n{}\n")

        refusing = threading.Thread(target=refuse)
        refusing.start()
        for words in (("agent", "lock"), ("cache", "clear")):
            done = keystead(*words)
            assert done.code == 1
            assert "the agent answered with status 503" in done.stderr
        server.shutdown(socket.SHUT_RDWR)
        refusing.join(60)
    os.close(lock)
    agent.path.unlink()


@pytest.mark.parametrize("words", [("start",), ("status",), ("lock",), ("stop",)])
def test_a_file_that_is_not_a_socket_of_ours_is_never_removed(
    agent: Agent, keystead: Keystead, home: Path, words: tuple[str, ...]
) -> None:
    notes = home / "private" / "notes"
    notes.parent.mkdir(mode=0o700)
    notes.write_text("mine")
    done = keystead("agent", *words, env={"KEYSTEAD_AGENT": str(notes)})
    assert done.code == 1
    assert "taken by another file" in done.stderr
    assert notes.read_text() == "mine"
