"""Every section that any reader interprets as the profile ``default``.

More liberal than `keystead.text.dialect`: accepts headers in any letter case, indented or quoted,
``[profile default]`` in both files, indented settings, and invalid files. Never raises.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from keystead.text.pieces import Values
from keystead.value import Value, field

_NAME = "default"
_HEADER = r"\s*\[([^\]]*)\]"
_SETTING = r"(\s*)([^\s=:#;\[][^=:]*?)\s*[=:]\s*(.*)"
_COMMENT = r"\s[#;].*"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class DefaultSection(Value):
    """One section; ``prefixed`` means ``[profile default]``; the line of each (nested) name."""

    prefixed: bool
    values: Values = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def default_sections(data: bytes) -> Iterator[DefaultSection]:
    """The sections of a shared file, in order. Reads the lines of these sections only."""
    text = _decoded(data).replace("\r\n", "\n").replace("\r", "\n")
    last = -1
    for mention in re.finditer(_NAME, text, re.IGNORECASE):
        start = text.rfind("\n", 0, mention.start()) + 1
        header = re.match(_HEADER, _line(text, start))
        section = _section(header[1]) if header and start > last else None
        if section:
            last = start
            _read(text, start, section)
            yield section


def _read(text: str, header: int, section: DefaultSection) -> None:
    """Read the settings below the header at a position."""
    number = text.count("\n", 0, header) + 1
    block: dict[str, str] | None = None
    at = header
    while at := text.find("\n", at) + 1:
        line = _line(text, at)
        number += 1
        if re.match(_HEADER, line):
            return
        setting = re.match(_SETTING, line)
        if setting is None:
            continue
        indent, name, rest = setting.groups()
        key, value = name.lower(), re.sub(_COMMENT, "", f" {rest}").strip()
        section.lines.setdefault(key, number)
        if indent and block is not None:
            block[key] = value
            continue
        block = None if value else {}
        section.values[key] = value if block is None else block


def _line(text: str, start: int) -> str:
    end = text.find("\n", start)
    return text[start:] if end < 0 else text[start:end]


def _section(title: str) -> DefaultSection | None:
    words = title.replace('"', " ").replace("'", " ").lower().split()
    if words == ["default"]:
        return DefaultSection(prefixed=False)
    return DefaultSection(prefixed=True) if words == ["profile", "default"] else None


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data.startswith(_UTF16) else "utf-8-sig"
    return data.decode(encoding, "replace")
