"""An attacker who writes files that keystead reads, or answers its requests: numbers, nesting and work beyond
all bounds, text that drives a terminal, names that a shell would run.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from html import escape
from pathlib import Path

import pytest

from devtools.command import KEYSTEAD
from keystead.agent import protocol
from keystead.errors import StoreCorrupt
from keystead.stores.encrypted.protectors import (
    Argon2Cost,
    StoreRef,
    open_data_key,
    require_bounded,
)
from keystead.system import System
from tests.agents import Agent
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.conftest import Keystead
from tests.integration.test_malformed_responses import serving

LINE = {
    "number": 1,
    "time": "2026-01-01T00:00:00+00:00",
    "profile": "dev",
    "way": "process",
    "pid": 1,
    "program": "/usr/bin/aws",
    "access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "source": "profile dev",
    "expires_at": None,
    "previous": "0" * 64,
}
PLANTED = {
    "without members": {"number": 1, "previous": "0" * 64},
    "a number of 5,000 digits": json.dumps(LINE).replace(": 1,", f": {'1' * 5000},", 1),
    "a number beyond all logs": {**LINE, "number": 10**30},
    "a number that is a truth value": {**LINE, "number": True},
    "a time that is none": {**LINE, "time": "soon"},
    "a time before the calendar of every zone": {**LINE, "time": "0001-01-01T00:00:00+14:00"},
    "a process that is a text": {**LINE, "pid": "1"},
    "an end that is a number": {**LINE, "expires_at": 1e400},
    "nesting beyond what Python reads": '{"number": ' + "[" * 100_000 + "}",
    "a list": "[]}",
}


def planted(line: object) -> bytes:
    """A line with its hash, which anyone can compute."""
    text = line if isinstance(line, str) else json.dumps(line)
    body = text[:-1].encode()
    return body + f', "hash": "{hashlib.sha256(body).hexdigest()}"}}\n'.encode()


@pytest.mark.parametrize("line", PLANTED.values(), ids=PLANTED)
def test_planted_line_of_the_audit_log_is_found_and_hides_no_other(
    keystead: Keystead, line: object
) -> None:
    folder = keystead.root / "keystead"
    folder.mkdir(mode=0o700)
    (folder / "audit.jsonl").write_bytes(planted(LINE) + planted(line))
    shown = json.loads(keystead("audit", "--json").stdout)
    assert [entry["profile"] for entry in shown] == ["dev"]
    table = keystead("audit", env={"TZ": "Pacific/Kiritimati"})
    assert (table.code, table.stderr) == (0, "")
    verified = keystead("audit", "--verify")
    assert verified.code == 4
    assert "audit.jsonl:2: the line was changed or cut short" in verified.stderr


@pytest.mark.parametrize(
    "note", ["1" * 5000, "\u0661", "-1", "99999999999999999999", "²"], ids=ascii
)
def test_planted_last_line_record_does_not_crash(keystead: Keystead, note: str) -> None:
    folder = keystead.root / "keystead"
    folder.mkdir(mode=0o700)
    (folder / "audit.jsonl").write_bytes(planted(LINE))
    (folder / "audit.last").write_text(f"{note} {'0' * 64}\n", encoding="utf-8")
    done = keystead("audit", "--verify")
    assert done.code in (0, 4)
    assert "did not foresee" not in done.stderr


def record(memory: int) -> str:
    return f"passphrase argon2id m={memory} t=1 p=1 salt={'00' * 16} key={'00' * 60}"


def test_total_passphrase_cost_is_limited_before_any_work(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_text("x")
    path.chmod(0o600)
    system = System(environ={"KEYSTEAD_PASSPHRASE_FILE": str(path)})
    store = StoreRef("00000000-0000-0000-0000-000000000000", tmp_path / "store")
    gib = 1024 * 1024
    for records in ([record(gib), record(gib)], [record(8192)] * 999, [record(gib), record(8192)]):
        started = time.process_time()
        with pytest.raises(StoreCorrupt, match="KiB of memory together"):
            open_data_key(records, store, system)
        assert time.process_time() - started < 0.5


def test_a_store_may_have_sixteen_passphrases_of_the_usual_cost(tmp_path: Path) -> None:
    store = StoreRef("00000000-0000-0000-0000-000000000000", tmp_path / "store")
    usual = record(Argon2Cost().memory)
    require_bounded([usual] * 16, store)
    with pytest.raises(StoreCorrupt):
        require_bounded([usual] * 17, store)


DEEP = b"[" * 100_000


@pytest.mark.parametrize("target", [b"/ready/dev", b"/keys/x"])
@pytest.mark.parametrize(
    "body",
    [
        DEEP,
        b'{"body": ' + DEEP,
        b"{}",
        b"null",
        b'{"record": 1, "key": "00", "epoch": null}',
        b'{"body": 1, "grant": [], "scope": "", "token": [], "renew_at": null}',
        b'{"body": "", "grant": [1, 2, 3, 4], "scope": "", "token": [], "renew_at": 1e999}',
        b'{"body": "", "grant": ["a", "b", null, "c"], "scope": "", "files": 5, "renew_at": NaN}',
    ],
    ids=range(8),
)
def test_the_agent_answers_a_body_that_is_malformed(
    agent: Agent, keystead: Keystead, target: bytes, body: bytes
) -> None:
    keystead("agent", "start")
    with agent.connect() as connection:
        head = b"PUT %b HTTP/1.1\r\nUser-Agent: %b\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % (target, protocol.SENDER, len(body)) + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 "), answer[:100]
    assert agent.status()["profiles"] == []


DRIVING = "\x1b]0;owned\x07\u202etxt\u2066\x9b2J\u200b\x7f"
"""Sets a window's title, turns the direction of writing, clears a screen, hides and deletes."""

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"


def drives(text: str) -> str:
    """The characters of ``text`` that could control a terminal."""
    return "".join(
        char
        for char in text
        if char not in "\n\t" and unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp")
    )


SHOWING = (
    "list --all",
    "show NAME",
    "plan NAME",
    "plan role",
    "explain",
    "explain NAME",
    "lint",
    "doctor",
    "status NAME",
    "process role",
    "process NAM",
    "whoami role",
    "remove NAME",
    "rename NAME [",
    "set NAME region=NAME",
    "copy role NAME",
    "dump --json",
    "undo --list",
    "cache list",
    "audit",
    "help NAME",
    "store status",
    "--NAME",
    "list --NAME",
    "Get-AWSCredential -ListProfileDetail",
    "Get-AWSCredential -ProfileName NAME",
    "Set-AWSCredential -NAME x",
    "Get-NAME",
)


@pytest.mark.posix("such names of files")
def test_text_from_files_is_escaped_for_the_terminal(
    keystead: Keystead, home: Path, tmp_path: Path
) -> None:
    name = f"evil{DRIVING}name"
    folder = home / f"aws{DRIVING}"
    folder.mkdir(mode=0o700)
    (folder / "credentials").touch(mode=0o600)
    (folder / "credentials").write_text(
        f"[{name}]\n{KEYS}region = {name}\n{name} = {name}\n"
        f"[role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = keys\n[keys]\n{KEYS}"
        f"[{name} {name}\n",
        encoding="utf-8",
    )
    keystead.plain.add(folder / "credentials")
    (folder / "config").write_text(f"[profile {name}]\n[{name}]\nsource_profile={name}\n")
    given = {
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_PROFILE": name,
        "KEYSTEAD_DEBUG": "1",
    }
    for broken in (True, False):
        for line in SHOWING if not broken else SHOWING[:6]:
            words = [word.replace("NAME", name) for word in line.split()]
            done = keystead(*words, env=given, stdin="")
            shown = done.stdout + done.stderr
            assert not drives(shown), (line, shown)
            assert "failed unexpectedly" not in shown, (line, shown)
        text = (folder / "credentials").read_text("utf-8")
        (folder / "credentials").write_text(text.rpartition("[")[0], encoding="utf-8")


def test_text_from_servers_is_escaped_for_the_terminal(keystead: Keystead) -> None:
    words = escape(DRIVING).replace("\x1b", "&#27;").replace("\x07", "&#7;")
    answer = (
        f"<ErrorResponse><Error><Code>Denied{words}</Code><Message>no {words} way</Message></Error>"
        "</ErrorResponse>"
    )
    with serving(lambda _: (403, answer)) as url:
        given = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": "eu-west-1",
            "KEYSTEAD_DEBUG": "1",
        }
        done = keystead("whoami", env=given)
    assert done.code == 7
    assert not drives(done.stdout + done.stderr)


def test_debug_lines_are_single_and_escaped() -> None:
    code = (
        "import logging, sys; from keystead.console.console import Console; Console().debug()\n"
        "try: raise ValueError('a secret')\n"
        "except ValueError: logging.getLogger('keystead').warning('%s', sys.argv[1], exc_info=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, f"a\nkeystead: debug: b{DRIVING}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.count("\n") == 1
    assert not drives(done.stderr)
    assert "a secret" not in done.stderr


HELPER = """#!/bin/sh
printf 'one\\r\\ttwo\\n\\033]0;owned\\007\\342\\200\\256\\233\\302\\2332J caf\\303\\251 code: ' >&2
read answer < FIFO
printf '\\342\\200' >&2
echo '{"Version": 1, "AccessKeyId": "ID", "SecretAccessKey": "KEY"}'
"""


@pytest.fixture
def helper(home: Path, keystead: Keystead) -> Path:
    """The fifo that a profile's helper waits at once it has spoken."""
    fifo, path = home / "fifo", home / "helper"
    os.mkfifo(fifo)
    text = HELPER.replace("FIFO", str(fifo)).replace("ID", ACCESS_KEY_ID)
    path.write_text(text.replace("KEY", SECRET_KEY))
    path.chmod(0o700)
    keystead.plain.add(path)
    (home / ".aws").mkdir(mode=0o700)
    (home / ".aws" / "config").write_text(f"[profile p]\ncredential_process = {path}\n")
    return fifo


@pytest.mark.posix("a fifo")
def test_helper_output_is_shown_at_once_and_escaped(helper: Path, home: Path) -> None:
    with subprocess.Popen(
        [KEYSTEAD, "process", "p"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=home
    ) as command:
        assert command.stderr is not None
        shown = b""
        while not shown.endswith(b"code: "):  # while it still waits
            shown += os.read(command.stderr.fileno(), 1)
        helper.write_text("go\n")
        rest, code = command.stderr.read(), command.wait(60)
    assert code == 0
    assert shown.decode() == "one\r\ttwo\n\\x1b]0;owned\\x07\\u202e\\x9b\\x9b2J café code: "
    assert rest == rb"\xe2\x80"  # a character that was never finished


NAMES = (
    """
ba$(touch bad)  bb`touch bad`  bc;touch bad  bd'q  be"d  bf!b  bg!!  bh~r  bi*  bj:a@b  bk\u2018q
bl\u2019;touch bad;\u2019  bm\u201aq\u201b  bn\\  bo\\'x  bp$HOME  bq&touch bad  bs|touch bad  bt>bad  bv#c
bw{a,b}  bx?[a]  ca=b:c d  cb\u201c\u201d  cc -x  cd$'\\n'  ce\\"  cf\\$(touch bad)  ~cg  =ch  $ci  @cj  #ck
""".replace("\n", "  ")
    .strip()
    .split("  ")
)
"""Profile names, each with a beginning of its own, of which some shell would make something else."""

SHELLS = {
    "bash": (
        ["bash", "--norc", "--noprofile"],
        ". ./completion; say() { printf '%s\\0' \"$@\" > words; echo do''ne; }",
    ),
    "zsh": (
        ["zsh", "-f"],
        (
            "autoload -U compinit; compinit -u -D; bindkey -e; . ./completion; PS1='> '; "
            "say() { printf '%s\\0' \"$@\" > words; echo do''ne; }"
        ),
    ),
    "fish": (
        ["fish", "--no-config", "--private"],
        "source completion; function say; printf '%s\\0' $argv > words; echo do''ne; end",
    ),
}


@pytest.mark.parametrize("quote", ["", '"', "'"], ids=["unquoted", "double", "single"])
@pytest.mark.parametrize(
    "shell",
    [
        pytest.param("bash", marks=pytest.mark.posix("a pseudo-terminal")),
        pytest.param("zsh", marks=[pytest.mark.needs("zsh"), pytest.mark.posix("zsh")]),
        pytest.param("fish", marks=[pytest.mark.needs("fish"), pytest.mark.posix("fish")]),
    ],
)
def test_a_name_is_completed_to_one_word_and_never_run(home: Path, shell: str, quote: str) -> None:
    """The shell itself reports the words of the command line that Tab completed."""
    pexpect = pytest.importorskip("pexpect")
    (home / "names").write_text("".join(f"{name}\n" for name in NAMES), encoding="utf-8")
    stub = home / "bin" / "keystead"
    stub.parent.mkdir()
    stub.write_text(
        "#!/bin/sh\nfor last; do :; done\nwhile IFS= read -r name; do\n"
        'case $name in "$last"*) printf "%s\\n" "$name";; esac\ndone < "$HOME/names"\n'
    )
    stub.chmod(0o755)
    (home / "completion").write_bytes(subprocess.check_output([KEYSTEAD, "completion", shell]))
    environ = {**os.environ, "PATH": f"{stub.parent}:{os.environ['PATH']}", "TERM": "dumb"}
    environ |= {"PS1": "> ", "HISTFILE": ""}
    (program, *options), setup = SHELLS[shell]
    child = pexpect.spawn(
        program, options, env=environ, cwd=home, encoding="utf-8", timeout=30, dimensions=(50, 200)
    )
    child.sendline(setup)
    child.sendline("say ready")
    child.expect("done")
    made, words = {}, home / "words"
    for name in NAMES:
        begun = name[: 2 if name[0].isalpha() else 3]
        special = "$`" if quote == '"' else "" if quote else "~=$@#"
        begun = f"\\{begun}" if begun[0] in special else begun
        child.send(f"keystead show --json {quote}{begun}\t\x01say \x05\r")
        child.expect("done")
        made[name] = words.read_text("utf-8").split("\0")[3:-1]
    child.close(force=True)
    assert made == {name: [name] for name in NAMES}
    assert not (home / "bad").exists()


def test_a_name_with_control_characters_is_not_offered(
    keystead: Keystead, write_credentials: Callable[[str], Path]
) -> None:
    sections = (f"[zz{char}a]\n{KEYS}" for char in ("\x1b[31m", "\x9b", "\u202e", "\t", "\x7f"))
    write_credentials("".join(sections) + f"[zzplain]\n{KEYS}")
    assert keystead("__complete", "show", "zz").stdout.split() == ["zzplain"]
