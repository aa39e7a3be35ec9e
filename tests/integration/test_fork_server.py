"""Commands that a child of the fork server runs, over its real socket."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents import Agent, is_alive, wait_for
from tests.conftest import Keystead
from tests.fork_servers import ForkServer, fork_server

pytestmark = [
    pytest.mark.posix("the fork server"),
    pytest.mark.skipif(sys.platform != "linux", reason="the fork server runs on Linux"),
]


@pytest.fixture(autouse=True)
def files(home: Path) -> None:
    path = home / ".aws" / "config"
    path.parent.mkdir(mode=0o700)
    path.write_text("[profile dev]\nregion = eu-west-1\n")


@pytest.fixture
def server(agent: Agent) -> Iterator[ForkServer]:
    """A fork server without its agent."""
    with fork_server(agent.path) as found:
        yield found


def test_child_runs_list(server: ForkServer, keystead: Keystead) -> None:
    full = keystead("list", env={"KEYSTEAD_AGENT": "off"})
    with server.runs_child():
        assert keystead("list") == full


def test_agent_starts_the_server_for_the_second_command(agent: Agent, keystead: Keystead) -> None:
    assert keystead("agent", "start").code == 0
    first = keystead("list")
    server = ForkServer(agent.path)
    wait_for(server.path.exists)
    with server.runs_child():
        assert keystead("list") == first
    pid = server.pid
    together = sum(map(proportional_memory, (agent.pid, pid, *server.children)))
    assert together < 60_000_000
    assert keystead("agent", "stop").code == 0
    wait_for(lambda: not is_alive(pid))


def proportional_memory(pid: int) -> int:
    """The bytes of a process, in which memory that several share counts for each in part."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return 1024 * int(text.partition("\nPss:")[2].split()[0])
