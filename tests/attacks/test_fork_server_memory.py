"""A program that reads the memory of the fork server, or of a child, for keys of other commands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from keystead.warm import protocol
from tests.agents import Agent, memory, wait_for
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN
from tests.conftest import Keystead
from tests.fork_servers import fork_server

pytestmark = [
    pytest.mark.posix("the fork server"),
    pytest.mark.skipif(sys.platform != "linux", reason="the fork server runs on Linux"),
]


@pytest.fixture(autouse=True)
def files(home: Path) -> None:
    path = home / ".aws" / "credentials"
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    path.write_text(
        f"[dev]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    )


@pytest.mark.root("reading the memory of a protected process")
def test_no_key_of_a_command_is_in_the_server_or_another_child(
    agent: Agent, keystead: Keystead
) -> None:
    with fork_server(agent.path) as server:
        for words in (
            ("env", "dev"),
            ("process", "dev"),
            ("exec", "dev", "--", "true"),
            ("plan", "dev"),
            ("set", "dev", "region=eu-west-1"),
        ):
            with server.runs_child():
                assert keystead(*words).code == 0
        keys = {"AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_SESSION_TOKEN": SESSION_TOKEN}
        with server.runs_child():
            assert keystead("list", env=keys).code == 0
        with server.blocked_child("env", "dev"):
            [first] = server.children
            wait_for(lambda: SECRET_KEY.encode() in memory(first))
            with server.blocked_child("help"):
                [second] = {*server.children} - {first}
                wait_for(lambda: b"usage: keystead" in memory(second))
                found = [memory(pid) for pid in (server.pid, second)]
    for content in found:
        assert protocol.build() in content
        assert SECRET_KEY.encode() not in content
        assert SESSION_TOKEN.encode() not in content


def test_no_other_process_of_the_user_reads_a_child(agent: Agent) -> None:
    with fork_server(agent.path) as server, server.blocked_child("help"):
        for pid in (server.pid, *server.children):
            # Linux gives the files of a process that cannot be traced to root.
            assert Path(f"/proc/{pid}/mem").stat().st_uid == 0
            limits = Path(f"/proc/{pid}/limits").read_text()
            assert "Max core file size        0                    0 " in limits
