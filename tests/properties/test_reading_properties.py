"""Every reader of a shared file agrees with the line-by-line reader."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from keystead.errors import DocumentError
from keystead.stores.shared_file import SharedFile
from keystead.text.dialect import FileKind, profiles, read_header
from keystead.text.document import Document, Grammar
from tests.effort import examples
from tests.properties.shared_files import NAMES, any_bytes, files, kinds, tidy_files
from tests.readings import assert_ways_agree

quick = settings(max_examples=examples(150))


@quick
@given(any_bytes, kinds)
def test_readers_agree_on_any_bytes(data: bytes, kind: FileKind) -> None:
    assert_ways_agree(data, kind)


@quick
@given(kinds.flatmap(lambda kind: st.tuples(files(kind), st.just(kind))))
def test_readers_agree_on_valid_files(file: tuple[bytes, FileKind]) -> None:
    assert_ways_agree(*file)


@quick
@given(tidy_files, kinds)
def test_readers_agree_on_mostly_ordinary_files(data: bytes, kind: FileKind) -> None:
    assert_ways_agree(data, kind)


@quick
@given(any_bytes | kinds.flatmap(files), kinds, st.sampled_from(NAMES) | st.text(max_size=3))
def test_lookup_in_any_bytes_never_crashes(data: bytes, kind: FileKind, name: str) -> None:
    try:
        found = profiles(Document(data, "some/file"), kind, name)
    except DocumentError as error:
        assert error.where is not None
        assert 1 <= (error.where.line or 0) <= data.count(b"\n") + 1
    else:
        assert all(isinstance(values, dict) for values in found.values())


@quick
@given(st.text("a\n", max_size=40), st.lists(st.integers(0, 40)))
def test_lines_have_the_same_numbers_in_any_order(text: str, places: list[int]) -> None:
    document = Document(text.encode(), "file")
    for at in places:
        assert document.line(at) == text.count("\n", 0, at) + 1


LINES = st.sampled_from(
    [
        *("[sso-session a]", "[sso-session b] # x", " [sso-session c]", "[sso-session"),
        *("[ sso-session d ]", "[sso-session 'e f']", "[profile sso-session]", "[profile p]"),
        *("x = sso-session", "# sso-session", "  sso-session = 2", "y = 1", ""),
    ]
)


@given(st.lists(LINES, max_size=7), st.sampled_from(["\n", "\r\n", "\r"]))
def test_headers_of_a_kind_are_found_without_reading_the_others(lines: list[str], end: str) -> None:
    document = Document(end.join(lines).encode(), "file", grammar=Grammar.TOLERANT)
    file = SharedFile(Path("file"), FileKind.CONFIG, document, None)
    headers = (
        read_header(section.title, FileKind.CONFIG, Grammar.TOLERANT)
        for section in document.sections
    )
    expected = [header for header in headers if header.kind == "sso-session"]
    assert [*file.headers("sso-session")] == expected
