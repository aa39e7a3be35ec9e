"""The encoding of an input file: UTF-8, or an error that names the other one.

Windows PowerShell writes UTF-16 by default (``>``, ``Out-File``).
"""

from __future__ import annotations

import codecs

from keystead.errors import FileProblem, KeysteadError, Origin

_AS_UTF8 = (
    "save it as UTF-8 without a byte-order mark, such as with `iconv -f UTF-16 -t UTF-8` or in "
    "PowerShell 7 with `Set-Content -Encoding utf8`"
)
"""The hint for a file in UTF-16 or UTF-32."""

_MARKS = (
    # UTF-32 first: its byte-order mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_LEAST = 8
"""The minimum number of bytes for recognizing UTF-16 without a byte-order mark."""
_MOST = 256


def other_encoding(data: bytes) -> str | None:
    """``UTF-16`` or ``UTF-32`` if ``data`` is that, by its byte-order mark or by NULs in every
    second byte; else None.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    head = data[: min(len(data), _MOST) // 2 * 2]
    if len(head) < _LEAST:
        return None
    even, odd = head[::2], head[1::2]
    one_half = (not any(odd) and 0 not in even) or (not any(even) and 0 not in odd)
    return "UTF-16" if one_half else None


def refuse_other_encoding(
    data: bytes, what: str, where: Origin | None, error: type[KeysteadError]
) -> None:
    """Raise ``error`` for text in UTF-16 or UTF-32; ``what`` names it."""
    found = other_encoding(data)
    if found:
        raise error(f"{what} is {found}, not UTF-8", hint=_AS_UTF8, where=where)


def utf8_text(
    data: bytes,
    what: str,
    where: Origin | None = None,
    error: type[KeysteadError] = FileProblem,
) -> str:
    """Decode ``data`` without its byte-order mark. ``what`` names it in errors.

    Raises ``error`` with a hint if it is not UTF-8.
    """
    refuse_other_encoding(data, what, where, error)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = data.count(b"\n", 0, broken.start) + 1
        raise error(
            f"{what} is not UTF-8: line {line} has an invalid byte",
            hint="save it as UTF-8",
            where=where,
        ) from None
