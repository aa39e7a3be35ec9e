"""The audit log: who was handed credentials, of which profile, which way, and until when.

One line of JSON for each grant, in ``audit.jsonl`` of the state folder; no secret is in it. Each
line has a number, the hash of the line before, and as its last member the hash of its own text up
to there (SHA-256), so a line that was changed, taken out or put in shows. The number and hash of
the last line stand in ``audit.last`` too, so lines cut from the end show as well. Whoever may write
both files can make up both: the log tells of accidents, and of those who did not know.

The log is local, and worth a line and not a failure: who hands credentials over warns when it
cannot be written, and goes on.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple

from keystead.errors import FileProblem
from keystead.model.credentials import Credentials
from keystead.system import System, processes
from keystead.system.appending import append

MAX_FILE_BYTES = 4 * 1024 * 1024
"""What one file of the log may have; a line has about 400 bytes."""

KEPT_FILES = 8
"""How many full files are kept beside the present one."""

FIRST = "0" * 64
"""What the first line of all has for the hash of the line before."""

_LONGEST = 256
_OWN_HASH = re.compile(rb', "hash": "([0-9a-f]{64})"\}')
_OWN_HASH_BYTES = len(', "hash": ""}') + 64


@dataclass(frozen=True)
class Grant:
    """Credentials that were handed over, ``way`` (a command's name, `session`, ...), to ``pid``."""

    profile: str | None
    way: str
    credentials: Credentials
    pid: int | None
    program: str | None

    @classmethod
    def to(
        cls,
        pid: int | None,
        program: str | None,
        profile: str | None,
        way: str,
        credentials: Credentials,
    ) -> Grant:
        """A grant to the process ``pid``; ``program`` None: what it runs is looked up."""
        if program is None and pid is not None:
            program = processes.program(pid)
        return cls(profile, way, credentials, pid, program)


@dataclass(frozen=True)
class Line:
    """One line of the log; ``entry`` is None where it is none."""

    file: Path
    number: int
    text: bytes
    entry: dict[str, Any] | None


class Fault(NamedTuple):
    """Something about the log that is not as it was written."""

    where: str
    message: str
    accident: bool
    """Whether it is what a machine that dies leaves behind."""


class AuditLog:
    """The log in the state folder of ``system``."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.path = system.folders.state / "audit.jsonl"
        self._last = system.folders.state / "audit.last"

    def record(self, grant: Grant) -> None:
        """Adds the grant. Raises `FileProblem` when that cannot be done."""
        found = grant.credentials
        ends = found.expires_at
        content = {
            "time": self._system.clock().astimezone(UTC).isoformat(timespec="milliseconds"),
            "profile": _short(grant.profile),
            "way": grant.way,
            "pid": grant.pid,
            "program": _short(grant.program),
            "access_key_id": _short(found.access_key_id),
            "source": _short(found.source),
            "expires_at": ends.astimezone(UTC).isoformat(timespec="seconds") if ends else None,
        }
        written: list[tuple[int, str]] = []

        def compose(tail: bytes) -> bytes:
            number, before, cut = _end(tail)
            head: dict[str, Any] = {"number": number + 1, **content}
            if cut:
                head["after"] = "a line that was cut short"
            text, own = _sealed({**head, "previous": before})
            written.append((number + 1, own))
            return (b"\n" if cut else b"") + text

        append(self.path, compose, most_bytes=MAX_FILE_BYTES, old=self._old)
        with contextlib.suppress(OSError):
            os.unlink(self._old(KEPT_FILES + 1))
        self._note(*written[-1])

    def lines(self) -> Iterator[Line]:
        """All lines that there are, the oldest first. Raises `FileProblem`."""
        for path in self._files():
            data = self._system.files.read(path).data or b""
            texts = data.split(b"\n")
            for number, text in enumerate(texts, start=1):
                if text or number < len(texts):
                    yield Line(path, number, text, _entry(text))

    def verify(self) -> list[Fault]:
        """What is wrong with the log; nothing when it is as it was written."""
        faults: list[Fault] = []
        hashes: dict[int, str] = {}
        before: tuple[int, str] | None = None
        cut: Line | None = None
        for line in self.lines():
            where = f"{line.file}:{line.number}"
            if line.entry is None:
                cut = line
                faults.append(Fault(where, "the line was changed or cut short", accident=False))
                continue
            number, own = line.entry["number"], line.entry["hash"]
            expected = hashlib.sha256(cut.text).hexdigest() if cut else before and before[1]
            previous = line.entry["previous"]
            if cut and line.entry.get("after") and previous == expected:
                message = "the line was cut short as it was written; the log goes on behind it"
                faults[-1] = Fault(faults[-1].where, message, accident=True)
            elif cut:
                pass  # told already; what follows is linked to what the line was before
            elif before is None:
                if number == 1 and previous != FIRST:
                    faults.append(Fault(where, "the line was changed", accident=False))
                elif number != 1 and not self._old(KEPT_FILES).exists():
                    text = f"{_grants(1, number - 1)} before this line {_missing(1, number - 1)}"
                    faults.append(Fault(where, text, accident=False))
            elif previous != expected:
                faults.append(Fault(where, _broken(before[0], number), accident=False))
            before, cut = (number, own), None
            hashes[number] = own
        return faults + self._verify_end(before, hashes)

    def _verify_end(self, end: tuple[int, str] | None, hashes: dict[int, str]) -> list[Fault]:
        noted = self._noted()
        if noted is None:
            return []
        number, own = noted
        last = end[0] if end else 0
        if number > last:
            text = f"{_grants(last + 1, number)} at the end of the log {_missing(last + 1, number)}"
            return [Fault(str(self.path), text, accident=False)]
        if number in hashes and hashes[number] != own:
            return [Fault(str(self.path), f"grant {number} was replaced", accident=False)]
        return []

    def _files(self) -> list[Path]:
        old = [self._old(number) for number in range(KEPT_FILES, 0, -1)]
        return [path for path in (*old, self.path) if path.exists()]

    def _old(self, number: int) -> Path:
        return self.path.with_name(f"audit.{number}.jsonl")

    def _note(self, number: int, own: str) -> None:
        """Remembers the last line. One write in place; a later line may have been faster."""
        try:
            fd = os.open(self._last, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
            try:
                text = os.read(fd, 100).split()
                if not text or not text[0].isdigit() or int(text[0]) < number:
                    os.lseek(fd, 0, os.SEEK_SET)
                    os.write(fd, f"{number:020} {own}\n".encode())
            finally:
                os.close(fd)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise FileProblem(f"`{self._last}` cannot be written: {reason}") from None

    def _noted(self) -> tuple[int, str] | None:
        words = (self._system.files.read(self._last).data or b"").decode(errors="replace").split()
        return (int(words[0]), words[1]) if len(words) == 2 and words[0].isdigit() else None  # noqa: PLR2004  # as `_note` writes it


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _sealed(content: dict[str, Any]) -> tuple[bytes, str]:
    text = json.dumps(content)[:-1].encode()
    own = hashlib.sha256(text).hexdigest()
    return text + f', "hash": "{own}"}}\n'.encode(), own


def _entry(text: bytes) -> dict[str, Any] | None:
    """The members of a line whose own hash fits; None for any other."""
    body, seal = text[:-_OWN_HASH_BYTES], _OWN_HASH.fullmatch(text[-_OWN_HASH_BYTES:])
    if seal is None or hashlib.sha256(body).hexdigest().encode() != seal[1]:
        return None
    try:
        entry = json.loads(text)
    except ValueError:
        return None
    fits = isinstance(entry, dict) and isinstance(entry.get("number"), int)
    return entry if fits and isinstance(entry.get("previous"), str) else None


def _end(tail: bytes) -> tuple[int, str, bool]:
    """Number and hash to go on from, and whether the last line was cut short."""
    lines = tail.split(b"\n")
    last = lines.pop()
    cut = bool(last)
    whole = next((entry for text in reversed(lines) if (entry := _entry(text))), None)
    number = whole["number"] if whole else 0
    if cut:
        return number, hashlib.sha256(last).hexdigest(), True
    if lines and lines[-1] and not _entry(lines[-1]):  # changed by somebody: `verify` will tell
        return number + 1, hashlib.sha256(lines[-1]).hexdigest(), False
    return number, whole["hash"] if whole else FIRST, False


def _broken(before: int, number: int) -> str:
    """What is wrong where grant ``number`` stands unlinked behind grant ``before``."""
    if number > before + 1:
        return (
            f"{_grants(before + 1, number - 1)} before this line {_missing(before + 1, number - 1)}"
        )
    if number <= before:
        return f"the line was put in, or moved: it is grant {number} behind grant {before}"
    return f"grant {before}, the line before this one, was replaced by another"


def _grants(first: int, last: int) -> str:
    return f"grant {first}" if first == last else f"grants {first} to {last}"


def _missing(first: int, last: int) -> str:
    return "is missing" if first == last else "are missing"
