"""`keystead exec --endpoint` on a real pseudo-terminal: the command replaces
the process, and an endpoint runs until it exits.
"""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pexpect
import pytest

from devtools.command import KEYSTEAD
from devtools.emulators import Emulator
from tests.agents import wait_for
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN
from tests.endpoints import TOKEN, URI, Answer, ask

pytestmark = pytest.mark.posix("a pseudo-terminal")

FILE = f"""[base]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
aws_session_token = {SESSION_TOKEN}
region = eu-west-1
[admin]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = base
"""
EXEC = [KEYSTEAD, "exec", "base", "--endpoint", "--"]


@pytest.fixture(autouse=True)
def credentials_file(write_credentials: Callable[[str], Path]) -> Path:
    return write_credentials(FILE)


def spawn(*command: str) -> pexpect.spawn:
    return pexpect.spawn(
        EXEC[0], [*EXEC[1:], *command], env=dict(os.environ), encoding="utf-8", timeout=30
    )


def ended(process: pexpect.spawn) -> int:
    """The exit code; below zero the signal that ended it."""
    process.expect(pexpect.EOF)
    process.close()
    return process.exitstatus if process.signalstatus is None else -process.signalstatus


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


SHOW = f"import os; print('<', os.environ['{URI}'], os.environ['{TOKEN}'], '>', flush=True)\n"


def endpoint_of(process: pexpect.spawn) -> tuple[str, dict[str, str]]:
    """The URL and the header that `SHOW` printed."""
    process.expect("< (\\S+) (\\S+) >")
    return process.match[1], {"Authorization": process.match[2]}


def test_child_gets_an_endpoint_and_no_keys(keystead, home: Path) -> None:
    stale = {
        "AWS_SESSION_TOKEN": "stale",
        "AWS_PROFILE": "stale",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/stale",
        "AWS_ROLE_ARN": "stale",
        "KEYSTEAD_MFA_CODE": "271828",
    }
    done = keystead("exec", "base", "--endpoint", "--", "env", env=stale)
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert {name for name in found if name.startswith("AWS_")} == {
        URI,
        TOKEN,
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
    }
    assert "KEYSTEAD_MFA_CODE" not in found
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/credentials/base", found[URI])


def test_boto3_in_the_child_gets_renewed_keys(keystead, moto: Emulator) -> None:
    code = (
        "import boto3, json; found = boto3.Session().get_credentials();"
        "print(json.dumps([found.method, found.get_frozen_credentials().access_key,"
        "found.refresh_needed()]))"
    )
    done = keystead("exec", "admin", "--endpoint", "--", *python(code))
    method, key, refresh = json.loads(done.stdout)
    assert (method, key[:4], refresh) == ("container-role", "ASIA", False)


def test_keystead_in_the_child_gets_the_same_keys(keystead, moto: Emulator) -> None:
    for words in (["process", "base"], ["whoami"], ["Get-STSCallerIdentity"]):
        done = keystead("exec", "admin", "--endpoint", "--", KEYSTEAD, *words)
        assert done.code == 0, done.stderr
    who = [call for call in moto.recorder.calls if call.operation == "GetCallerIdentity"]
    assert [call.access_key_id[:4] for call in who] == ["ASIA"] * 2


def test_default_profile_does_not_take_precedence_over_the_endpoint(
    keystead, credentials_file: Path
) -> None:
    other = FILE.replace("[base]", "[default]").replace(ACCESS_KEY_ID, "AKIAI44QH8DHBEXAMPLE")
    credentials_file.write_text(FILE + other.partition("[admin]")[0])
    code = "import boto3; print(boto3.Session().get_credentials().access_key)"
    done = keystead(*EXEC[1:], *python(code))
    assert done.stdout == f"{ACCESS_KEY_ID}\n"
    assert "profile `default` would take precedence over the endpoint" in done.stderr
    credentials_file.write_text(FILE + "[default]\nregion = eu-west-2\n")
    assert keystead(*EXEC[1:], *python(code)).stderr == ""


USABLE = f"aws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = {SECRET_KEY}\n"


@pytest.mark.parametrize(
    ("config", "credentials"),
    [
        (f"[profile default]\nregion = eu-west-1\n[default]\n{USABLE}", ""),
        (f"[default]\n{USABLE}[profile default]\nregion = eu-west-1\n", ""),
        ("", f"[profile default]\n{USABLE}"),
        ("", "[default]\n" + "".join(f"  {line}\n" for line in USABLE.splitlines())),
        ("[default]\ncredential_process = /bin/false\n", ""),
        (f"  [default]\n{USABLE}", ""),
    ],
)
def test_the_files_are_hidden_for_any_section_that_a_reader_takes_for_default(
    keystead, credentials_file: Path, home: Path, config: str, credentials: str
) -> None:
    """Also if keystead would refuse the files: the profile is at another location here."""
    location = home / "elsewhere" / "credentials"
    location.parent.mkdir()
    credentials_file.rename(location)
    credentials_file.write_text(credentials)
    credentials_file.with_name("config").write_text(config)
    keystead.plain |= {location, credentials_file.with_name("config")}
    show = (
        "import os; print(*(os.environ[f'AWS_{n}_FILE'] for n in ('CONFIG', 'SHARED_CREDENTIALS')))"
    )
    command = ["exec", "--location", location, "base", "--endpoint", "--", *python(show)]
    assert keystead(*command).stdout.split() == [os.devnull, os.devnull]


def test_each_child_has_a_separate_token_that_ends_with_it(keystead) -> None:
    first, second = (keystead(*EXEC[1:], *python(SHOW)).stdout.split() for _ in range(2))
    assert first[2] != second[2]
    with pytest.raises(urllib.error.URLError):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(first[1], timeout=5)


def test_the_endpoint_ends_with_a_child_that_is_killed() -> None:
    process = spawn(*python(SHOW + "import time; time.sleep(60)"))
    url, header = endpoint_of(process)
    assert ask(url, header).status == 200
    process.kill(signal.SIGKILL)
    assert ended(process) == -signal.SIGKILL
    with pytest.raises(OSError):
        while True:  # it is notified at once, in a separate process
            ask(url, header)


LEAVE = """
if os.fork() == 0:
    os.setsid()
    os.closerange(1, 3)
    os.read(0, 1)
    os._exit(0)
os._exit(3)
"""


def test_daemon_left_by_the_command_gets_no_keys_and_its_port_stays_taken() -> None:
    """A daemon that the command left behind knows the address; no other process may answer there."""
    reader, writer = os.pipe()
    with os.fdopen(reader), os.fdopen(writer, "w"):
        done = subprocess.run(
            [*EXEC, *python(SHOW + LEAVE)],
            stdin=reader,
            capture_output=True,
            text=True,
            timeout=60,
        )
        _, url, token, _ = done.stdout.split()
        assert done.returncode == 3
        while (answer := asked(url, token)).status == 200:
            pass  # the command's end is just being noticed
        assert (answer.status, answer.document["code"]) == (410, "Gone")
        where = (urlsplit(url).hostname, urlsplit(url).port)
        with socket.socket() as taker, pytest.raises(OSError):
            taker.bind(where)
        assert asked(url, token).status == 410
        (holder,) = (
            path
            for path in Path("/proc").glob("[0-9]*")
            if "gone.py" in (words := command_of(path)) and url in words
        )
        # It looks at environments, so that one key of another process may be there for a moment.
        wait_for(lambda: SECRET_KEY.encode() not in memory_of(holder))
        assert len(memory_of(holder)) > 1_000_000
    wait_for(lambda: not_listening(url))


def asked(url: str, token: str) -> Answer:
    """A response, after retries: connections break while one process replaces the other."""
    while True:
        try:
            return ask(url, {"Authorization": token})
        except (OSError, http.client.HTTPException):
            continue


def command_of(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def memory_of(process: Path) -> bytes:
    """All that the process can read of its memory."""
    found = b""
    with open(process / "mem", "rb", buffering=0) as memory:
        for line in (process / "maps").read_text().splitlines():
            bounds, rights, *_ = line.split()
            if rights.startswith("rw"):
                start, end = (int(bound, 16) for bound in bounds.split("-"))
                memory.seek(start)
                found += memory.read(end - start)
    return found


def not_listening(url: str) -> bool:
    try:
        ask(url)
    except ConnectionRefusedError:
        return True
    except OSError:
        return False  # it is just ending
    return False


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_the_exit_code_is_the_childs(keystead, code: int) -> None:
    assert keystead(*EXEC[1:], "sh", "-c", f"exit {code}").code == code


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL", "SIGHUP", "SIGSEGV", "SIGPIPE"])
def test_a_child_that_dies_of_a_signal(keystead, name: str) -> None:
    number = getattr(signal, name)
    assert keystead(*EXEC[1:], "sh", "-c", f"kill -{number} $$").code == -number


def test_a_command_that_is_not_there(keystead) -> None:
    assert keystead(*EXEC[1:], "no-such-command").code == 127
    assert keystead(*EXEC[1:], "/etc/passwd").code == 126
    assert keystead("exec", "nobody", "--endpoint", "--", "true").code == 3


HEAR = """
import os, signal, sys, time
def hear(number, _):
    os.write(1, f"heard {signal.Signals(number).name}\\n".encode())
for name in sys.argv[1:]:
    signal.signal(getattr(signal, name), hear)
print("ready", os.isatty(0) and os.isatty(1), flush=True)
for _ in range(1000):
    time.sleep(0.05)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGWINCH", "SIGUSR1", "SIGCONT"])
def test_a_signal_reaches_the_child_once(name: str) -> None:
    process = spawn(*python(HEAR), name)
    process.expect("ready True")
    process.kill(getattr(signal, name))
    process.expect(f"heard {name}")
    process.kill(signal.SIGKILL)
    assert "heard" not in (process.read() or "")
    assert ended(process) == -signal.SIGKILL


def test_control_c_is_for_the_child() -> None:
    process = spawn(*python(HEAR), "SIGINT")
    process.expect("ready")
    process.sendintr()
    process.expect("heard SIGINT")
    process.close(force=True)


def test_window_size_change_reaches_the_child() -> None:
    process = spawn(*python(HEAR), "SIGWINCH")
    process.expect("ready")
    process.setwinsize(40, 120)
    process.expect("heard SIGWINCH")
    process.close(force=True)


def test_child_that_ignores_sigterm_keeps_its_endpoint() -> None:
    code = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    process = spawn(*python(code + SHOW + "time.sleep(60)"))
    url, header = endpoint_of(process)
    process.kill(signal.SIGTERM)
    assert ask(url, header).status == 200
    assert process.isalive()
    process.kill(signal.SIGKILL)
    assert ended(process) == -signal.SIGKILL


def test_shell_can_stop_and_continue_it() -> None:
    """Ctrl-Z and `fg` as in any shell: job control works on the command itself."""
    shell = pexpect.spawn(
        "bash", ["--norc", "-i"], env={**os.environ, "PS1": "PROMPT "}, encoding="utf-8", timeout=30
    )
    shell.expect("PROMPT ")
    shell.sendline(f'{" ".join(EXEC)} sh -c \'echo rea""dy; read line; echo go""t $line; exit 7\'')
    shell.expect("ready")
    shell.send("\x1a")
    shell.expect("Stopped")
    shell.sendline("fg")
    shell.expect("read line")
    shell.sendline("it")
    shell.expect("got it")
    shell.sendline('echo "code $?"')
    shell.expect("code 7")
    shell.close(force=True)


def test_pipe_from_it_closes_with_it() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{' '.join(EXEC)} echo one | cat; echo two"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout == "one\ntwo\n"


def test_child_has_no_other_children_to_wait_for(keystead) -> None:
    code = "import os\ntry:\n    os.wait()\nexcept ChildProcessError:\n    print('none')"
    assert keystead(*EXEC[1:], *python(code)).stdout == "none\n"


def test_endpoint_serves_the_unlocked_store_and_follows_changes(credentials_file: Path) -> None:
    process = spawn(*python(SHOW + "import time; time.sleep(60)"))
    url, header = endpoint_of(process)
    assert ask(url, header).document["SecretAccessKey"] == SECRET_KEY
    credentials_file.write_text("")
    gone = ask(url, header)
    assert (gone.status, gone.document["code"]) == (404, "ProfileNotFound")
    assert ask(url, {"Authorization": "wrong"}).status == 401
    process.close(force=True)


# Where a process cannot become the command it stays and attends to it.
ATTEND = """
import sys
from keystead.delivery import exec as child
import os
sys.exit(child.attend(sys.argv[1:], dict(os.environ)))
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_attendant_forwards_signals(name: str) -> None:
    process = pexpect.spawn(
        sys.executable, ["-c", ATTEND, *python(HEAR), name], encoding="utf-8", timeout=30
    )
    process.expect("ready True")
    process.kill(getattr(signal, name))
    process.expect(f"heard {name}")
    process.sendintr()  # reaches both, and only the child minds
    assert ended(process) == 1 or process.signalstatus == signal.SIGINT


def test_attendant_exits_like_its_child() -> None:
    def attended(line: str) -> int:
        return subprocess.run([sys.executable, "-c", ATTEND, "sh", "-c", line]).returncode

    assert attended("exit 42") == 42
    assert attended("kill -TERM $$") == -signal.SIGTERM
    assert attended("kill -KILL $$") == -signal.SIGKILL
