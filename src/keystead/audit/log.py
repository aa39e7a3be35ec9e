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

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple

from keystead.model.credentials import Credentials
from keystead.outside import counted, parse_json, parse_moment, text_in, whole
from keystead.system import System
from keystead.system.append_log import LOCK_SECONDS, Series, append
from keystead.system.executable import Executable, executable_of

MAX_FILE_BYTES = 4 * 1024 * 1024
"""What one file of the log may have; a line has about 400 bytes."""

KEPT_FILES = 8
"""How many full files are kept beside the present one."""

FIRST = "0" * 64
"""What the first line of all has for the hash of the line before."""

_LONGEST = 256
_HIGHEST = 10**18
"""More lines than any log has: what says a higher number was not written by keystead."""

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
    """The path of the executable file."""

    @classmethod
    def to(
        cls,
        pid: int | None,
        program: Executable | None,
        profile: str | None,
        way: str,
        credentials: Credentials,
    ) -> Grant:
        """A grant to the process ``pid``; ``program`` None: what it runs is looked up."""
        if program is None and pid is not None:
            program = executable_of(pid)
        return cls(profile, way, credentials, pid, program.path if program else None)


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
        folder = system.folders.state
        self.path = folder / "audit.jsonl"
        self._last = folder / "audit.last"
        old = [folder / f"audit.{number}.jsonl" for number in range(1, KEPT_FILES + 1)]
        self._series = Series(self.path, old, self._last, MAX_FILE_BYTES)

    def record(self, grant: Grant, *, lock_seconds: float = LOCK_SECONDS) -> None:
        """Adds the grant. Raises `FileProblem` when that cannot be done.

        Whoever writes just now is waited for up to ``lock_seconds``.
        """
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

        def compose(tail: bytes) -> tuple[bytes, bytes]:
            before, previous, cut = _end(tail)
            head: dict[str, Any] = {"number": before + 1, **content}
            if cut:
                head["after"] = "a line that was cut short"
            text, own = _sealed({**head, "previous": previous})
            return (b"\n" if cut else b"") + text, b"%020d %b\n" % (before + 1, own.encode())

        append(self._series, compose, lock_seconds=lock_seconds)

    def lines(self) -> Iterator[Line]:
        """All lines that there are, the oldest first. Raises `FileProblem`."""
        for path in self._series.files:
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
                elif number != 1 and not self._series.old[-1].exists():
                    text = f"{_grants(1, number - 1)} before this line {_missing(1, number - 1)}"
                    faults.append(Fault(where, text, accident=False))
            elif previous != expected:
                faults.append(Fault(where, _broken(before[0], number), accident=False))
            before, cut = (number, own), None
            hashes[number] = own
        return faults + self._verify_end(before, hashes)

    def _verify_end(self, end: tuple[int, str] | None, hashes: dict[int, str]) -> list[Fault]:
        """Holds the end against what was noted of it.

        The note is written behind the line, so it may be behind, and empty beside the first line.
        """
        last = end[0] if end else 0
        noted = self._noted()
        if noted is None:
            text = (
                "it does not tell the last line, so what is cut from the log's end would not show"
            )
            return [Fault(str(self._last), text, accident=last == 1)] if last else []
        number, own = noted
        if number > last:
            text = f"{_grants(last + 1, number)} at the end of the log {_missing(last + 1, number)}"
            return [Fault(str(self.path), text, accident=False)]
        if number in hashes and hashes[number] != own:
            return [Fault(str(self.path), f"grant {number} was replaced", accident=False)]
        return []

    def _noted(self) -> tuple[int, str] | None:
        """Number and hash of the last line, as it was noted."""
        words = (self._system.files.read(self._last).data or b"").decode(errors="replace").split()
        try:
            number, own = words
            return whole(number.lstrip("0") or "0", 0, _HIGHEST), own
        except ValueError:
            return None


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
        entry = parse_json(text)
        counted(entry["number"], 1, _HIGHEST)
        text_in(entry["previous"])
        parse_moment(entry["time"])
        if entry["expires_at"] is not None:
            parse_moment(entry["expires_at"])
        counted(entry["pid"] or 0, 0, _HIGHEST)
        text_in(entry["way"])
        for name in ("profile", "program", "access_key_id", "source"):
            text_in(entry[name] or "")
    except (ValueError, TypeError, KeyError):
        return None
    return dict(entry)


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
