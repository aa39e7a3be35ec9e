"""What `keystead lint` finds in generated files: something for each that is not read alike."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import botocore.configloader
import pytest
from botocore.exceptions import ConfigParseError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keystead.errors import DocumentError
from keystead.lint.finding import Finding, Severity, as_json
from keystead.lint.runner import lint
from keystead.lint.subject import Looked
from keystead.lint.view import View
from keystead.text.dialect import FileKind, interpret
from keystead.text.document import Document
from tests.effort import examples
from tests.properties.shared_files import any_bytes, files, kinds

any_file = any_bytes | kinds.flatmap(files)

_TITLES = {
    FileKind.CREDENTIALS: ["a", "b.c", "default", "profile", "services"],
    FileKind.CONFIG: [
        "default",
        "profile a",
        "profile b/c",
        "sso-session s",
        "services x",
        "preview",
    ],
}
_LINES = [
    "output = json",
    "s3 =\n  x = 1\n  y =  z",
    "x=é",
    "x.y = a#b",
    "; n\nz = 2",
    "# = :\nw=-",
]
_ODD = [
    " ",
    "\t",
    "#",
    " #",
    "\n",
    "\n ",
    "\r",
    "\r\n",
    ":",
    "=",
    "]",
    "[",
    '"',
    "'",
    "é",
    "!",
    "%",
]

_bodies = st.lists(st.sampled_from(_LINES), min_size=1, max_size=3, unique=True).map("\n".join)
_tidy = {
    kind: st.lists(
        st.tuples(st.sampled_from(titles), _bodies), max_size=3, unique_by=lambda part: part[0]
    ).map(lambda parts: "\n".join(f"[{title}]\n{body}\n" for title, body in parts))
    for kind, titles in _TITLES.items()
}


def _almost_tidy(kind: FileKind) -> st.SearchStrategy[bytes]:
    """A regular file with at most one irregularity."""

    def with_odd(text: str, at: int, odd: str) -> str:
        at %= len(text) + 1
        return text[:at] + odd + text[at:]

    odd = st.builds(with_odd, _tidy[kind], st.integers(0, 200), st.sampled_from(_ODD))
    return (odd | _tidy[kind]).map(str.encode)


def found(kind: FileKind, data: bytes, *, is_open: bool = False) -> list[Finding]:
    return lint(Looked([View.of(kind, kind.value, data, is_open=is_open)]))


@given(any_file, any_file, st.booleans())
def test_any_bytes_give_findings_in_order_with_their_lines(
    config: bytes, credentials: bytes, is_open: bool
) -> None:
    contents = {"config": config, "credentials": credentials}
    views = [View.of(FileKind(n), n, data, is_open=is_open) for n, data in contents.items()]
    findings = lint(Looked(views))
    places = [(finding.where.file, finding.where.line or 0) for finding in findings]
    assert places == sorted(places)
    assert all(line <= contents[file].count(b"\n") + 1 for file, line in places)
    assert all(f.message and f.fix and "\n" not in f.message + f.fix for f in findings)
    json.dumps([as_json(finding) for finding in findings])


@given(kinds, any_file)
@example(FileKind.CONFIG, b"[\xff\n")
def test_a_file_that_is_refused_has_an_error_in_that_line(kind: FileKind, data: bytes) -> None:
    try:
        interpret(Document(data, "file"), kind)
    except DocumentError as error:
        assert error.where is not None
        line = error.where.line
    else:
        return
    errors = {f.where.line for f in found(kind, data) if f.severity is Severity.ERROR}
    assert line in errors or data[:2] in (b"\xff\xfe", b"\xfe\xff")


@pytest.mark.parametrize("kind", FileKind)
@settings(max_examples=examples(150))
@given(st.data())
def test_file_without_findings_is_read_alike_by_botocore(
    kind: FileKind, data: st.DataObject
) -> None:
    content = data.draw(_almost_tidy(kind) | files(kind))
    if any(f.severity is not Severity.INFO for f in found(kind, content)):
        return
    with TemporaryDirectory() as name:
        path = Path(name, "file")
        path.write_bytes(content)
        try:
            theirs = (
                botocore.configloader.raw_config_parse(str(path))
                if kind is FileKind.CREDENTIALS
                else botocore.configloader.load_config(str(path))["profiles"]
            )
        except ConfigParseError as error:
            raise AssertionError(f"botocore refuses {content!r}") from error
    ours = interpret(Document(content, "file"), kind).profiles
    assert {name: {k: e.value for k, e in s.items()} for name, s in ours.items()} == theirs
