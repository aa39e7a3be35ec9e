"""The keys that a terminal sends, from its bytes. Pure."""

from __future__ import annotations

import re

from keystead.value import NamedTuple

TEXT = "text"
_ESCAPE = b"\x1b"
_PASTE_BEGINS, _PASTE_ENDS = b"200~", b"\x1b[201~"
_MOST_PASTED = 1 << 16
_LONGEST_SEQUENCE = 32

_CONTROL = {
    0x01: "home",
    0x02: "left",
    0x03: "cancel",
    0x04: "end-of-input",
    0x05: "end",
    0x06: "right",
    0x07: "cancel",
    0x08: "backspace",
    0x09: "preview",
    0x0A: "enter",
    0x0C: "redraw",
    0x0D: "enter",
    0x0E: "down",
    0x10: "up",
    0x15: "clear",
    0x17: "delete-word",
    0x1A: "suspend",
    0x7F: "backspace",
}
_FINAL = {b"A": "up", b"B": "down", b"C": "right", b"D": "left", b"H": "home", b"F": "end"}
_NUMBERED = {
    b"1": "home",
    b"3": "delete",
    b"4": "end",
    b"5": "page-up",
    b"6": "page-down",
    b"7": "home",
    b"8": "end",
}
_SEQUENCE = re.compile(rb"\x1b\[([0-?]*)[ -/]*([@-~])")
_RUN = re.compile(rb"[^\x00-\x1f\x7f]+")


class Key(NamedTuple):
    """A key by its name, or `TEXT` with what was typed or pasted."""

    name: str
    text: str = ""


class KeyDecoder:
    """Turns bytes into keys; what may go on in later bytes waits."""

    def __init__(self) -> None:
        self._waiting = b""
        self._pasted: bytes | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether a key has begun whose end may follow, such as the Escape key itself."""
        return bool(self._waiting) and self._pasted is None

    def feed(self, data: bytes) -> list[Key]:
        """The keys that are complete now."""
        self._waiting += data
        found: list[Key] = []
        while self._waiting:
            size = self._paste(found) if self._pasted is not None else self._one(found)
            if not size:
                break
            self._waiting = self._waiting[size:]
        return found

    def give_up(self) -> list[Key]:
        """What has begun, when nothing followed for a moment."""
        began, self._waiting = self._waiting, b""
        return [Key("cancel")] if began == _ESCAPE else []

    def _one(self, found: list[Key]) -> int:
        """Add the first key; return the number of its bytes, 0 for an unfinished one."""
        data = self._waiting
        if data[:1] == _ESCAPE:
            return self._escape(found)
        run = _RUN.match(data)
        if run is None:
            name = _CONTROL.get(data[0])
            found += [Key(name)] if name else []
            return 1
        whole = _whole_characters(run[0]) if run.end() == len(data) else run[0]
        if whole:
            found.append(Key(TEXT, whole.decode(errors="replace")))
        return len(whole)

    def _escape(self, found: list[Key]) -> int:
        data = self._waiting
        second = data[1:2]
        if not second:
            return 0
        if second == _ESCAPE:
            found.append(Key("cancel"))
            return 1
        if second == b"O":
            name = _FINAL.get(data[2:3])
            found += [Key(name)] if name else []
            return 3 if len(data) > 2 else 0  # noqa: PLR2004  # the length of such a sequence
        if second != b"[":
            found += [Key("delete-word")] if second in {b"\x7f", b"\x08"} else []
            return 2
        sequence = _SEQUENCE.match(data)
        if sequence is None:
            return len(data) if len(data) > _LONGEST_SEQUENCE else 0
        parameters, final = sequence.groups()
        if parameters + final == _PASTE_BEGINS:
            self._pasted = b""
            return sequence.end()
        name = _NUMBERED.get(parameters.split(b";")[0]) if final == b"~" else _FINAL.get(final)
        found += [Key(name)] if name else []
        return sequence.end()

    def _paste(self, found: list[Key]) -> int:
        data, pasted = self._waiting, self._pasted or b""
        at = data.find(_PASTE_ENDS)
        size = at if at >= 0 else len(data) - len(_PASTE_ENDS) + 1
        self._pasted = (pasted + data[: max(size, 0)])[:_MOST_PASTED]
        if at < 0:
            return max(size, 0)
        text = " ".join(self._pasted.decode(errors="replace").split())
        found += [Key(TEXT, "".join(filter(str.isprintable, text)))] if text else []
        self._pasted = None
        return at + len(_PASTE_ENDS)


def _whole_characters(data: bytes) -> bytes:
    """``data`` without the beginning of a character at its end."""
    for size in range(1, min(4, len(data) + 1)):
        lead = data[-size]
        if 0xC0 <= lead < 0xF8:  # noqa: PLR2004  # the first byte of several
            length = 2 + (lead >= 0xE0) + (lead >= 0xF0)  # noqa: PLR2004  # as UTF-8 has it
            return data[:-size] if size < length else data
        if not 0x80 <= lead < 0xC0:  # noqa: PLR2004  # not a byte after it
            break
    return data
