r"""Cases as text files: what they look like and how they are read.

A case begins with ``=== its purpose`` and has parts that begin with ``--- name``. A part is the
lines up to the next mark, each ended by LF, but for one blank line that parts it from the next
case. Bytes that cannot be seen have escapes: ``\r``, ``\t``, ``\s`` (a blank at a line's end),
``\xNN`` (one byte), ``\\``, and ``\`` as the last thing on a line: no line end. In the parts
``expect`` and ``botocore``, which are JSON, a backslash is JSON's. Lines that begin with ``>`` above the first case
are remarks.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import NamedTuple

CASES = Path(__file__).parent / "cases"
_JSON = ("expect", "botocore")

_ESCAPE = re.compile(rb"\\(?:x([0-9a-f]{2})|(.)|\n)")
_PLAIN = {b"r": b"\r", b"t": b"\t", b"s": b" ", b"\\": b"\\"}


class Case(NamedTuple):
    """One case: ``place`` is the file and line where it begins, ``parts`` its parts by name."""

    place: str
    purpose: str
    parts: dict[str, bytes]

    def text(self, name: str) -> str:
        """A part as text without its last line end."""
        return self.parts[name].decode().removesuffix("\n")


def cases(folder: str) -> list[Case]:
    """All cases of one folder under ``tests/cases``; every file must have some."""
    found = [_read(path) for path in sorted((CASES / folder).glob("*.txt"))]
    assert found
    assert all(found)
    return list(itertools.chain(*found))


def _read(path: Path) -> list[Case]:
    found: list[Case] = []
    raw: dict[str, bytes] = {}
    part = ""
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        if line.startswith(b"=== "):
            if part:
                raw[part] = raw[part].removesuffix(b"\n")
            raw = {}
            part = ""
            found.append(Case(f"{path.stem}:{number}", line[4:].decode().strip(), raw))
        elif line.startswith(b"--- "):
            part = line[4:].decode().strip()
            raw[part] = b""
        elif part:
            raw[part] += line
        else:
            assert not line.strip() or line.startswith(b">"), f"{path}:{number}"
    return [
        case._replace(parts={k: v if k in _JSON else _bytes(v) for k, v in case.parts.items()})
        for case in found
    ]


def _bytes(text: bytes) -> bytes:
    def plain(found: re.Match[bytes]) -> bytes:
        if found[1]:
            return bytes.fromhex(found[1].decode())
        return _PLAIN[found[2]] if found[2] else b""

    return _ESCAPE.sub(plain, text)
