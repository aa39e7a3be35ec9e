"""The audit log: a JSON line for each grant in ``audit.jsonl`` of the state folder, no secrets.

The lines are a hash chain (`keystead.audit.chain`), whose end is in ``audit.last`` too. It shows
accidental changes; a user who can write both files can forge both. If the log cannot be written,
credentials are delivered with a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from keystead import caller
from keystead.audit.chain import HIGHEST, Fault, Line, end_of, entry_of, faults, hashed
from keystead.audit.grantee import Grantee
from keystead.model.credentials import Credentials
from keystead.outside import whole
from keystead.system import System
from keystead.system.append_log import LOCK_SECONDS, Series, append

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_FILE_BYTES = 4 * 1024 * 1024
"""The size at which the file is rotated; a line has about 400 bytes."""

ROTATED_FILES = 8
"""The number of rotated files."""

_LONGEST = 256


class AuditLog:
    """The log in the state folder of ``system``."""

    def __init__(self, system: System) -> None:
        self._system = system
        folder = system.folders.state
        self.path = folder / "audit.jsonl"
        self._last = folder / "audit.last"
        old = [folder / f"audit.{number}.jsonl" for number in range(1, ROTATED_FILES + 1)]
        self._series = Series(self.path, old, self._last, MAX_FILE_BYTES)

    def record(
        self,
        profile: str | None,
        credentials: Credentials,
        grantee: Grantee,
        *,
        lock_seconds: float = LOCK_SECONDS,
    ) -> None:
        """Appends a grant; other writers may take ``lock_seconds``. Raises `FileProblem`."""
        caller.process.commit()
        ends = credentials.expires_at
        content = {
            "time": self._system.clock().astimezone(UTC).isoformat(timespec="milliseconds"),
            "profile": _short(profile),
            "way": grantee.channel,
            "pid": grantee.pid,
            "program": _short(grantee.path),
            "access_key_id": _short(credentials.access_key_id),
            "source": _short(credentials.source),
            "expires_at": ends.astimezone(UTC).isoformat(timespec="seconds") if ends else None,
        }

        def compose(tail: bytes) -> tuple[bytes, bytes]:
            before, previous, cut = end_of(tail)
            head: dict[str, Any] = {"number": before + 1, **content}
            if cut:
                head["after"] = "a line that was cut short"
            text, own = hashed({**head, "previous": previous})
            return (b"\n" if cut else b"") + text, b"%020d %b\n" % (before + 1, own.encode())

        append(self._series, compose, lock_seconds=lock_seconds)

    def lines(self) -> Iterator[Line]:
        """All lines, oldest first. Raises `FileProblem`."""
        for path in self._series.files:
            data = self._system.files.read(path).data or b""
            texts = data.split(b"\n")
            for number, text in enumerate(texts, start=1):
                if text or number < len(texts):
                    yield Line(path, number, text, entry_of(text))

    def verify(self) -> list[Fault]:
        """The faults of the log."""
        is_whole = not self._series.old[-1].exists()
        return faults(self.lines(), self._noted(), self.path, self._last, is_whole=is_whole)

    def _noted(self) -> tuple[int, str] | None:
        """Number and hash of the last line in the note."""
        words = (self._system.files.read(self._last).data or b"").decode(errors="replace").split()
        try:
            number, own = words
            return whole(number.lstrip("0") or "0", 0, HIGHEST), own
        except ValueError:
            return None


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
