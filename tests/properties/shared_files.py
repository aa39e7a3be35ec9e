"""Generated shared files: any bytes, lines of the grammar in any order, and orderly files."""

from __future__ import annotations

from itertools import chain, cycle

from hypothesis import strategies as st

from keystead.text.dialect import FileKind

NAMES = ("a", "b", "default", "x.y", "A")
KEYS = ("region", "output", "s3", "role_arn", "x", "s3.x")
INNER = ("x", "y", "max_queue_size")
NEW_NAME = "fresh"
NEW_KEY = "new_key"

kinds = st.sampled_from(FileKind)
blanks = st.sampled_from(["", "", " ", " ", "\t", "  \t"])
indents = st.sampled_from([" ", "  ", "    ", "\t", "\t  "])
# A value that can be written: no comment sign after a blank, no blank at the ends.
words = st.sampled_from(
    [
        *("0", "eu-west-1", "é", "a=b", "=", "==x", "a#b", "c;d", "[b]", "]", "[", "'q'", '"'),
        *("%(x)s", "${y}", "\\n", "\\", "-", ".", "/bin/x", "a:b", ":", "%", "\U0001f5dd"),
    ]
)
values = st.just("") | words | st.tuples(words, words).map(" ".join)


def _titles(kind: FileKind) -> list[str]:
    """Titles: mostly of profiles, some that mean something else or nothing."""
    prefix = "" if kind is FileKind.CREDENTIALS else "profile "
    profiles = [name if name == "default" else prefix + name for name in NAMES]
    strange = ["profile a", "profile default", "sso-session a", "services b", "bad!", "'b c'"]
    return [*profiles * 3, *strange]


def _block(key: str, equals: str, inner: list[tuple[list[str], str, str, str]]) -> list[str]:
    lines = [key + equals]
    for between, indent, name, value in inner:
        lines += [*between, f"{indent}{name}{equals}{value}"]
    return lines


def _long(key: str, equals: str, value: str, more: list[tuple[list[str], str, str]]) -> list[str]:
    lines = [key + equals + value]
    for between, indent, text in more:
        lines += [*between, indent + text]
    return lines


_keys = st.sampled_from([*KEYS, "Region", "b@d name"])
_equals = st.tuples(blanks, blanks).map("=".join)
_loose = st.lists(st.sampled_from(["", " ", "# note", "; note"]), max_size=2)
_between = st.sampled_from([[], [], [], [""], ["  \t"], ["# between"]])
_notes = st.sampled_from(["", "", "", " # note", "\t;"])
_plain = st.tuples(_keys, _equals, values, _notes).map(lambda parts: ["".join(parts)])
_inner = st.tuples(_between, indents, st.sampled_from(INNER), values)
_blocks = st.builds(_block, _keys, _equals, st.lists(_inner, min_size=1, max_size=3))
_more = st.tuples(_between, indents, words)
_longs = st.builds(_long, _keys, _equals, words, st.lists(_more, min_size=1, max_size=2))
_settings = _plain | _blocks | _longs
_bodies = st.lists(st.tuples(_settings, _loose).map(lambda parts: parts[0] + parts[1]), max_size=3)
_tails = st.sampled_from(["", "", "", " ", "# note", " ; note"])
_marks = st.sampled_from([b"", b"", b"\xef\xbb\xbf"])


def _sections(kind: FileKind) -> st.SearchStrategy[list[str]]:
    titles = st.sampled_from(_titles(kind))
    headers = st.tuples(blanks, titles, blanks, _tails).map(lambda p: "[{}{}{}]{}".format(*p))
    parts = st.tuples(headers.map(lambda header: [header]), _loose, _bodies)
    return parts.map(lambda found: [*found[0], *found[1], *chain.from_iterable(found[2])])


def _file(
    head: list[str], sections: list[list[str]], ends: list[str], whole: bool, mark: bytes
) -> bytes:
    lines = [*head, *chain.from_iterable(sections)]
    text = "".join(line + end for line, end in zip(lines, cycle(ends), strict=False))
    if not whole:
        text = text.removesuffix("\n").removesuffix("\r")
    return mark + text.encode()


_files = {
    kind: st.builds(
        _file,
        _loose,
        st.lists(_sections(kind), max_size=4),
        st.lists(st.sampled_from(["\n", "\r\n"]), min_size=1, max_size=3),
        st.booleans(),
        _marks,
    )
    for kind in FileKind
}


def files(kind: FileKind) -> st.SearchStrategy[bytes]:
    """Valid files, with every irregularity that the rules allow."""
    return _files[kind]


_PIECES = [
    *("[", "]", "#", ";", "=", " ", "\t", "\r", "\n", "\r\n", "\n\n", "a", "s3", "default"),
    *("profile ", "sso-session ", "services ", "'", '"', "\ufeff", "\x00", "\x85", "\u2028", "é"),
    *("[a]\n", "[profile a]\n", "x = 1\n", "  y = 2\n", "s3 =\n", "# c\n", " # c\n"),
]
soups = st.lists(st.sampled_from(_PIECES), max_size=30).map(lambda p: "".join(p).encode())
any_bytes = soups | st.binary(max_size=60) | st.tuples(soups, st.binary(max_size=3)).map(b"".join)

_TIDY = ["region = eu-west-1", "output = json", "x=1", "x = a b", "", "# note"]
_LESS_TIDY = [
    *("x = a  ", "x  =  a", "x = ", "x =", "; note", "x = a#b", "x = a # b", "x = \tb", "x = é"),
    *("Region = a", "  more = b", "s3 =", "x-y = 1", " ", " # note", "x = a\r", "\r", "x", "= 1"),
]
_TIDY_HEADERS = ["[a]", "[b]", "[profile a]", "[profile b]", "[default]"]
_LESS_TIDY_HEADERS = [
    "[a] # note",
    "[ a ]",
    "[sso-session a]",
    '["b c"]',
    "[profile  a]",
    "[]",
    "[a",
]
_tidy_sections = st.tuples(
    st.sampled_from([*_TIDY_HEADERS * 3, *_LESS_TIDY_HEADERS]),
    st.lists(st.sampled_from([*_TIDY * 4, *_LESS_TIDY]), max_size=4),
).map(lambda parts: [parts[0], *parts[1]])
tidy_files = st.builds(
    _file,
    st.just([]),
    st.lists(_tidy_sections, max_size=5),
    st.sampled_from([["\n"], ["\n"], ["\r\n"], ["\n", "\r\n"]]),
    st.booleans(),
    _marks,
)
"""Files as nearly all are, but for a line here and there; one that is wrong, too."""
