"""Commands that a child of the fork server runs, over its real socket."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devtools.emulators import Emulator
from tests.agents import Agent, is_alive, wait_for
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
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
    assert sum(map(proportional_memory, (agent.pid, pid, *server.children))) < 60_000_000
    assert keystead("agent", "stop").code == 0
    wait_for(lambda: not is_alive(pid))


def test_server_loads_botocore_once_a_cmdlet_of_a_service_has_needed_it(
    agent: Agent,
    moto: Emulator,
    keystead: Keystead,
    write_credentials: Callable[[str], Path],
) -> None:
    write_credentials(
        f"[dev]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    )
    assert keystead("agent", "start").code == 0
    listed = keystead("list")
    server = ForkServer(agent.path)
    wait_for(server.path.exists)
    before = server.memory
    for _ in range(2):
        with server.runs_child():
            assert keystead("Get-S3Bucket", "-ProfileName", "dev").code == 0
        wait_for(lambda: server.memory > before + 4_000_000)
    with server.runs_child():
        assert keystead("list") == listed
    assert len(list(Path(f"/proc/{server.pid}/task").iterdir())) == 1  # thread
    wait_for(lambda: not server.children)
    assert sum(map(proportional_memory, (agent.pid, server.pid))) < 80_000_000


def proportional_memory(pid: int) -> int:
    """The bytes of a process, in which memory that several share counts for each in part."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return 1024 * int(text.partition("\nPss:")[2].split()[0])
