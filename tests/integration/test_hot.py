"""`keystead process NAME` and both launchers with a warm agent.

What they load, what they cost, what they fall back on.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devtools import command
from devtools.emulators import Emulator
from keystead.agent.launcher import native
from keystead.system import System
from keystead.system.file_versions import FileVersion
from tests.agents import Agent, answering, wait_for
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN
from tests.conftest import Keystead
from tests.costs import instructions, run

pytestmark = pytest.mark.posix("the agent")

NAMES = ("dev", "prod/eu", "me@example.com", "100%", "-x")
DEV = f'{{"Version": 1, "AccessKeyId": "{ACCESS_KEY_ID}", "SecretAccessKey": "{SECRET_KEY}"}}\n'
MODULES = {
    "keystead",
    "keystead._version",
    "keystead.agent",
    "keystead.agent.protocol",
    "keystead.hot",
    "_socket",
}
MOST_MORE_INSTRUCTIONS = 10_000_000
MOST_NATIVE_INSTRUCTIONS = 600_000


@pytest.fixture(autouse=True)
def files(write_credentials: Callable[[str], Path]) -> Path:
    keys = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    return write_credentials("".join(f"[{name}]\n{keys}" for name in NAMES))


@pytest.fixture
def script(agent: Agent, keystead: Keystead, home: Path) -> Path:
    """The launcher that is a script, with the answer in the agent's cache."""
    path = home / "launcher"
    done = keystead("agent", "launcher", path)
    assert done.stdout == f"credential_process = {path} NAME\n"
    assert path.stat().st_mode & 0o777 == 0o755
    subprocess.run([path, "dev"], check=True, capture_output=True)
    return path


@functools.cache
def compiled() -> bytes:
    return native(System())


@pytest.fixture
def program(agent: Agent, home: Path) -> Path:
    """The native launcher, with the answer in the agent's cache."""
    path = home / "native-launcher"
    path.write_bytes(compiled())
    path.chmod(0o755)
    subprocess.run([path, "dev"], check=True, capture_output=True)
    return path


@pytest.fixture(params=["script", pytest.param("program", marks=pytest.mark.needs("cc"))])
def launcher(request: pytest.FixtureRequest) -> Path:
    """Each of the launchers."""
    return request.getfixturevalue(request.param)


def loaded(*words: str | Path) -> list[str]:
    """The modules that Python loads for a command, in order."""
    done = run(sys.executable, "-X", "importtime", *words)
    assert done.stdout == DEV
    lines = (line.split("|") for line in done.stderr.splitlines())
    return [line[2].strip() for line in lines if len(line) == 3][1:]


def test_the_launcher_loads_these_modules_and_no_other(script: Path) -> None:
    bare = subprocess.run(
        [sys.executable, "-IS", "-X", "importtime", "-c", "pass"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    found = set(loaded("-IS", script, "dev"))
    assert found - {line.rpartition("|")[2].strip() for line in bare.splitlines()} == MODULES


def test_the_command_itself_loads_no_more_than_its_own_start(script: Path) -> None:
    found = loaded(command.KEYSTEAD, "process", "dev")
    own = [name for name in found if name.startswith("keystead")]
    assert set(own) == MODULES - {"_socket"}
    assert {"json", "argparse", "dataclasses", "socket", "subprocess"} & set(found) == set()


@pytest.mark.needs("valgrind")
def test_launcher_takes_few_more_instructions_than_an_empty_python(script: Path) -> None:
    bare = instructions(sys.executable, "-c", "pass")
    assert instructions(script, "dev") < bare + MOST_MORE_INSTRUCTIONS


@pytest.mark.needs("valgrind", "cc")
def test_native_launcher_takes_few_instructions(program: Path) -> None:
    assert instructions(program, "dev") < MOST_NATIVE_INSTRUCTIONS


@pytest.mark.parametrize("name", NAMES)
def test_hot_and_full_path_print_the_same_bytes(name: str, launcher: Path) -> None:
    words = ["--", name] if name.startswith("-") else [name]
    full = run(command.KEYSTEAD, "process", *words, KEYSTEAD_AGENT="off")
    assert full.stdout == DEV
    for _ in range(2):
        assert run(command.KEYSTEAD, "process", *words).stdout == DEV
        assert run(launcher, *words).stdout == DEV


@pytest.mark.parametrize(
    "words", [(), ("--help",), ("nobody",), ("dev", "x"), ("dev", "--location", "/nowhere"), ("",)]
)
def test_launcher_behaves_like_the_command_otherwise(
    words: tuple[str, ...], launcher: Path
) -> None:
    found, full = run(launcher, *words), run(command.KEYSTEAD, "process", *words)
    assert (found.returncode, found.stdout, found.stderr) == (
        full.returncode,
        full.stdout,
        full.stderr,
    )


def test_launcher_ignores_files_in_the_working_directory(launcher: Path, home: Path) -> None:
    trap = "raise SystemExit('trapped')\n"
    for name in ("posix.py", "_socket.py", "keystead.py", "json.py", "sitecustomize.py"):
        (home / name).write_text(trap)
    for name in ("dev", "100%"):  # with the agent, and on the full path
        done = subprocess.run(
            [launcher, name], cwd=home, capture_output=True, text=True, check=False
        )
        assert (done.stdout, done.stderr) == (DEV, "")


@pytest.mark.parametrize("native", [False, pytest.param(True, marks=pytest.mark.needs("cc"))])
def test_interpreter_with_spaces_in_its_path(
    native: bool, agent: Agent, keystead: Keystead, home: Path
) -> None:
    folder = home / "with blanks, and 'quotes'" / ("long" * 30)
    folder.mkdir(parents=True)
    environment = Path(sys.executable).parent.parent
    for name in ("bin", "lib", "pyvenv.cfg"):
        (folder / name).symlink_to(environment / name)
    words = ("--native",) * native
    done = run(folder / "bin" / "python", "-m", "keystead", "agent", "launcher", *words)
    path = Path(os.environ["KEYSTEAD_HOME"]) / "bin" / "keystead-process"
    assert done.stdout == f"credential_process = {path} NAME\n"
    assert path.stat().st_mode & 0o777 == 0o755
    assert path.read_bytes().startswith(b"\x7fELF" if native else b"#!/bin/sh\n")
    for _ in range(2):
        assert run(path, "dev").stdout == DEV


def test_closed_output_is_reported_as_usual(launcher: Path) -> None:
    for line in ("dev >&-", "dev > /dev/full"):
        full = run("sh", "-c", f"{command.KEYSTEAD} process {line}", KEYSTEAD_AGENT="off")
        for way in (f"{command.KEYSTEAD} process {line}", f"{launcher} {line}"):
            warm = run("sh", "-c", way)
            assert warm.returncode == full.returncode == 1
            assert warm.stderr == full.stderr


def test_variables_for_one_command_use_the_full_path(script: Path) -> None:
    done = run(command.KEYSTEAD, "process", "dev", KEYSTEAD_DEBUG="1")
    assert done.stdout == DEV
    for name in ("KEYSTEAD_MFA_CODE", "KEYSTEAD_RUNNING_PROCESS"):
        assert "json" in run_modules(name)


def run_modules(variable: str, *words: str | Path) -> list[str]:
    """The modules that a command loads with the variable set."""
    told = words or (command.KEYSTEAD, "process", "dev")
    done = run(sys.executable, "-X", "importtime", *told, **{variable: "123456"})
    return [line.rpartition("|")[2].strip() for line in done.stderr.splitlines()]


KINDS = {
    "keys": ("", set()),
    "keys of a session": (f"aws_session_token = {SESSION_TOKEN}\n", {"SessionToken"}),
    "keys of an account": ("aws_account_id = 123456789012\n", set()),
    "a role, with an end": (
        "role_arn = arn:aws:iam::123456789012:role/r\nsource_profile = dev\n",
        {"SessionToken", "Expiration"},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_type_of_answer_is_the_same_bytes(
    kind: str, launcher: Path, files: Path, moto: Emulator
) -> None:
    lines, members = KINDS[kind]
    keys = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    files.write_text(f"{files.read_text()}[it]\n{'' if 'role' in lines else keys}{lines}")
    # A file that changed just now is not trusted to show its next change.
    version = FileVersion.at(files)
    assert version is not None
    wait_for(lambda: version.is_settled(time.time()))
    full = run(command.KEYSTEAD, "process", "it", KEYSTEAD_AGENT="off")
    assert json.loads(full.stdout).keys() >= members | {"Version", "AccessKeyId"}
    assert run(command.KEYSTEAD, "process", "it").stdout == full.stdout  # by now it is ready
    calls = len(moto.recorder.calls)
    for words in ((command.KEYSTEAD, "process", "it"), (launcher, "it")):
        assert run(*words).stdout == full.stdout
        if b"#!" in Path(words[0]).read_bytes()[:2]:  # for Python
            assert "json" not in run_modules("LC_ALL", *words)
    assert len(moto.recorder.calls) == calls


@pytest.mark.parametrize(
    "words",
    [("--", "dev"), ("--location", "FILE", "dev"), ("dev", "--location", "FILE")],
    ids=" ".join,
)
def test_other_spellings_of_the_command_mean_the_same(
    words: tuple[str, ...], launcher: Path, files: Path
) -> None:
    told = [str(files) if word == "FILE" else word for word in words]
    assert run(command.KEYSTEAD, "process", *told).stdout == DEV
    assert run(launcher, *told).stdout == DEV


@pytest.mark.needs("valgrind")
def test_ten_thousand_profiles_take_as_many_instructions_as_a_few(
    launcher: Path, files: Path
) -> None:
    few = instructions(launcher, "dev")
    keys = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    text = "".join(f"[p{number}]\n{keys}" for number in range(10_000))
    files.write_text(files.read_text() + text)
    for _ in range(2):
        assert run(launcher, "dev").stdout == DEV
    assert abs(instructions(launcher, "dev") - few) < few / 100


BODY = DEV.encode()
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY)
OTHER = f'{{"Version": 1, "SessionToken": "{SESSION_TOKEN}"}}\n'.encode()
BROKEN = {
    "nothing": b"",
    "half a head": GOOD[:20],
    "a head": GOOD,
    "half a body": GOOD + BODY[:40],
    "a body but for its end": GOOD + BODY[:-1],
    "more than a body": GOOD + OTHER + BODY,
    "another status": GOOD.replace(b"200 OK", b"500 No") + OTHER,
    "no length": b"HTTP/1.1 200 OK\r\n\r\n" + OTHER,
    "an empty body": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "another protocol": b"SSH-2.0-x\r\n\r\n" + OTHER,
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_incomplete_answer_is_ignored(
    agent: Agent, keystead: Keystead, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTEAD_AGENT", str(agent.path))
    with answering(agent.path, answer):
        assert keystead("process", "dev").stdout == DEV


def test_path_without_an_agent_is_ignored(keystead: Keystead, home: Path) -> None:
    for place in ("nowhere/agent.sock", ".aws/credentials", "x" * 300):
        assert keystead("process", "dev", env={"KEYSTEAD_AGENT": str(home / place)}).stdout == DEV


def test_ctrl_c_is_reported_as_usual(
    launcher: Path, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent.end()
    monkeypatch.setenv("KEYSTEAD_AGENT", str(agent.path))
    ends = []
    with answering(agent.path, None) as asked:
        for words in ([command.KEYSTEAD, "process", "dev"], [launcher, "dev"]):
            process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
            asked.get(timeout=60)
            process.send_signal(signal.SIGINT)
            ends.append((process.communicate()[1], process.returncode))
    assert ends == [("keystead: error: interrupted\n", 130)] * 2


OTHERS = """
import os, socket, sys
with socket.socket(socket.AF_UNIX) as listening:
    listening.bind(sys.argv[1])
    os.chmod(sys.argv[1], 0o777)
    os.setuid(64502)
    listening.listen(8)
    print("ready", flush=True)
    while True:
        connection, _ = listening.accept()
        with connection:
            print("asked" if connection.recv(65536) else "left", flush=True)
"""


@pytest.mark.root("being another user")
def test_nothing_is_sent_to_another_users_process(
    launcher: Path, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent.end()
    monkeypatch.setenv("KEYSTEAD_AGENT", str(agent.path))
    server = [sys.executable, "-c", OTHERS, str(agent.path)]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert run(launcher, "dev").stdout == DEV
        assert process.stdout.readline() == "left\n"
        process.kill()


@pytest.mark.parametrize("mode", [0o710, 0o701])
def test_folder_that_is_not_private_is_not_trusted(
    mode: int, launcher: Path, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent.end()
    monkeypatch.setenv("KEYSTEAD_AGENT", str(agent.path))
    with answering(agent.path, GOOD + BODY.replace(b"EXAMPLE", b"PLANTED")) as asked:
        agent.path.parent.chmod(mode)
        assert run(launcher, "dev").stdout == DEV
        assert asked.empty()


@pytest.mark.parametrize("name", ["", *NAMES[:-1]])
def test_prompt_is_printed_by_built_in_modules_alone(
    name: str, agent: Agent, keystead: Keystead, files: Path
) -> None:
    version = FileVersion.at(files)
    assert version is not None
    wait_for(lambda: version.is_settled(time.time()))
    words = (command.KEYSTEAD, "status", "--prompt", *([name] if name else []))
    full = run(*words, KEYSTEAD_AGENT="off")
    assert (full.stdout == "") == (name == "")
    assert (full.returncode, full.stderr) == (0, "")
    assert run(*words).stdout == full.stdout  # by now it is ready
    found = run(sys.executable, "-X", "importtime", *words)
    lines = (line.split("|") for line in found.stderr.splitlines())
    own = {line[2].strip() for line in lines if line[-1].strip().startswith("keystead")}
    assert own == MODULES - {"_socket"}
    assert found.stdout == full.stdout


@pytest.mark.needs("valgrind")
def test_prompt_takes_few_more_instructions_than_an_empty_python(
    agent: Agent, keystead: Keystead
) -> None:
    for _ in range(2):
        assert run(command.KEYSTEAD, "status", "--prompt", "dev").stdout == "dev"
    bare = instructions(sys.executable, "-c", "import re")  # as the script that starts it
    found = instructions(sys.executable, command.KEYSTEAD, "status", "--prompt", "dev")
    assert found < bare + MOST_MORE_INSTRUCTIONS


def test_prompt_changes_with_its_files_and_when_it_ends(
    agent: Agent, keystead: Keystead, files: Path
) -> None:
    words = (command.KEYSTEAD, "status", "--prompt", "soon")
    assert run(*words).stdout == ""
    keys = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
    session = f"{keys}aws_session_token = {SESSION_TOKEN}\nx_security_token_expires = "
    before = files.read_text()
    ends = datetime.now(UTC) + timedelta(seconds=90)
    files.write_text(f"{before}[soon]\n{session}{ends.isoformat()}\n")
    for _ in range(2):
        assert run(*words).stdout in {"soon 1m", *(f"soon {number}s" for number in range(60))}
    files.write_text(f"{before}[soon]\n{session}{(ends - timedelta(90)).isoformat()}\n")
    for _ in range(2):
        assert run(*words).stdout == ""
    assert agent.status()["profiles"] == []
