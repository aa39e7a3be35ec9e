"""The agent on Windows: on a loopback port, for clients that know the secret in a file."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keystead.agent import protocol
from keystead.agent.client import Agent
from keystead.errors import AgentProblem
from keystead.system import System
from tests.agents import wait_for
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY

DEV = f'{{"Version": 1, "AccessKeyId": "{ACCESS_KEY_ID}", "SecretAccessKey": "{SECRET_KEY}"}}'
HOT = "import atexit, sys; from keystead.hot import main; {}; sys.exit(main())"
MODULES = "atexit.register(lambda: print('keystead.cli.run' in sys.modules, file=sys.stderr))"


@pytest.fixture
def agent(
    write_credentials: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Agent]:
    monkeypatch.delenv("KEYSTEAD_AGENT")
    write_credentials(
        f"[dev]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    )
    found = Agent(System())
    yield found
    with contextlib.suppress(AgentProblem):
        if found.stop():
            wait_for(lambda: not Path(found.path or "").exists())


def keystead(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HOT.format(MODULES), *words],
        capture_output=True,
        text=True,
        env=os.environ,
        check=True,
    )


def test_first_command_starts_the_agent_and_the_next_uses_it(agent: Agent) -> None:
    first = keystead("process", "dev")
    assert (first.stdout.strip(), first.stderr.strip()) == (DEV, "True")
    # Each look is another client's, as one that waited in vain does not ask again.
    wait_for(lambda: (Agent(System()).status() or {}).get("profiles") == ["dev"])
    second = keystead("process", "dev")
    assert second.stdout.strip() == DEV
    assert second.stderr.strip() == "False"  # it did not take the full path


def test_agent_starts_once_and_stops(agent: Agent) -> None:
    agent.start()
    first = agent.status()
    agent.start()
    assert first
    assert (agent.status() or {}).get("pid") == first["pid"]
    assert agent.stop()
    wait_for(lambda: not Path(agent.path or "").exists())
    assert agent.status() is None


def answer_to(port: int, data: bytes) -> bytes:
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(data)
        with contextlib.suppress(ConnectionError):
            while chunk := connection.recv(65536):
                answer += chunk
    return answer


def test_client_without_the_secret_gets_nothing(agent: Agent) -> None:
    keystead("process", "dev")
    wait_for(lambda: (Agent(System()).status() or {}).get("profiles") == ["dev"])
    port, secret = protocol.secret_of(os.fsencode(agent.path or ""))
    for more in (b"", b"Authorization: Bearer %b\r\n" % secret[::-1]):
        answer = answer_to(port, protocol.request(b"GET", b"/process/dev", b"", more))
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert SECRET_KEY.encode() not in answer
    right = b"Authorization: Bearer %b\r\n" % secret
    answer = answer_to(port, protocol.request(b"GET", b"/process/dev", b"", right))
    assert json.loads(protocol.body_of(answer) or b"")["SecretAccessKey"] == SECRET_KEY


def test_server_on_its_port_without_the_secret_is_sent_nothing(agent: Agent) -> None:
    path = Path(agent.path or "")
    path.parent.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as impostor:
        path.write_text(f"{impostor.getsockname()[1]} {'0' * 64}")
        asking = subprocess.Popen(
            [sys.executable, "-c", HOT.format("pass"), "process", "dev"],
            stdout=subprocess.PIPE,
            env={**os.environ, "KEYSTEAD_AGENT": str(path)},
            text=True,
        )
        connection, _ = impostor.accept()
        with connection:
            heard = connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + b"0" * 64)
            while chunk := connection.recv(65536):
                heard += chunk
        assert heard.startswith(b"GET /proof/")
        assert heard.count(b"HTTP/1.1") == 1
        impostor.close()
        assert asking.communicate()[0].strip() == DEV
