"""`keystead exec --all`: what many commands share, and how all of them end."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from devtools.command import KEYSTEAD
from devtools.emulators import Emulator
from keystead.testing.identity_center import IdentityCenter
from tests.agents import wait_for
from tests.canaries import ACCESS_KEY_ID, MFA_CODE, SECRET_KEY, SESSION_TOKEN, leaks
from tests.conftest import Keystead

pytestmark = pytest.mark.posix("a pseudo-terminal and process groups")

SERIAL = "arn:aws:iam::123456789012:mfa/user"
KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
NAMES = [f"prod-{number:02}" for number in range(12)]


def role(name: str, more: str = "") -> str:
    arn = f"arn:aws:iam::123456789012:role/{name}"
    return f"[{name}]\nrole_arn = {arn}\nsource_profile = base\nregion = eu-west-1\n{more}"


def operations(moto: Emulator) -> list[str]:
    return sorted(call.operation for call in moto.recorder.calls)


def test_one_mfa_code_is_asked_for_all(
    moto: Emulator, write_credentials: Callable[[str], Path], tmp_path: Path
) -> None:
    device = f"mfa_serial = {SERIAL}\n"
    write_credentials(f"[base]\n{KEYS}" + "".join(role(name, device) for name in NAMES))
    log = tmp_path / "log"
    with log.open("w") as transcript:
        child = pexpect.spawn(
            KEYSTEAD,
            ["exec", "--all", "prod-*", "--", "sh", "-c", "echo ${AWS_ACCESS_KEY_ID%%I*}"],
            env=dict(os.environ),  # type: ignore[arg-type]
            encoding="utf-8",
            timeout=60,
        )
        child.logfile_read = transcript
        child.expect("MFA code of .*: ")
        child.sendline(MFA_CODE)
        child.expect(pexpect.EOF)
        child.close()
    assert child.exitstatus == 0
    shown = log.read_text()
    assert shown.count("MFA code of") == 1
    assert [name for name in NAMES if f"==> {name} <==\nAS\n" not in shown] == []
    assert operations(moto) == ["AssumeRole"] * len(NAMES) + ["GetSessionToken"]
    assert leaks(shown) == []


def test_nobody_is_asked_twice_for_a_code_that_was_not_given(
    moto: Emulator, keystead: Keystead, write_credentials: Callable[[str], Path]
) -> None:
    device = f"mfa_serial = {SERIAL}\n"
    write_credentials(
        f"[base]\n{KEYS}[free]\n{KEYS}" + "".join(role(name, device) for name in NAMES)
    )
    done = keystead("exec", "--json", "--all", "prod-*", "--all", "free", "--", "true")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["exit_code"] for row in rows if row["name"] != "free"} == {6}
    assert [row["exit_code"] for row in rows if row["name"] == "free"] == [0]
    assert done.code == 6
    assert moto.recorder.calls == []


@pytest.fixture
def center(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityCenter]:
    """An Identity Center with two accounts, whose keys are the known ones."""

    def secret(name: str) -> str:
        return {"accessKeyId": ACCESS_KEY_ID, "secretAccessKey": SECRET_KEY}.get(
            name, f"{name}{os.urandom(4).hex()}{SESSION_TOKEN.replace('=', '')}"
        )

    with IdentityCenter(make_secret=secret) as center:
        center.add_account("123456789012", "Payments", roles=NAMES)
        for name, value in center.variables.items():
            monkeypatch.setenv(name, value)
        yield center


def log_in(center: IdentityCenter, home: Path, keystead: Keystead, *, expired: bool) -> None:
    """Makes profiles for all roles, and a login that may have to be renewed."""
    config = home / ".aws" / "config"
    config.parent.mkdir(mode=0o700, exist_ok=True)
    session = f"[sso-session s]\nsso_start_url = {center.start_url}\nsso_region = eu-west-1\n"
    config.write_text(
        session
        + "".join(
            f"[profile {name}]\nsso_session = s\nsso_account_id = 123456789012\n"
            f"sso_role_name = {name}\n"
            for name in NAMES
        )
    )
    path = home / ".aws" / "sso" / "cache" / f"{hashlib.sha1(b's').hexdigest()}.json"
    path.parent.mkdir(mode=0o700, parents=True)
    login = center.cached_login()
    if expired:
        login["expiresAt"] = "2020-01-01T00:00:00Z"
    path.write_text(json.dumps(login))
    path.chmod(0o600)
    keystead.plain.add(path)


def test_one_login_is_renewed_once_for_all(
    center: IdentityCenter, home: Path, keystead: Keystead
) -> None:
    log_in(center, home, keystead, expired=True)
    done = keystead("exec", "--all", "prod-*", "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID")
    assert done.code == 0
    assert done.stdout == "".join(f"==> {name} <==\n{ACCESS_KEY_ID}\n" for name in NAMES)
    counts = [request.operation for request in center.requests]
    assert sorted(counts) == ["CreateToken"] + ["GetRoleCredentials"] * len(NAMES)


def test_a_missing_login_is_reported_for_each_and_nothing_is_called(
    center: IdentityCenter, home: Path, keystead: Keystead
) -> None:
    log_in(center, home, keystead, expired=True)
    for path in (home / ".aws" / "sso" / "cache").iterdir():
        path.unlink()
    done = keystead("exec", "--json", "--all", "prod-*", "--", "true")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["error"]["id"] for row in rows] == ["login-required"] * len(NAMES)
    assert done.code == 6
    assert center.requests == []


@pytest.mark.parametrize("answer", ["y", "n"])
def test_one_person_signs_in_once_for_all(
    answer: str, center: IdentityCenter, home: Path, keystead: Keystead
) -> None:
    log_in(center, home, keystead, expired=True)
    for path in (home / ".aws" / "sso" / "cache").iterdir():
        path.unlink()
    config = home / ".aws" / "config"
    config.write_text(
        config.read_text().replace("[sso-session s]", "[sso-session s]\nlogin = auto")
    )
    browser = f"{sys.executable} -m keystead.testing.browser %s"
    child = pexpect.spawn(
        KEYSTEAD,
        ["exec", "--all", "prod-*", "--", "sh", "-c", "echo has $AWS_ACCESS_KEY_ID"],
        env={**os.environ, "BROWSER": browser},  # type: ignore[arg-type]
        encoding="utf-8",
        timeout=60,
    )
    child.expect_exact("sign in now? [y/N]")
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.before is not None
    assert "sign in now" not in child.before
    if answer == "n":
        assert (child.exitstatus, child.before.count("log-in required")) == (6, len(NAMES))
        assert center.requests == []
    else:
        assert (child.exitstatus, child.before.count(f"has {ACCESS_KEY_ID}")) == (0, len(NAMES))
        operations = [request.operation for request in center.requests]
        assert operations.count("CreateToken") == 1
        assert operations.count("GetRoleCredentials") == len(NAMES)


@pytest.fixture
def two(write_credentials: Callable[[str], Path]) -> None:
    write_credentials(f"[a]\n{KEYS}[b]\n{KEYS}")


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [KEYSTEAD, "exec", "--all", "?", "--", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def alive(pids: list[int]) -> list[int]:
    """Those of the processes that run."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.append(pid)
    return found


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP)],
)
@pytest.mark.parametrize("ignores", ["", "trap '' TERM; "], ids=["ends", "ignores SIGTERM"])
@pytest.mark.usefixtures("two")
def test_a_signal_ends_all_commands_with_their_children(
    number: int, code: int, ignores: str, tmp_path: Path
) -> None:
    line = f"{ignores}echo begun; sleep 300 & echo $$ $! > {tmp_path}/$KEYSTEAD_PROFILE; wait; wait"
    process = start("sh", "-c", line)
    files = [tmp_path / "a", tmp_path / "b"]
    wait_for(lambda: all(file.exists() and file.read_text() for file in files))
    pids = [int(word) for file in files for word in file.read_text().split()]
    assert alive(pids) == pids
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == code
    wait_for(lambda: not alive(pids))
    if number == signal.SIGINT:  # what they had printed is shown
        assert output.count("begun") == 2
        assert errors == "keystead: error: interrupted\n"


@pytest.mark.usefixtures("two")
def test_closed_pipe_ends_all_commands(tmp_path: Path) -> None:
    sleeper = tmp_path / "b"
    line = (
        f"[ $KEYSTEAD_PROFILE = a ] || {{ echo $$ > {sleeper}; exec sleep 300; }}; "
        f"until [ -s {sleeper} ]; do sleep 0.02; done"
    )
    with start("sh", "-c", line) as process:
        assert process.stdout
        process.stdout.close()
        assert process.wait(timeout=60) == 1
    wait_for(lambda: not alive([int(sleeper.read_text())]))


PATTERN = "0123456789" * 100_000
MILLIONS = 60
MOST_KILOBYTES = 50_000
"""What keystead may take of memory, which is less than the command prints."""

WEIGHED = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""
"""A program of little memory, as a process begins with the memory of the one that starts it."""


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("words", [(), ("--json",)], ids=["a block", "JSON"])
def test_output_of_any_size_does_not_fill_the_memory(words: tuple[str, ...]) -> None:
    code = f"import sys; [sys.stdout.write('0123456789' * 100_000) for _ in range({MILLIONS})]"
    command = [KEYSTEAD, "exec", "--all", "a", *words, "--", sys.executable, "-c", code]
    done = subprocess.run(
        [sys.executable, "-c", WEIGHED, *command], capture_output=True, text=True, check=True
    )
    exit_code, kilobytes = map(int, done.stderr.split())
    assert exit_code == 0
    assert kilobytes < MOST_KILOBYTES
    shown = json.loads(done.stdout)["stdout"] if words else done.stdout
    assert shown == ("" if words else "==> a <==\n") + PATTERN * MILLIONS


def test_a_finished_command_waits_for_those_before_it(
    keystead: Keystead, write_credentials: Callable[[str], Path], tmp_path: Path
) -> None:
    write_credentials("".join(f"[{name}]\n{KEYS}" for name in NAMES))
    line = (
        f"if [ $KEYSTEAD_PROFILE = {NAMES[0]} ]; then until [ -e {tmp_path}/last ]; do sleep 0.02; "
        f"done; fi; [ $KEYSTEAD_PROFILE = {NAMES[-1]} ] && : > {tmp_path}/last; echo done"
    )
    done = keystead("exec", "--all", "*", "--jobs", "2", "--", "sh", "-c", line)
    assert done.stdout == "".join(f"==> {name} <==\ndone\n" for name in NAMES)


def test_more_profiles_than_a_process_may_open_files(
    write_credentials: Callable[[str], Path],
) -> None:
    names = [f"p{number:03}" for number in range(300)]
    write_credentials("".join(f"[{name}]\n{KEYS}" for name in names))

    line = "[ $KEYSTEAD_PROFILE = p000 ] && sleep 0.05; echo x"
    command = [KEYSTEAD, "exec", "--all", "p*", "--jobs", "4", "--", "sh", "-c", line]
    done = subprocess.run(
        ["sh", "-c", 'ulimit -n 400; exec "$@"', ".", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "".join(f"==> {name} <==\nx\n" for name in names)
