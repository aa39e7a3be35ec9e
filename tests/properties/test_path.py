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


@pytest.mark.parametrize(
    "pattern", ["*", "*.json", ".*.lock", "a*.json", "?.json", "*/a.json", "a"]
)
def test_files_are_found_as_by_pathlib(pattern: str, tmp_path: pathlib.Path) -> None:
    for name in ("a.json", "b.json", ".json", ".a.lock", "a"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.json").touch()
    for folder in (tmp_path, tmp_path / "missing", tmp_path / "a"):
        found = {*map(str, Path(folder).glob(pattern))}
        assert found == {*map(str, folder.glob(pattern))}
