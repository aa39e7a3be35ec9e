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

_LINE_END = re.compile(r"\r\n|\r|\n")
_HEADER = re.compile(r"\s*\[([^\]]*)\]")
_SETTING = re.compile(r"(\s*)([^\s=:#;\[][^=:]*?)\s*[=:]\s*(.*)")
_COMMENT = re.compile(r"\s[#;].*")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class DefaultSection(Value):
    """One section; ``prefixed`` means ``[profile default]``; the line of each (nested) name."""

    prefixed: bool
    values: Values = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def default_sections(data: bytes) -> Iterator[DefaultSection]:
    """The sections of a shared file, in order."""
    section: DefaultSection | None = None
    block: dict[str, str] | None = None
    for number, line in enumerate(_LINE_END.split(_decoded(data)), start=1):
        header = _HEADER.match(line)
        if header:
            if section:
                yield section
            section = _section(header[1])
            block = None
            continue
        setting = _SETTING.match(line) if section else None
        if section is None or setting is None:
            continue
        indent, name, rest = setting.groups()
        key, value = name.lower(), _COMMENT.sub("", f" {rest}").strip()
        section.lines.setdefault(key, number)
        if indent and block is not None:
            block[key] = value
            continue
        block = None if value else {}
        section.values[key] = value if block is None else block
    if section:
        yield section


def _section(title: str) -> DefaultSection | None:
    words = title.replace('"', " ").replace("'", " ").lower().split()
    if words == ["default"]:
        return DefaultSection(prefixed=False)
    return DefaultSection(prefixed=True) if words == ["profile", "default"] else None


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data.startswith(_UTF16) else "utf-8-sig"
    return data.decode(encoding, "replace")
