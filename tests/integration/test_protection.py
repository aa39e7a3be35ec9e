"""Processes with keys in memory write no core file; commands that they run may."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools import command
from tests.agents import Agent, is_alive, wait_for
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.conftest import Keystead

pytestmark = pytest.mark.posix("the agent")

DUMPABLE = """
import ctypes
from keystead.system.protection import protect
protect()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))  # PR_GET_DUMPABLE
"""


@pytest.fixture(autouse=True)
def files(write_credentials: Callable[[str], Path]) -> None:
    write_credentials(
        f"[dev]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    )


def cores(pid: int) -> list[str]:
    """How large a core file of the process may be: its soft and its hard limit."""
    limits = Path(f"/proc/{pid}/limits").read_text()
    return limits.split("Max core file size")[1].split()[:2]


def test_protected_process_cannot_be_dumped() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DUMPABLE], capture_output=True, text=True, check=True
    )
    assert done.stdout == "0\n"


def test_agent_cannot_be_dumped(agent: Agent, keystead: Keystead) -> None:
    keystead("agent", "start")
    assert cores(agent.pid) == ["0", "0"]


def test_endpoint_cannot_be_dumped() -> None:
    with subprocess.Popen(
        [command.KEYSTEAD, "serve", "dev", "--json"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        assert server.stdout.readline() == "[\n"
        assert cores(server.pid) == ["0", "0"]
        server.terminate()


def test_endpoint_of_exec_cannot_be_dumped_but_its_command_can(home: Path) -> None:
    mark = str(home)  # in the command line of nothing else
    with subprocess.Popen(
        [command.KEYSTEAD, "exec", "dev", "--endpoint", "--", "sh", "-c", "cat", mark],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write(b"there\n")
        child.stdin.flush()
        assert child.stdout.readline() == b"there\n"
        assert cores(child.pid) == cores(os.getpid())
        (attendant,) = [
            int(path.name) for path in Path("/proc").glob("[0-9]*") if serves(path, mark)
        ]
        assert cores(attendant) == ["0", "0"]
        child.stdin.close()
    wait_for(lambda: not is_alive(attendant))


def serves(process: Path, mark: str) -> bool:
    """Whether it is the process with the endpoint: it has the command line of `exec` still."""
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return {b"--endpoint", mark.encode()} <= set(words)
