"""The agent as a process: it starts by itself, caches, drops, exits, and is never required."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pexpect
import pytest

from devtools import command, soak
from devtools.emulators import Emulator
from keystead.agent.client import Agent as Client
from keystead.errors import AgentProblem
from keystead.system import System
from tests.agents import Agent, agents_alive, is_alive, wait_for
from tests.canaries import ACCESS_KEY_ID, MFA_CODE, PASSPHRASE, SECRET_KEY, SECRETS
from tests.conftest import Keystead
from tests.effort import amount
from tests.modes import mode

pytestmark = pytest.mark.posix("the agent")

ROLE = "arn:aws:iam::123456789012:role/r"
KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
FILES = f"""[dev]
{KEYS}[r]
role_arn = {ROLE}
source_profile = dev
[mfa]
role_arn = {ROLE}
source_profile = dev
mfa_serial = arn:aws:iam::123456789012:mfa/user
[helper]
credential_process = sh -c 'echo x >> ran; cat output'
"""
DEV = f'{{"Version": 1, "AccessKeyId": "{ACCESS_KEY_ID}", "SecretAccessKey": "{SECRET_KEY}"}}\n'
NOBODY = 65534


@pytest.fixture(autouse=True)
def files(write_credentials: Callable[[str], Path]) -> Path:
    return write_credentials(FILES)


def profiles(agent: Agent) -> object:
    return agent.status()["profiles"]


def test_first_command_starts_the_agent_and_the_next_uses_it(
    agent: Agent, keystead: Keystead, files: Path
) -> None:
    assert keystead("process", "dev").stdout == DEV
    assert profiles(agent) == ["dev"]
    pid = agent.pid
    assert keystead("process", "dev").stdout == DEV
    assert agent.pid == pid
    status = json.loads(keystead("agent", "status", "--json").stdout)
    assert status["running"] is True
    assert status["socket"] == str(agent.path)
    assert status["profiles"] == ["dev"]


def test_agent_starts_and_stops_on_demand(agent: Agent, keystead: Keystead) -> None:
    assert '"running": false' in keystead("agent", "status", "--json").stdout
    assert keystead("agent", "start").code == 0
    pid = agent.pid
    assert keystead("agent", "start").code == 0
    assert agent.pid == pid
    assert keystead("agent", "stop").code == 0
    wait_for(lambda: not is_alive(pid))
    assert not agent.path.exists()
    note = f"keystead: note: no agent is running at {agent.path}"
    assert keystead("agent", "stop").stderr == f"{note}\n"
    assert keystead("agent", "lock").stderr == f"{note}, so nothing was unlocked there\n"


@pytest.mark.parametrize("value", ["off", "run/agent.sock"], ids=["off", "a relative path"])
def test_agent_can_be_disabled(
    agent: Agent, keystead: Keystead, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTEAD_AGENT", value)
    before = agents_alive()
    assert keystead("process", "dev").stdout == DEV
    assert agents_alive() == before
    refused = keystead("agent", "start")
    assert refused.code == 1
    assert "KEYSTEAD_AGENT disables the agent" in refused.stderr


def test_concurrent_commands_start_one_agent(agent: Agent, keystead: Keystead) -> None:
    before = agents_alive()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: keystead("process", "dev").stdout, range(8)))
    assert set(found) == {DEV}
    pid = agent.pid
    wait_for(lambda: agents_alive() - before == {pid})
    assert profiles(agent) == ["dev"]


@pytest.mark.needs("curl")
def test_curl_can_be_a_client(agent: Agent, keystead: Keystead) -> None:
    keystead("agent", "start")
    for _ in range(2):  # generated for it, then cached
        done = subprocess.run(
            ["curl", "--silent", "--unix-socket", agent.path, "http://agent/process/dev"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == DEV
        assert profiles(agent) == ["dev"]


def test_failures_have_a_status_and_a_message(agent: Agent, keystead: Keystead) -> None:
    keystead("agent", "start")
    status, body = agent.request("GET", "/process/nobody")
    assert status == 404
    assert json.loads(body) == {"error": "there is no profile `nobody`"}
    status, body = agent.request("GET", "/process/mfa")
    assert status == 409
    assert "there is no terminal to ask on" in json.loads(body)["error"]


def test_a_client_may_send_variables(agent: Agent, keystead: Keystead, home: Path) -> None:
    other = home / "other"
    other.write_text("[dev]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = other\n")
    other.chmod(0o600)
    keystead("agent", "start")
    variables = f"AWS_SHARED_CREDENTIALS_FILE={other}\n".encode()
    assert b"AKIDOTHER" in agent.request("POST", "/process/dev", variables)[1]
    assert agent.request("GET", "/process/dev") == (200, DEV.encode())
    for refused in (b"PATH=/x", b"AWS_CONFIG_FILE=relative", b"nonsense", b"\xff"):
        assert agent.request("POST", "/process/dev", refused)[0] == 400


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.write_text(FILES.replace("[dev]", "[gone]")), "no profile `dev`"),
        (lambda path: path.unlink(), "no profile `dev`"),
        (lambda path: path.write_text("[dev]\nregion = eu-west-1\n"), "`dev`"),
    ],
    ids=["renamed", "no file", "without keys"],
)
def test_a_changed_file_is_noticed_at_once(agent, keystead, files, change, message) -> None:
    assert keystead("process", "dev").stdout == DEV
    change(files)
    done = keystead("process", "dev")
    assert done.code in (3, 4)
    assert message in done.stderr
    assert profiles(agent) == []


def test_a_change_of_the_same_length_and_time_is_noticed(
    agent: Agent, keystead: Keystead, files: Path
) -> None:
    assert keystead("process", "dev").stdout == DEV
    before = files.stat()
    files.write_text(FILES.replace(ACCESS_KEY_ID, ACCESS_KEY_ID[::-1]))
    os.utime(files, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert ACCESS_KEY_ID[::-1] in keystead("process", "dev").stdout


def test_a_new_file_is_noticed(agent: Agent, keystead: Keystead, home: Path) -> None:
    assert keystead("process", "dev").stdout == DEV
    (home / ".aws" / "config").write_text(f"[profile dev]\nrole_arn = {ROLE}\nsource_profile=x\n")
    assert keystead("process", "dev").stdout != DEV


def test_answers_are_cached_per_environment(agent: Agent, keystead: Keystead, home: Path) -> None:
    assert keystead("process", "dev").stdout == DEV
    (home / "empty").touch()
    elsewhere = {"AWS_SHARED_CREDENTIALS_FILE": str(home / "empty")}
    for environ in (elsewhere, {"HOME": str(home / "other")}):
        assert keystead("process", "dev", env=environ).code == 3
    assert keystead("process", "dev", env={"AWS_SHARED_CREDENTIALS_FILE": "empty"}).code == 3
    assert keystead("process", "dev").stdout == DEV


def test_sessions_are_cached_until_they_need_renewal(
    agent: Agent, keystead: Keystead, moto: Emulator
) -> None:
    first = keystead("process", "r").stdout
    assert keystead("process", "r").stdout == first
    assert profiles(agent) == ["r"]
    assert keystead("cache", "clear").code == 0
    assert profiles(agent) == []
    assert keystead("process", "r").stdout != first
    assert [call.operation for call in moto.recorder.calls] == ["AssumeRole"] * 2


def test_command_prompts_and_the_agent_caches_the_result(
    agent: Agent, keystead: Keystead, moto: Emulator
) -> None:
    assert keystead("process", "mfa").code == 6
    first = keystead("process", "mfa", env={"KEYSTEAD_MFA_CODE": MFA_CODE})
    assert first.code == 0
    calls = len(moto.recorder.calls)
    again = keystead("process", "mfa")
    assert again.stdout == first.stdout
    assert profiles(agent) == ["mfa"]
    assert len(moto.recorder.calls) == calls


def test_process_credentials_without_expiry_are_not_cached(
    agent: Agent, keystead: Keystead, home: Path
) -> None:
    keystead("agent", "start")
    (home / "output").write_text(DEV)
    keystead.plain.add(home / "output")
    for _ in range(2):
        assert keystead("process", "helper").stdout == DEV
    assert (home / "ran").read_text() == "x\n" * 2
    assert profiles(agent) == []


@pytest.fixture
def passphrase(home: Path, keystead: Keystead) -> dict[str, str]:
    """Variables that give the passphrase of an encrypted store with the profile `stored`."""
    path = home / "passphrase"
    path.touch(mode=0o600)
    path.write_text(PASSPHRASE)
    keystead.plain.add(path)
    return {"KEYSTEAD_PASSPHRASE_FILE": str(path)}


@pytest.fixture
def store(keystead: Keystead, passphrase: dict[str, str]) -> None:
    words = ("set", "kept", f"aws_access_key_id={ACCESS_KEY_ID}", "--secrets-from", "-")
    secret = f"aws_secret_access_key={SECRET_KEY}\n"
    assert keystead(*words, stdin=secret, env=passphrase).code == 0


@pytest.mark.parametrize("noun", ["agent", "store"])
def test_unlocked_agent_replaces_the_passphrase_until_locked(
    agent: Agent, keystead: Keystead, store: None, passphrase: dict[str, str], noun: str
) -> None:
    assert keystead("process", "kept").code == 6
    assert keystead(noun, "unlock").code == 6
    assert keystead(noun, "unlock", env=passphrase).code == 0
    assert len(agent.status()["unlocked_stores"]) == 1
    assert keystead("process", "kept").stdout == DEV
    assert keystead("set", "kept", "region=eu-west-1").code == 0
    assert keystead("env", "kept", "--shell", "json").code == 0
    assert keystead(noun, "lock").code == 0
    assert agent.status()["unlocked_stores"] == []
    assert profiles(agent) == []
    assert keystead("process", "kept").code == 6


def test_rekeyed_store_does_not_use_the_cached_key(
    agent: Agent, keystead: Keystead, store: None, passphrase: dict[str, str]
) -> None:
    keystead("agent", "unlock", env=passphrase)
    assert keystead("store", "rekey", env=passphrase).code == 0
    keystead("agent", "unlock", env=passphrase)
    assert keystead("process", "kept").stdout == DEV


def test_killed_agent_is_started_again(agent: Agent, keystead: Keystead) -> None:
    keystead("process", "dev")
    pid = agent.pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(pid))
    assert agent.path.exists()  # a stale socket is left
    assert keystead("process", "dev").stdout == DEV
    assert agent.pid != pid
    assert profiles(agent) == ["dev"]


def test_agent_killed_while_a_command_waits_for_it(agent: Agent, keystead: Keystead) -> None:
    keystead("process", "dev")
    pid = agent.pid
    os.kill(pid, signal.SIGSTOP)
    waiting = subprocess.Popen([command.KEYSTEAD, "process", "dev"], stdout=subprocess.PIPE)
    wait_for(lambda: is_connected(waiting.pid))
    os.kill(pid, signal.SIGKILL)
    assert waiting.communicate()[0].decode() == DEV
    assert waiting.returncode == 0


def is_connected(pid: int) -> bool:
    """Whether the process has a socket."""
    try:
        return any("socket:" in os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir())
    except FileNotFoundError:
        return False


def test_idle_agent_exits(agent: Agent, keystead: Keystead) -> None:
    keystead("process", "dev", env={"KEYSTEAD_AGENT_IDLE": "1"})
    pid = agent.pid
    wait_for(lambda: not is_alive(pid))
    assert not agent.path.exists()
    refused = keystead("agent", "start", env={"KEYSTEAD_AGENT_IDLE": "soon"})
    assert "KEYSTEAD_AGENT_IDLE is not a whole number from 1 to 31622400" in refused.stderr


def test_agent_folder_is_private(agent: Agent, keystead: Keystead) -> None:
    keystead("agent", "start")
    assert mode(agent.path.parent) == 0o700
    assert mode(agent.path) & 0o077 == 0
    agent.path.parent.chmod(0o750)
    assert keystead("process", "dev").stdout == DEV
    assert profiles(agent) == []
    refused = keystead("agent", "status")
    assert refused.code == 1
    assert "the agent's folder is not yours alone" in refused.stderr
    agent.path.parent.chmod(0o700)


def test_folder_of_another_user_is_refused(agent: Agent, keystead: Keystead) -> None:
    folder = agent.path.parent
    if os.geteuid() == 0:
        folder.mkdir(mode=0o700)
        os.chown(folder, NOBODY, NOBODY)
    else:
        folder.symlink_to("/")
    before = agents_alive()
    assert keystead("process", "dev").stdout == DEV
    refused = keystead("agent", "start")
    assert refused.code == 1
    assert "the agent's folder is not yours alone" in refused.stderr
    assert agents_alive() == before


def test_path_too_long_for_a_socket(agent: Agent, keystead: Keystead, tmp_path: Path) -> None:
    long = {"KEYSTEAD_AGENT": str(tmp_path / ("x" * 120) / "agent.sock")}
    assert keystead("process", "dev", env=long).stdout == DEV
    assert "a path of over 103 bytes" in keystead("agent", "start", env=long).stderr


ANOTHER_USER = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.sendall(b"GET /process/dev HTTP/1.1\\r\\n\\r\\n")
print(connection.recv(65536).split(b" ")[1].decode())
"""


def test_another_users_process_is_refused(
    agent: Agent, keystead: Keystead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keystead("process", "dev")
    if os.geteuid() == 0:
        # Where its folder was opened to all by mistake after it had started.
        for folder in agent.path.parents:
            if folder.stat().st_uid == 0 and mode(folder) & 0o001 == 0:
                folder.chmod(0o755)
        for folder in agent.path.resolve().parents:
            if mode(folder) & 0o001 == 0:
                folder.chmod(0o755)
        agent.path.chmod(0o777)
        done = subprocess.run(
            [sys.executable, "-c", ANOTHER_USER, str(agent.path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == "403\n", done.stderr
    else:
        from keystead.agent import protocol

        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        with agent.connect() as connection:
            assert protocol.peer_uid(connection) != os.geteuid()


def test_process_information_contains_no_secret(
    agent: Agent, keystead: Keystead, store: None, passphrase: dict[str, str]
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    keystead("process", "dev", env={**keys, **passphrase})
    keystead("agent", "unlock", env=passphrase)
    process = Path(f"/proc/{agent.pid}")
    for name in ("environ", "cmdline"):
        try:
            seen = (process / name).read_text()
        except PermissionError:  # not even to its own user: it is not dumpable
            continue
        assert not [secret for secret in SECRETS.values() if secret in seen]
    if os.geteuid() == 0:  # for anyone else it is as closed as the rest
        outputs = {os.readlink(process / "fd" / name) for name in ("1", "2")}
        assert outputs == {"/dev/null"}


def test_thousands_of_requests_do_not_grow_its_memory(agent: Agent, keystead: Keystead) -> None:
    keystead("process", "dev")
    pid = agent.pid
    environ = {os.fsencode(k): os.fsencode(v) for k, v in os.environ.items()}
    # After 4,000 it holds as much as it ever will; `make soak` goes on to a million.
    *_, before = soak.weights(os.fsencode(agent.path), pid, environ, 4_000)
    more = amount(short=4_000, full=20_000)
    *_, after = soak.weights(os.fsencode(agent.path), pid, environ, more)
    assert after - before < soak.MOST_GROWTH_KB
    assert agent.pid == pid


def test_passphrase_is_typed_once(agent: Agent, home: Path) -> None:
    """For a new store twice, and never again while the agent lives."""
    script = (
        f"{command.KEYSTEAD} store init"
        f" && {command.KEYSTEAD} set kept aws_access_key_id={ACCESS_KEY_ID}"
        f" && {command.KEYSTEAD} process kept > taken"
        f" && {command.KEYSTEAD} exec kept -- true && echo all done"
    )
    child = pexpect.spawn("/bin/sh", ["-c", script], cwd=home, encoding="utf-8", timeout=60)
    for _ in range(2):
        child.expect("passphrase.*: ")
        child.sendline(PASSPHRASE)
    child.expect("aws_secret_access_key: ")
    child.sendline(SECRET_KEY)
    child.expect("all done")
    child.close()
    assert (home / "taken").read_text() == DEV
    (home / "taken").unlink()


def test_hanging_agent_delays_a_command_only_briefly(agent: Agent, keystead: Keystead) -> None:
    keystead("process", "dev")
    pid = agent.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        assert keystead("process", "dev").stdout == DEV
        assert keystead("agent", "status").code == 0
    finally:
        os.kill(pid, signal.SIGCONT)
    assert keystead("process", "dev").stdout == DEV
    assert agent.pid == pid


def test_second_request_to_an_unresponsive_agent_does_not_call_it_disabled(
    agent: Agent, keystead: Keystead
) -> None:
    assert keystead("agent", "start").code == 0
    client, pid = Client(System()), agent.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        assert client.status() is None
        with pytest.raises(AgentProblem) as caught:
            client.lock()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert caught.value.id == "agent-not-responding"


def test_agent_at_a_custom_path_is_started_only_on_demand(
    agent: Agent, keystead: Keystead, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Agent(agent.path.parent.parent / "own" / "a.sock")
    monkeypatch.setenv("KEYSTEAD_AGENT", str(own.path))
    assert keystead("process", "dev").stdout == DEV
    assert not own.path.exists()
    assert keystead("agent", "start").code == 0
    try:
        assert keystead("process", "dev").stdout == DEV
        assert profiles(own) == ["dev"]
    finally:
        own.end()
    assert not agent.path.exists()


def test_credentials_from_the_agent_are_recorded(agent: Agent, keystead: Keystead) -> None:
    for _ in range(3):
        keystead("process", "dev")
    agent.request("GET", "/process/dev")  # for which the agent runs a command
    lines = json.loads(keystead("audit", "--json").stdout)
    assert [line["way"] for line in lines] == ["process"] * 3 + ["agent"]
    assert {line["pid"] for line in lines} == {os.getpid()}
    assert {(line["profile"], line["access_key_id"]) for line in lines} == {("dev", ACCESS_KEY_ID)}
    assert len({line["source"] for line in lines}) == 1
    assert keystead("audit", "--verify").code == 0
