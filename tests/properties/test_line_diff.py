"""The diff of a dry run: as `difflib` has it, for real edits of long files and for any lines."""

from __future__ import annotations

from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from keystead.errors import DocumentError
from keystead.stores.shared_file import SharedFile
from keystead.text.dialect import FileKind
from keystead.text.document import Document, Grammar
from keystead.text.line_diff import LineDiff
from keystead.text.masked import MaskedText
from tests.effort import examples
from tests.properties.shared_files import any_bytes, files, kinds

Edit = Callable[[SharedFile, str], SharedFile]
COUNT = 70
EDITS: dict[str, Edit] = {
    "set": lambda file, name: file.set(name, "region", "eu-west-9"),
    "add a setting": lambda file, name: file.set(name, "color", "red"),
    "add a block": lambda file, name: file.set(name, "s3.max_queue_size", "7"),
    "unset": lambda file, name: file.unset(name, "output"),
    "rename": lambda file, name: file.renamed(name, "fresh"),
    "remove": lambda file, name: file.removed(name),
    "copy": lambda file, name: file.copied(name, "fresh"),
    "add a profile": lambda file, _: file.set("fresh", "region", "eu-west-1"),
}
LINES = ["region = eu-west-1", "output = json", "# note", "", "aws_access_key_id = AKIAI"]
bodies = st.lists(st.sampled_from(LINES), min_size=2, max_size=4)
quick = settings(max_examples=examples(60), deadline=None)


def plain_hunks(before: list[str], after: list[str]) -> list[object]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return list(matcher.get_grouped_opcodes(3))


@quick
@given(st.data())
def test_an_edit_of_a_long_file_is_shown_as_difflib_shows_it(data: st.DataObject) -> None:
    shapes = data.draw(st.lists(bodies, min_size=1, max_size=4))
    edit = EDITS[data.draw(st.sampled_from(sorted(EDITS)))]
    number = data.draw(st.integers(0, COUNT - 1))
    lines = [
        line for n in range(COUNT) for line in (f"[profile p{n}]", *shapes[n % len(shapes)], "")
    ]
    written = ("\n".join(lines) + data.draw(st.sampled_from(["", "\n"]))).encode()
    document = Document(written, "config", grammar=Grammar.TOLERANT)
    file = SharedFile(Path("config"), FileKind.CONFIG, document, None)
    before, after = (
        MaskedText(each.document.data, "config").lines for each in (file, edit(file, f"p{number}"))
    )
    assert len(before) * len(after) > 40_000, "compared by difflib alone"
    assert list(LineDiff(before, after).get_grouped_opcodes(3)) == plain_hunks(before, after)


few_lines = st.lists(st.sampled_from("abcdefghijkl"), max_size=12)
apart = st.lists(st.sampled_from("xyz"), max_size=3)


@quick
@given(few_lines, few_lines, st.sampled_from([0, 4, 40_000]))
def test_the_blocks_are_equal_lines_in_order(
    before: list[str], after: list[str], cheap: int
) -> None:
    *blocks, end = LineDiff(before, after, cheap).get_matching_blocks()
    assert end == (len(before), len(after), 0)
    i = j = 0
    for a, b, size in blocks:
        assert a >= i
        assert b >= j
        assert a > i or b > j or not i, "adjacent blocks are one"
        assert size
        assert before[a : a + size] == after[b : b + size]
        i, j = a + size, b + size


@quick
@given(kinds.flatmap(files) | any_bytes, st.data())
def test_a_part_of_a_file_is_masked_as_the_whole(written: bytes, data: st.DataObject) -> None:
    try:
        text = MaskedText(written, "file")
    except DocumentError:
        return
    whole = list(text.shown(0, len(text.lines)))
    first = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(first, len(whole)))
    assert list(MaskedText(written, "file").shown(first, end)) == whole[first:end]
