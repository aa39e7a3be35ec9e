"""Somebody who writes files that keystead reads: numbers, nesting and work beyond all bounds."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import pytest

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
from tests.conftest import Keystead

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
    """A line with the hash that belongs to it, as anybody can work it out."""
    text = line if isinstance(line, str) else json.dumps(line)
    body = text[:-1].encode()
    return body + f', "hash": "{hashlib.sha256(body).hexdigest()}"}}\n'.encode()


@pytest.mark.parametrize("line", PLANTED.values(), ids=PLANTED)
def test_a_planted_line_of_the_audit_log_is_found_and_hides_no_other(
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
def test_a_planted_note_of_the_last_line_is_no_crash(keystead: Keystead, note: str) -> None:
    folder = keystead.root / "keystead"
    folder.mkdir(mode=0o700)
    (folder / "audit.jsonl").write_bytes(planted(LINE))
    (folder / "audit.last").write_text(f"{note} {'0' * 64}\n", encoding="utf-8")
    done = keystead("audit", "--verify")
    assert done.code in (0, 4)
    assert "did not foresee" not in done.stderr


def record(memory: int) -> str:
    return f"passphrase argon2id m={memory} t=1 p=1 salt={'00' * 16} key={'00' * 60}"


def test_passphrases_are_bounded_together_before_any_work(tmp_path: Path) -> None:
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
        b'{"body": 1, "told": [], "scope": "", "files": [], "renew_at": null}',
        b'{"body": "", "told": [1, 2, 3, 4], "scope": "", "files": [], "renew_at": 1e999}',
        b'{"body": "", "told": ["a", "b", null, "c"], "scope": "", "files": 5, "renew_at": NaN}',
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
