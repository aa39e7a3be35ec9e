"""The audit log: one line for each grant, no secret, and nothing can be changed unnoticed."""

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import keystead.audit.log as audit_log
from keystead.audit import chain
from keystead.audit.grantee import Grantee
from keystead.audit.log import AuditLog
from keystead.errors import FileProblem
from keystead.model.credentials import Credentials
from keystead.system import System, append_log
from keystead.system.executable import Executable
from keystead.system.file_lock import locked
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN
from tests.effort import amount
from tests.faults import Fault
from tests.modes import PRIVATE_FILE, mode

ROOT = Path(__file__).parents[2]
KEYS = Credentials(
    ACCESS_KEY_ID,
    SECRET_KEY,
    SESSION_TOKEN,
    datetime(2026, 1, 31, 12, tzinfo=UTC),
    source="profile dev > arn:aws:iam::123456789012:role/admin",
)


GRANTEE = Grantee("process", 4711, Executable("aws", None))


@pytest.fixture
def log() -> AuditLog:
    return AuditLog(System())


def record(log: AuditLog, times: int = 1) -> None:
    for number in range(times):
        log.record(f"profile-{number}", KEYS, GRANTEE, lock_seconds=60)


def lines(log: AuditLog) -> list[bytes]:
    return log.path.read_bytes().splitlines(keepends=True)


def rewrite(log: AuditLog, *new: bytes) -> None:
    log.path.write_bytes(b"".join(new))


def messages(log: AuditLog) -> list[str]:
    return [f"{fault.where.rpartition(os.sep)[2]}: {fault.message}" for fault in log.verify()]


def test_line_says_who_received_what_without_secrets(log: AuditLog) -> None:
    record(log)
    text = log.path.read_text()
    assert SECRET_KEY not in text
    assert SESSION_TOKEN not in text
    entry = json.loads(text)
    assert {key: entry[key] for key in entry if key not in ("time", "hash")} == {
        "number": 1,
        "profile": "profile-0",
        "way": "process",
        "pid": 4711,
        "program": "aws",
        "access_key_id": ACCESS_KEY_ID,
        "source": KEYS.source,
        "expires_at": "2026-01-31T12:00:00+00:00",
        "previous": chain.FIRST,
    }
    assert mode(log.path) == PRIVATE_FILE
    assert mode(log.path.with_name("audit.last")) == PRIVATE_FILE


def test_untouched_log_verifies(log: AuditLog) -> None:
    assert log.verify() == []
    record(log, 20)
    assert log.verify() == []
    assert [line.entry["number"] for line in log.lines()] == list(range(1, 21))


def swapped(log: AuditLog) -> list[bytes]:
    first, second, third, fourth, fifth = lines(log)
    return [first, third, second, fourth, fifth]


Change = Callable[[list[bytes]], list[bytes]]
CHANGES: dict[str, tuple[Change, list[str]]] = {
    "a word changed": (
        lambda ls: [*ls[:2], ls[2].replace(b"profile-2", b"profile-9"), *ls[3:]],
        ["audit.jsonl:3: the line was changed or cut short"],
    ),
    "the last line changed": (
        lambda ls: [*ls[:4], ls[4].replace(b"4711", b"4712")],
        [
            "audit.jsonl:5: the line was changed or cut short",
            "audit.jsonl: grant 5 at the end of the log is missing",
        ],
    ),
    "a line taken out": (
        lambda ls: [*ls[:2], *ls[3:]],
        ["audit.jsonl:3: grant 3 before this line is missing"],
    ),
    "two lines taken out": (
        lambda ls: [ls[0], *ls[3:]],
        ["audit.jsonl:2: grants 2 to 3 before this line are missing"],
    ),
    "the first line taken out": (
        lambda ls: ls[1:],
        ["audit.jsonl:1: grant 1 before this line is missing"],
    ),
    "the last lines taken out": (
        lambda ls: ls[:3],
        ["audit.jsonl: grants 4 to 5 at the end of the log are missing"],
    ),
    "everything taken out": (
        lambda _: [],
        ["audit.jsonl: grants 1 to 5 at the end of the log are missing"],
    ),
    "a line twice": (
        lambda ls: [*ls[:3], ls[2], *ls[3:]],
        ["audit.jsonl:4: the line was inserted or moved: it is grant 3 after grant 3"],
    ),
    "a line of one's own": (
        lambda ls: [*ls[:3], b'{"number": 4}\n', *ls[3:]],
        ["audit.jsonl:4: the line was changed or cut short"],
    ),
    "a line cut": (
        lambda ls: [*ls[:4], ls[4][:50]],
        [
            "audit.jsonl:5: the line was changed or cut short",
            "audit.jsonl: grant 5 at the end of the log is missing",
        ],
    ),
    "no line at all": (
        lambda ls: [*ls[:2], b"\xff\0 nonsense\n", *ls[2:]],
        ["audit.jsonl:3: the line was changed or cut short"],
    ),
    "an empty line": (
        lambda ls: [*ls[:2], b"\n", *ls[2:]],
        ["audit.jsonl:3: the line was changed or cut short"],
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_tampering_is_found_and_named(log: AuditLog, what: str) -> None:
    change, expected = CHANGES[what]
    record(log, 5)
    rewrite(log, *change(lines(log)))
    assert messages(log) == expected
    assert not any(fault.accident for fault in log.verify())


def test_reordered_lines_are_found(log: AuditLog) -> None:
    record(log, 5)
    rewrite(log, *swapped(log))
    assert len(messages(log)) >= 2


def test_forged_line_with_its_hash_breaks_the_chain(log: AuditLog) -> None:
    record(log, 3)
    first, second, third = lines(log)
    entry = {k: v for k, v in json.loads(second).items() if k != "hash"} | {"pid": 1}
    forged, _ = chain.hashed(entry)
    rewrite(log, first, forged, third)
    assert messages(log) == [
        "audit.jsonl:3: grant 2, the line before this one, was replaced by another"
    ]
    rewrite(log, first, forged)
    assert messages(log) == ["audit.jsonl: grant 3 at the end of the log is missing"]


def test_any_changed_byte_is_found(log: AuditLog) -> None:
    record(log, 4)
    whole = log.path.read_bytes()
    rng = random.Random(7)
    for _ in range(200):
        at = rng.randrange(len(whole))
        other = bytes([(whole[at] + rng.randrange(1, 256)) % 256])
        log.path.write_bytes(whole[:at] + other + whole[at + 1 :])
        assert messages(log), f"byte {at} became {other!r}"


def test_chain_continues_after_a_truncated_line_with_a_marker(log: AuditLog) -> None:
    record(log, 3)
    first, second, third = lines(log)
    rewrite(log, first, second, third[:40])
    log.path.with_name("audit.last").write_text(f"{2:020} {json.loads(second)['hash']}\n")
    record(log, 2)
    assert [bool(fault.accident) for fault in log.verify()] == [True]
    assert messages(log) == [
        "audit.jsonl:3: the line was cut off while it was written; the log continues after it"
    ]
    assert "after" in json.loads(lines(log)[3])
    assert "after" not in json.loads(lines(log)[4])


@pytest.mark.parametrize("note", ["gone", "empty", "nonsense"])
def test_missing_last_line_record_is_reported(log: AuditLog, note: str) -> None:
    record(log, 3)
    last = log.path.with_name("audit.last")
    if note == "gone":
        last.unlink()
    else:
        last.write_text("" if note == "empty" else "x y z")
    text = "it does not record the last line, so a truncated log would not be noticed"
    assert messages(log) == [f"audit.last: {text}"]
    assert not any(fault.accident for fault in log.verify())
    record(log)
    assert log.verify() == []


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> AuditLog:
    """A log of small files, three of which are retained."""
    monkeypatch.setattr(audit_log, "MAX_FILE_BYTES", 2000)
    monkeypatch.setattr(audit_log, "ROTATED_FILES", 3)
    return AuditLog(System())


def names(log: AuditLog) -> list[str]:
    return sorted(path.name for path in log.path.parent.glob("audit*"))


ALL = ["audit.1.jsonl", "audit.2.jsonl", "audit.3.jsonl", "audit.jsonl", "audit.last"]


def test_full_file_is_rotated_and_the_chain_continues(small: AuditLog) -> None:
    record(small, 10)
    assert small.verify() == []
    assert [line.entry["number"] for line in small.lines()] == list(range(1, 11))
    record(small, 40)  # the oldest go
    assert names(small) == ALL
    assert small.verify() == []
    small.path.with_name("audit.2.jsonl").unlink()
    assert len(messages(small)) == 1
    assert "missing" in messages(small)[0]


def test_line_is_removed_when_the_disk_is_full(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(log, 2)
    before = log.path.read_bytes()

    class Full:
        def __getattr__(self, name: str) -> object:
            half = name == "write"
            return (
                (lambda fd, data: os.write(fd, data[: len(data) // 2]))
                if half
                else getattr(os, name)
            )

    monkeypatch.setattr(append_log, "os", Full())
    with pytest.raises(FileProblem, match="no space left"):
        record(log)
    monkeypatch.undo()
    assert log.path.read_bytes() == before
    record(log)
    assert log.verify() == []


def test_waiting_for_the_lock_has_a_limit(log: AuditLog) -> None:
    record(log)
    note = log.path.with_name("audit.last")
    with (
        locked(note, lambda path: os.open(path, os.O_RDWR), 1.0),
        pytest.raises(FileProblem, match="another program holds its lock"),
    ):
        log.record("x", KEYS, GRANTEE, lock_seconds=0.01)
    record(log)
    assert log.verify() == []


def test_concurrent_writers_make_one_chain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = (
        "import sys\n"
        "from tests.unit.test_audit import *\n"
        "audit_log.MAX_FILE_BYTES = 20_000\n"
        "record(AuditLog(System()), 50)\n"
    )
    monkeypatch.setattr(audit_log, "MAX_FILE_BYTES", 20_000)
    processes = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ))
        for _ in range(4)
    ]
    threads = [threading.Thread(target=record, args=(AuditLog(System()), 50)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = AuditLog(System())
    assert [process.wait() for process in processes] == [0] * 4
    assert log.verify() == []
    assert [line.entry["number"] for line in log.lines()] == list(range(1, 401))


@pytest.mark.posix("os.fork")
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_log_verifies_after_a_kill_at_any_system_call(
    small: AuditLog, monkeypatch: pytest.MonkeyPatch, *, done: bool
) -> None:
    """The line that a killed writer had begun is there or not; nothing else is missing."""
    before = 0
    for at in range(0, 40, amount(short=5, full=1)):
        for _ in range(6):  # so that it also hits where there is room to be made
            if not (child := os.fork()):
                with contextlib.suppress(BaseException):
                    monkeypatch.setattr(append_log, "os", Fault(at, None, done=done))
                    record(small)
                    os._exit(0)
                os._exit(1)
            _, status = os.waitpid(child, 0)
            assert small.verify() == []
            record(small)
            assert small.verify() == []
            assert set(names(small)) <= set(ALL)
            numbers = [line.entry["number"] for line in small.lines() if line.entry]
            assert numbers[-1] - before in {1, 2}
            before = numbers[-1]
            assert os.waitstatus_to_exitcode(status) in {0, 9}
    assert os.waitstatus_to_exitcode(status) == 0, "it has more calls than were tried"


@pytest.mark.parametrize(
    "kind",
    [
        "folder",
        pytest.param("link", marks=pytest.mark.posix("symbolic links")),
        pytest.param("pipe", marks=pytest.mark.posix("pipes with a name")),
    ],
)
def test_foreign_file_is_reported_and_left_alone(log: AuditLog, kind: str) -> None:
    log.path.parent.mkdir(parents=True)
    target = log.path.with_name("target")
    if kind == "folder":
        log.path.mkdir()
    elif kind == "pipe":
        os.mkfifo(log.path)
    else:
        target.write_text("as it was")
        log.path.symlink_to(target)
    with pytest.raises(FileProblem) as caught:
        record(log)
    assert "cannot be written" in str(caught.value)
    assert kind != "link" or target.read_text() == "as it was"


@pytest.mark.posix("os.fork")
def test_read_only_log_is_reported_and_left_alone(log: AuditLog) -> None:
    record(log)
    before = log.path.read_bytes()
    log.path.chmod(0o400)
    if not (child := os.fork()):
        if os.geteuid() == 0:
            os.setuid(65534)  # root may write what is read-only
        try:
            record(log)
        except FileProblem:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert log.path.read_bytes() == before


def test_wide_mode_is_narrowed_to_the_owner(log: AuditLog) -> None:
    record(log)
    log.path.chmod(0o644)
    record(log)
    assert mode(log.path) == PRIVATE_FILE


def test_line_takes_few_system_calls(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes microseconds: what would cost milliseconds is a flush or a search of the log."""
    record(log, 5)
    counted = Fault(-1, None)
    monkeypatch.setattr(append_log, "os", counted)
    record(log)
    assert len(counted.seen) <= 25
    assert "fsync" not in counted.seen


def test_long_and_unusual_names_fit_one_line(log: AuditLog) -> None:
    for name in ("x" * 100_000, "a\nb\0c\x1b[2J", "\ud800", "東京" * 300):
        log.record(name, KEYS, Grantee("process", 1, Executable(name, None)))
    assert log.verify() == []
    assert len(lines(log)) == 4
    assert max(map(len, lines(log))) < 8192
