"""A program of the same user that pretends to be another one, or hides who it is."""

from __future__ import annotations

import json
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools.command import KEYSTEAD
from keystead.model.credentials import Credentials
from tests.agents import Agent, wait_for
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN
from tests.conftest import Keystead

linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for executables")
KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"


@pytest.fixture(autouse=True)
def files(write_credentials: Callable[[str], Path]) -> None:
    write_credentials(f"[tools]\n{KEYS}programs = terraform, /usr/bin/terraform\n[dev]\n{KEYS}")


@linux
@pytest.mark.parametrize(
    "script",
    [
        "(exec -a terraform bash -c '{keystead} process tools; exit $?')",
        "(exec -a /usr/bin/terraform bash -c '{keystead} process tools; exit $?')",
        "bash -c '{keystead} process tools; exit $? # terraform'",
        "bash -c '{keystead} process tools; exit $?' terraform",
        "printf '{keystead} process tools\\nexit $?\\n' > terraform; bash terraform",
    ],
)
def test_command_line_does_not_change_the_recorded_executable(home: Path, script: str) -> None:
    line = script.replace("{keystead}", str(KEYSTEAD))
    done = subprocess.run(
        ["bash", "-c", f"{line}; exit $?"], capture_output=True, text=True, check=False, cwd=home
    )
    assert done.returncode == 1
    assert "the profile `tools` is not for `bash`" in done.stderr
    assert SECRET_KEY not in done.stdout


@linux
def test_refusal_does_not_quote_the_command_line(home: Path) -> None:
    line = f"{KEYSTEAD} process tools --location nowhere-{SESSION_TOKEN[:6]}; exit $?"
    text = f"TOKEN='{SESSION_TOKEN}' {KEYSTEAD} process tools; exit $?"
    for script in (line, text):
        done = subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, check=False, cwd=home
        )
        assert done.returncode != 0
        assert SESSION_TOKEN not in done.stderr


@pytest.mark.parametrize("pid", ["0", "1", str(os.getpid())], ids=["none", "init", "own"])
def test_only_the_agent_identifies_the_client(agent: Agent, keystead: Keystead, pid: str) -> None:
    for _ in range(2):
        done = keystead("process", "dev", "--asked-by", pid)
        assert done.code == 2
        assert "--asked-by is for commands that the agent starts" in done.stderr
        assert done.stdout == ""
        assert keystead("agent", "start").code == 0


@linux
def test_requests_to_the_agent_are_recorded_with_the_executable(
    agent: Agent, keystead: Keystead
) -> None:
    assert keystead("agent", "start").code == 0
    assert agent.request("GET", "/process/dev")[0] == 200
    (line,) = json.loads(keystead("audit", "--json").stdout)
    assert (line["way"], line["pid"]) == ("agent", os.getpid())
    assert line["program"] == os.path.realpath(sys.executable)


CLIENT = """
import os, socket, sys
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\\1\\0\\0\\0\\0\\0\\0\\0")
s.bind(("127.0.0.1", int(sys.argv[1])))
s.connect(("127.0.0.1", int(sys.argv[2])))
s.sendall(sys.stdin.buffer.read())
print(s.recv(65536).split()[1].decode())
"""


@linux
def test_programs_that_reuse_a_source_port_are_recorded_separately(
    keystead: Keystead, home: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        source = free.getsockname()[1]
    server = subprocess.Popen(
        [KEYSTEAD, "serve", "dev", "--json"], stdout=subprocess.PIPE, text=True, cwd=home
    )
    try:
        assert server.stdout is not None
        shown = ""
        while not shown.endswith("]\n"):
            shown += server.stdout.readline()
        given = json.loads(shown)[0]["variables"]
        url = given["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        token = Path(given["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).read_text()
        host, _, path = url.removeprefix("http://").partition("/")
        request = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n"
        for _ in range(3):
            done = subprocess.run(
                [sys.executable, "-c", CLIENT, str(source), host.rpartition(":")[2]],
                input=request,
                capture_output=True,
                text=True,
                check=True,
            )
            assert done.stdout.strip() == "200"
        wait_for(lambda: len(json.loads(keystead("audit", "--json").stdout)) >= 3)
    finally:
        server.terminate()
        server.communicate(timeout=60)
    lines = json.loads(keystead("audit", "--json").stdout)
    assert [line["way"] for line in lines] == ["serve"] * 3


def test_a_pickle_holds_no_credentials() -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(Credentials(ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN), protocol)
