"""Every way of reading a shared file gives the same as the one that goes line by line."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from keystead.errors import DocumentError
from keystead.text.dialect import FileKind, profiles
from keystead.text.document import Document
from tests.effort import examples
from tests.properties.shared_files import NAMES, any_bytes, files, kinds, tidy_files
from tests.readings import assert_ways_agree

quick = settings(max_examples=examples(300))


@quick
@given(any_bytes, kinds)
def test_on_any_bytes(data: bytes, kind: FileKind) -> None:
    assert_ways_agree(data, kind)


@quick
@given(kinds.flatmap(lambda kind: st.tuples(files(kind), st.just(kind))))
def test_on_files_that_are_accepted(file: tuple[bytes, FileKind]) -> None:
    assert_ways_agree(*file)


@quick
@given(tidy_files, kinds)
def test_on_files_that_are_mostly_of_the_usual_shape(data: bytes, kind: FileKind) -> None:
    assert_ways_agree(data, kind)


@quick
@given(any_bytes | kinds.flatmap(files), kinds, st.sampled_from(NAMES) | st.text(max_size=3))
def test_a_look_up_in_any_bytes_ends_in_words(data: bytes, kind: FileKind, name: str) -> None:
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
