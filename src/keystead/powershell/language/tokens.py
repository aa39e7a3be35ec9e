"""The tokens of the cmdlet language: separators, quotes, operators and unsupported constructs."""

from __future__ import annotations

import re

# PowerShell treats typographic quotes, dashes and blanks as the plain ones.
SINGLE = "'\u2018\u2019\u201a\u201b"
DOUBLE = '"\u201c\u201d\u201e'
DASH = "-\u2013\u2014\u2015"
BLANK = " \t\v\f\x85\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"

BLANKS = re.compile(f"[{BLANK}]+")
NEWLINE = re.compile(r"\r\n|\n|\r")
TO_LINE_END = re.compile(r"[^\r\n]*")
PROMPT = re.compile(f"[{BLANK}]*(?:PS(?:[{BLANK}][^\r\n>]*)?>+|>>)")
CONTINUATION_PROMPT = re.compile(f"[{BLANK}]*>>")
PARAMETER = re.compile(f"[{DASH}]([^\\W\\d][^{BLANK}\r\n;|&(){{}},<>:`{SINGLE}{DOUBLE}]*)")
IN_WORD = re.compile(f"[^{BLANK}\r\n;|&(){{}},<>`${SINGLE}{DOUBLE}]+")
IN_SINGLE = re.compile(f"[^{SINGLE}]+")
IN_DOUBLE = re.compile(f"[^{DOUBLE}`$]+")
VARIABLE = re.compile(r"\$(?:(\w+)|\{([^}]*)\})")
_NUMBER = r"([+-]?)(?:0x([0-9a-f]{1,15})|([0-9]{0,18}\.[0-9]{1,18}|[0-9]{1,18})([kmgtp]b)?)"
NUMBER = re.compile(f"{_NUMBER}(?=[{BLANK}\r\n;|,}})]|$)", re.IGNORECASE)
_WHOLE_NUMBER = re.compile(_NUMBER, re.IGNORECASE)
KEY = re.compile(r"\w[\w-]*")
OPERATOR = re.compile(f"[{DASH}]([A-Za-z]+)|!")
HERE = re.compile(f"@[{SINGLE}{DOUBLE}][{BLANK}]*(?=\r\n|\n|\r)")
HERE_END = {
    SINGLE: re.compile(f"(?:\r\n|\n|\r)[{SINGLE}]@"),
    DOUBLE: re.compile(f"(?:\r\n|\n|\r)[{DOUBLE}]@"),
}
IN_HERE = re.compile("[^`$]+")
# A bar at the start of the next line continues the pipeline.
TO_NEXT_LINE_S_BAR = re.compile(
    f"(?:[{BLANK}]*(?:\\r\\n|\\n|\\r)(?:[{BLANK}]*>>)?)+[{BLANK}]*(?=\\|)"
)
CODE_POINT = re.compile(r"u\{([0-9A-Fa-f]{1,6})\}")
_BARE = re.compile(r"[\w./\\:+=%~][\w./\\:+=%~@-]*")
ARGV_PROMPT = re.compile(r"PS|\S*>|PS\s[^>]*>+")
ARGV_PARAMETER = re.compile(f"[{DASH}]([^\\W\\d][^:]*)(:?)(.*)", re.DOTALL)

ESCAPES = dict(zip("0abefnrtv", "\0\a\b\x1b\f\n\r\t\v", strict=True))

HINT = (
    "keystead reads cmdlets with parameters, pipelines, variables and assignments; "
    "put a value with such characters in single quotes"
)
# The longest first: the first one that the text begins with names the construct.
CONSTRUCTS = {
    "@(": "an array",
    "@": "splatting",
    "$(": "a subexpression",
    "$": "an automatic variable",
    "||": "a chain of pipelines",
    "&&": "a chain of pipelines",
    "|": "a bar without a cmdlet before it",
    "&": "the call operator",
    ">": "redirection",
    "<": "redirection",
    "(": "an expression in parentheses",
    ")": "an expression in parentheses",
    "{": "a script block here",
    "}": "a script block here",
    ",": "a comma here",
    "[": "a type or an index",
    ".": "a script or the property of a text",
}
KEYWORDS = re.compile(
    "begin|break|catch|class|continue|data|do|dynamicparam|else|elseif|end|enum|filter|finally|for"
    "|foreach|function|if|param|process|return|switch|throw|trap|try|until|using|while",
    re.IGNORECASE,
)

ACCESS = re.compile(r"\.\w|\[")
MEMBER = re.compile(r"\.(\w+)")
TOUCHING = re.compile(f"[^{BLANK}\r\n;|&(){{}},<>`]|`(?![\r\n]|$)")
AFTER_MEMBER = re.compile(f"[{BLANK}\r\n;|,}})`]|$")
SCOPE = re.compile(r":[\w:]")


def number(text: str) -> int | float | None:
    """The number that ``text`` is, such as ``-1.5``, ``0x1F`` or ``10kb``; None for others.

    The units ``kb`` to ``pb`` are powers of 1024.
    """
    found = _WHOLE_NUMBER.fullmatch(text)
    if found is None:
        return None
    sign, hexadecimal, digits, unit = found.groups()
    if hexadecimal:
        size: int | float = int(hexadecimal, 16)
    else:
        size = float(digits) if "." in digits else int(digits)
        size *= 1024 ** ("kmgtp".index(unit[0].lower()) + 1) if unit else 1
    return -size if sign == "-" else size


def quote(value: str) -> str:
    """``value`` as one word of the language, in single quotes where it needs them."""
    if _BARE.fullmatch(value):
        return value
    return "'" + re.sub(f"([{SINGLE}])", r"\1\1", value) + "'"
