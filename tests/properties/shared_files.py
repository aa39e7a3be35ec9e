"""Generated shared files: any bytes, lines of the grammar in any order, and orderly files."""

from __future__ import annotations

from hypothesis import strategies as st

from keystead.text.dialect import FileKind

NAMES = ("a", "b", "default", "x.y", "A")
KEYS = ("region", "output", "s3", "role_arn", "x", "s3.x")
INNER = ("x", "y", "max_queue_size")
NEW_NAME = "fresh"
NEW_KEY = "new_key"

kinds = st.sampled_from(FileKind)
ends = st.sampled_from(["\n", "\r\n"])
blanks = st.text(" \t", max_size=3)
indents = st.text(" \t", min_size=1, max_size=4)
# No comment sign behind a blank, no blank at the ends: what may be written as a value.
words = st.text("abzAZ09=/[]'\"é#;.-%$\\", min_size=1, max_size=6).filter(
    lambda w: w[0] not in "#;"
)
values = st.lists(words, max_size=3).map(" ".join)


def _title(name: str, kind: FileKind) -> str:
    return name if kind is FileKind.CREDENTIALS or name == "default" else f"profile {name}"


@st.composite
def headers(draw: st.DrawFn, kind: FileKind) -> str:
    """A header line: mostly a profile, sometimes one that means something else or nothing."""
    name = draw(st.sampled_from(NAMES))
    titles = [_title(name, kind)] * 6 + [f"profile {name}", f"sso-session {name}", "bad!", "'b c'"]
    title = draw(st.sampled_from(titles))
    tail = draw(st.sampled_from(["", "", "", " ", "# note", " ; note"]))
    return f"[{draw(blanks)}{title}{draw(blanks)}]{tail}"


@st.composite
def settings(draw: st.DrawFn) -> list[str]:
    """The lines of one setting, continued ones and nested blocks included."""
    key = draw(st.sampled_from([*KEYS, "Region", "b@d name"]))
    equals = f"{draw(blanks)}={draw(blanks)}"
    form = draw(st.sampled_from(["plain", "plain", "plain", "note", "empty", "block", "long"]))
    between = st.sampled_from([[], [], [], [""], ["  \t"], ["# between"]])
    if form == "block":
        lines = [key + equals]
        for _ in range(draw(st.integers(1, 3))):
            inner = draw(st.sampled_from(INNER))
            lines += [*draw(between), f"{draw(indents)}{inner}{equals}{draw(values)}"]
        return lines
    if form == "long":
        lines = [key + equals + draw(words)]
        for _ in range(draw(st.integers(1, 2))):
            lines += [*draw(between), draw(indents) + draw(words)]
        return lines
    value = "" if form == "empty" else draw(values)
    return [key + equals + value + (" # note" if form == "note" else "")]


@st.composite
def files(draw: st.DrawFn, kind: FileKind) -> bytes:
    """A file that is accepted, untidy in every way that the rules allow."""
    loose = st.lists(st.sampled_from(["", " ", "# note", "; note"]), max_size=2)
    lines = draw(loose)
    for _ in range(draw(st.integers(0, 4))):
        lines += [draw(headers(kind)), *draw(loose)]
        for _ in range(draw(st.integers(0, 3))):
            lines += [*draw(settings()), *draw(loose)]
    style = draw(st.sampled_from(["lf", "crlf", "mixed"]))
    text = ""
    for line in lines:
        text += line + {"lf": "\n", "crlf": "\r\n"}.get(style, draw(ends))
    if draw(st.booleans()):
        text = text.removesuffix("\n").removesuffix("\r")
    return draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"])) + text.encode()


_PIECES = [
    *("[", "]", "#", ";", "=", " ", "\t", "\r", "\n", "\r\n", "\n\n", "a", "s3", "default"),
    *("profile ", "sso-session ", "services ", "'", '"', "\ufeff", "\x00", "\x85", "\u2028", "é"),
    *("[a]\n", "[profile a]\n", "x = 1\n", "  y = 2\n", "s3 =\n", "# c\n", " # c\n"),
]
soups = st.lists(st.sampled_from(_PIECES), max_size=30).map(lambda p: "".join(p).encode())
any_bytes = soups | st.binary(max_size=60) | st.tuples(soups, st.binary(max_size=3)).map(b"".join)
