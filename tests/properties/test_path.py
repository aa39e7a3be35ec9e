"""The path class of POSIX does what `pathlib` does."""

import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.system.path import Path

pytestmark = pytest.mark.posix("the class that takes the place of pathlib's")

TEXTS = st.lists(st.sampled_from(["/", "//", ".", "..", "a", ".b", "c.json", "a b"])).map("".join)


@given(TEXTS, TEXTS)
def test_a_path_is_that_of_pathlib(text: str, more: str) -> None:
    ours, theirs = Path(text), pathlib.PurePosixPath(text)
    assert str(ours) == str(theirs)
    assert ours == pathlib.Path(text)
    assert pathlib.Path(text) == ours
    assert ours != text
    assert (ours.name, ours.parts, ours.stem) == (theirs.name, theirs.parts, theirs.stem)
    assert str(ours.parent) == str(theirs.parent)
    assert [*map(str, ours.parents)] == [*map(str, theirs.parents)]
    assert str(ours / more) == str(theirs / more)
    assert ours.is_relative_to(more) == theirs.is_relative_to(more)
    assert (ours < Path(more)) == (theirs < pathlib.PurePosixPath(more))
    assert hash(ours) == hash(Path(str(theirs)))
