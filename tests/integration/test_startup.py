"""What commands cost before they do anything, and how they end: without an agent.

A limit that is exceeded names what was loaded: see "What a command may load" in CONTRIBUTING.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.conftest import Keystead
from tests.costs import instructions, modules, run

SLOW = {
    "argparse",
    "asyncio",
    "botocore",
    "contextlib",
    "cryptography",
    "dataclasses",
    "datetime",
    "difflib",
    "email",
    "enum",
    "hashlib",
    "http.client",
    "inspect",
    "json",
    "logging",
    "pathlib",
    "platformdirs",
    "re",
    "shutil",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "traceback",
    "typing",
    "urllib.parse",
}
"""Modules of others that take at least a tenth of the time of an empty Python to load."""


class Limit(NamedTuple):
    """The most that a command loads: modules of keystead and of others, and which of the slow."""

    own: int
    others: int
    slow: frozenset[str] = frozenset()


def limit(own: int, others: int, *slow: str) -> Limit:
    return Limit(own, others, frozenset(slow))


FILES = ("contextlib", "enum", "re")
"""What reading the shared files takes."""

MODULES = {
    "--version": limit(17, 15),
    "completion bash": limit(24, 17),
    "agent status": limit(27, 18),
    "__complete s": limit(15, 11),
    "__complete show p": limit(70, 28, *FILES),
    "list": limit(83, 30, *FILES),
    "show p1": limit(84, 30, *FILES),
    "env p1": limit(117, 38, *FILES, "datetime"),
    "exec p1 -- true": limit(118, 38, *FILES, "datetime"),
    "plan p1": limit(99, 33, *FILES, "datetime"),
    "explain p1": limit(96, 33, *FILES, "datetime"),
    "lint": limit(97, 38, *FILES, "datetime", "typing"),
    "status --prompt p1": limit(110, 50, *FILES, "datetime", "json"),
    "audit": limit(89, 40, *FILES, "datetime", "json"),
}
INSTRUCTIONS = {
    "--version": 1.4,
    "agent status": 1.6,
    "__complete show p": 3.2,
    "list": 3.9,
    "env p1": 4.7,
}
"""The most instructions of a command, as a multiple of those of an empty Python."""


@pytest.fixture(autouse=True)
def files(home: Path) -> None:
    path = home / ".aws" / "credentials"
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    keys = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    path.write_text("".join(f"[p{number}]\n{keys}" for number in range(10)))


START = ("-c", "import sys; from keystead.hot import main; sys.exit(main())")
"""As the scripts of pip since 25.2, of pipx and of uv; those of older pips import `re` first."""


@pytest.fixture(scope="module")
def bare() -> set[str]:
    """The modules of an empty Python."""
    return {*modules("-c", "pass")}


@pytest.fixture(scope="module")
def empty() -> int:
    """The instructions of an empty Python."""
    return instructions(sys.executable, "-c", "pass")


@pytest.mark.parametrize("line", MODULES)
def test_a_command_loads_what_it_needs(line: str, bare: set[str], short: Path) -> None:
    agent = str(short / "agent.sock")  # where none is running
    loaded = modules(*START, *line.split(), KEYSTEAD_AGENT=agent)
    found = [name for name in loaded if name not in bare]
    own = [name for name in found if name.split(".")[0] == "keystead"]
    others = [name for name in found if name not in own]
    most = MODULES[line]
    assert SLOW & {*found} <= most.slow
    assert len(own) <= most.own, own
    assert len(others) <= most.others, others


@pytest.mark.needs("valgrind")
@pytest.mark.parametrize("line", INSTRUCTIONS)
def test_a_command_takes_few_more_instructions_than_an_empty_python(
    line: str, empty: int, short: Path
) -> None:
    words = (sys.executable, *START, *line.split())
    agent = str(short / "agent.sock")
    assert run(*words, KEYSTEAD_AGENT=agent).returncode == 0  # now all of it is compiled
    found = instructions(*words, KEYSTEAD_AGENT=agent) / empty
    assert found <= INSTRUCTIONS[line]


ENDINGS = {
    "text that is not written yet": "print('text', end='')",
    "a thread": (
        "import threading; go = threading.Event()\n"
        "def work():\n    go.wait(); print('thread')\n"
        "threading.Thread(target=work).start(); threading.Timer(0.02, go.set).start()"
    ),
    "a pool of threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "ThreadPoolExecutor().submit(print, 'pool')"
    ),
    "what is registered to be called": "import atexit; atexit.register(print, 'last')",
    "a temporary folder": (
        "import tempfile; folder = tempfile.TemporaryDirectory(dir='.'); print('made')"
    ),
    "a log that is written at the end": (
        "import logging, logging.handlers\n"
        "log = logging.handlers.MemoryHandler(9, target=logging.StreamHandler(sys.stdout))\n"
        "log.emit(logging.makeLogRecord({'msg': 'logged'}))"
    ),
    "standard output that is closed": "sys.stdout.close()",
    "standard output that is full": "sys.stdout = open('/dev/full', 'w'); print('lost')",
    "no standard output": "sys.stdout = None",
}


@pytest.mark.posix("/dev/full")
@pytest.mark.parametrize("line", ENDINGS.values(), ids=ENDINGS)
def test_a_command_ends_as_the_interpreter_does(line: str, tmp_path: Path) -> None:
    found = []
    for end in ("sys.exit(3)", "from keystead.cli.run import leave; leave(3)"):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", f"import sys\n{line}\n{end}"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        found.append((done.returncode, done.stdout, [*tmp_path.iterdir()]))
    assert found[0] == found[1]


def test_a_program_that_calls_the_command_gets_its_exit_code(keystead: Keystead) -> None:
    code = (
        "import atexit, sys; from keystead.cli.main import main; atexit.register(print, 'ends'); "
        "print(main(['show', 'p1', '--json']), main(['show', 'nobody']), main(['nonsense']))"
    )
    done = run(sys.executable, "-c", code)
    assert done.stdout.splitlines()[-2:] == ["0 3 2", "ends"]
