"""The hash chain of the audit log: making lines, and verifying them.

Each line has a number, the hash of the line before, and at its end the SHA-256 of its text up to
there. Number and hash of the last line are also in a separate file, the note.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from keystead.digest import sha256
from keystead.outside import counted, parse_json, parse_moment, text_in, whole
from keystead.plain_json import dumps
from keystead.system.path import Path
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from keystead.plain_json import Plain

FIRST = "0" * 64
"""The previous hash in the first line."""

HIGHEST = 10**18
"""More than the number of any line that keystead writes."""

_HEAD = b'{"number": '
_SEAL = b', "hash": "%b"}'
_SEAL_BYTES = len(_SEAL % FIRST.encode())


class Line(NamedTuple):
    """A line of the log; ``entry`` is None for an invalid one."""

    file: Path
    number: int
    text: bytes
    entry: dict[str, Any] | None


class Fault(NamedTuple):
    """A fault of the log."""

    where: str
    message: str
    accident: bool
    """Whether a crash of the machine explains it."""


def faults(
    lines: Iterable[Line], noted: tuple[int, str] | None, log: Path, note: Path, *, is_whole: bool
) -> list[Fault]:
    """The faults of ``log``, oldest first.

    ``noted`` are number and hash of the last line in the file ``note``. ``is_whole``: no old lines
    were deleted.
    """
    found: list[Fault] = []
    hashes: dict[int, str] = {}
    before: tuple[int, str] | None = None
    cut: Line | None = None
    for line in lines:
        where = f"{line.file}:{line.number}"
        if line.entry is None:
            cut = line
            found.append(Fault(where, "the line was changed or cut short", accident=False))
            continue
        number, own, previous = (line.entry[key] for key in ("number", "hash", "previous"))
        if cut is None:
            message = _unlinked(number, previous, before, is_whole=is_whole)
            found += [Fault(where, message, accident=False)] if message else []
        elif line.entry.get("after") and previous == sha256(cut.text).hexdigest():
            message = "the line was cut off while it was written; the log continues after it"
            found[-1] = Fault(found[-1].where, message, accident=True)
        before, cut = (number, own), None
        hashes[number] = own
    last = before[0] if before else 0
    if noted is None:
        # The note is written after the line, so it may be empty after the first one.
        text = "it does not record the last line, so a truncated log would not be noticed"
        return [*found, *([Fault(str(note), text, accident=last == 1)] if last else [])]
    number, own = noted
    if number > last:
        text = _missing(last + 1, number, "at the end of the log")
        found.append(Fault(str(log), text, accident=False))
    elif hashes.get(number, own) != own:
        found.append(Fault(str(log), f"grant {number} was replaced", accident=False))
    return found


def hashed(content: Mapping[str, Plain]) -> tuple[bytes, str]:
    """The line with these members and its hash, and the hash."""
    text = dumps(content)[:-1].encode()
    own = sha256(text).hexdigest()
    return text + _SEAL % own.encode() + b"\n", own


def _hash_of(text: bytes) -> str | None:
    """The hash of a line; None where it is not that of its text."""
    own = sha256(text[:-_SEAL_BYTES]).hexdigest()
    return own if text.endswith(_SEAL % own.encode()) else None


def entry_of(text: bytes) -> dict[str, Any] | None:
    """The members of a line with a valid hash; None for any other."""
    if _hash_of(text) is None:
        return None
    try:
        entry = parse_json(text)
        counted(entry["number"], 1, HIGHEST)
        text_in(entry["previous"])
        parse_moment(entry["time"])
        if entry["expires_at"] is not None:
            parse_moment(entry["expires_at"])
        counted(entry["pid"] or 0, 0, HIGHEST)
        text_in(entry["way"])
        for name in ("profile", "program", "access_key_id", "source"):
            text_in(entry[name] or "")
    except (ValueError, TypeError, KeyError):
        return None
    return dict(entry)


def end_of(tail: bytes) -> tuple[int, str, bool]:
    """Number and hash to continue from, and whether the last line is truncated."""
    lines = tail.split(b"\n")
    last = lines.pop()
    cut = bool(last)
    number, own = next(filter(None, map(_link, reversed(lines))), (0, FIRST))
    if cut:
        return number, sha256(last).hexdigest(), True
    if lines and lines[-1] and not _link(lines[-1]):  # changed; `verify` reports it
        return number + 1, sha256(lines[-1]).hexdigest(), False
    return number, own, False


def _link(text: bytes) -> tuple[int, str] | None:
    """Number and hash of a line, None for a changed one."""
    own = _hash_of(text)
    number = text.removeprefix(_HEAD).partition(b",")[0]
    try:
        return (whole(number.decode(), 1, HIGHEST), own) if own else None
    except ValueError:
        return None


def _unlinked(
    number: int, previous: str, before: tuple[int, str] | None, *, is_whole: bool
) -> str | None:
    """The fault of grant ``number`` as the line after ``before``, None for none."""
    if before is None:
        if number == 1:
            return None if previous == FIRST else "the line was changed"
        return _missing(1, number - 1, "before this line") if is_whole else None
    if previous == before[1]:
        return None
    if number > before[0] + 1:
        return _missing(before[0] + 1, number - 1, "before this line")
    if number <= before[0]:
        return f"the line was inserted or moved: it is grant {number} after grant {before[0]}"
    return f"grant {before[0]}, the line before this one, was replaced by another"


def _missing(first: int, last: int, where: str) -> str:
    if first == last:
        return f"grant {first} {where} is missing"
    return f"grants {first} to {last} {where} are missing"
