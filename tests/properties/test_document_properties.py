"""Invariants of every shared file and every edit, on generated ones.

An edit followed by its inverse restores the file to the byte in these cases, and no others are
promised: a setting or nested line that was not there, set and unset (a block that was there with
no line in it is removed with the line); a plain value that was not empty, changed and changed back; a
profile added or copied and removed, in a file that has more than blank lines; a profile renamed
and renamed back, where its header is spelled as keystead spells it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from keystead.errors import DocumentError
from keystead.stores.shared_file import SharedFile
from keystead.text.dialect import FileKind, Reading, interpret
from keystead.text.document import Document
from keystead.text.pieces import Section, Span
from tests.effort import examples
from tests.properties.shared_files import (
    INNER,
    KEYS,
    NAMES,
    NEW_KEY,
    NEW_NAME,
    any_bytes,
    files,
    kinds,
    values,
)

quick = settings(max_examples=examples(150))
Meaning = dict[str, dict[str, str | dict[str, str]]]
names = st.sampled_from(NAMES)
keys = st.sampled_from([*KEYS, NEW_KEY, "s3.y", "s3.new", "region.x"])
blocks = st.dictionaries(st.sampled_from([*INNER, "z"]), values, min_size=1)
kinds_and_files = kinds.flatmap(lambda kind: st.tuples(st.just(kind), files(kind)))


def opened(data: bytes, kind: FileKind) -> SharedFile:
    return SharedFile(Path("file"), kind, Document(data, "file"), None)


def reading(file: SharedFile) -> Reading:
    return interpret(Document(file.document.data, "file"), file.kind)


def meaning(file: SharedFile) -> Meaning:
    """The profiles of a file, read from the bytes it would be written as."""
    return {
        name: {
            key: dict(entry.value) if isinstance(entry.value, Mapping) else entry.value
            for key, entry in settings.items()
        }
        for name, settings in reading(file).profiles.items()
    }


def others(file: SharedFile) -> object:
    found = reading(file)
    return [
        {n: {k: e.value for k, e in s.items()} for n, s in kind.items()}
        for kind in (found.sso_sessions, found.services)
    ]


def bare(line: str) -> str:
    return line.removesuffix("\r\n") if line.endswith("\r\n") else line.removesuffix("\n")


def lines_of(document: Document, sections: list[Section], key: str) -> set[int]:
    """The numbers of the lines that set ``key`` or the block it names a line of."""
    wanted = {key.lower(), key.partition(".")[0].lower()}
    named: set[int] = set()
    for section in sections:
        for item in document.properties(section):
            if item.name.lower() in wanted:
                named |= {document.text.count("\n", 0, s.start) for s in (item.span, *item.more)}
    return named


def assert_others_stay(before: SharedFile, after: SharedFile, named: set[int], added: int) -> None:
    """All lines of ``before`` but the named ones are in ``after``, in order; few were added.

    Only the last line may gain or lose its line end, where the file had none at its end.
    """
    old = before.document.text.split("\n")
    new = after.document.text.split("\n")
    open_end = old[-1] != ""
    kept = [line + "\n" for n, line in enumerate(old[:-1]) if n not in named]
    if open_end and len(old) - 1 not in named:
        kept.append(old[-1])
    left = [line + "\n" for line in new[:-1]] + ([new[-1]] if new[-1] else [])
    rest = iter(left)
    for line in kept:
        same = (bare(line) == bare(other) if open_end else line == other for other in rest)
        assert any(same), f"{line!r} is gone"
    assert len(left) - len(kept) <= added
    assert before.document.has_bom == after.document.has_bom


@quick
@given(any_bytes, kinds)
def test_any_bytes_give_a_meaning_or_an_error_with_its_line(data: bytes, kind: FileKind) -> None:
    try:
        document = Document(data, "some/file")
        interpret(document, kind)
    except DocumentError as error:
        assert error.where is not None
        assert error.where.file == "some/file"
        assert 1 <= (error.where.line or 0) <= data.count(b"\n") + 1
    else:
        assert document.splice([]).data == data


@quick
@given(kinds_and_files)
def test_an_accepted_file_prints_back_to_the_byte(given_file: tuple[FileKind, bytes]) -> None:
    kind, data = given_file
    file = opened(data, kind)
    file.document.check()
    assert file.document.splice([]).data == data


def applied(known: dict[str, str | dict[str, str]], key: str, value: str) -> None:
    block, _, inner = key.partition(".")
    if inner and key not in known:
        there = known.get(block)
        known[block] = {**(there if isinstance(there, dict) else {}), inner: value}
    else:
        known[key] = value


@quick
@given(kinds_and_files, names, keys, values)
def test_set_changes_one_setting(
    given_file: tuple[FileKind, bytes], name: str, key: str, value: str
) -> None:
    before = opened(given_file[1], given_file[0])
    expected, rest = meaning(before), others(before)
    named = lines_of(before.document, before.sections(name), key)
    applied(expected.setdefault(name, {}), key, value)
    after = before.set(name, key, value)
    assert expected == meaning(after)
    assert rest == others(after)
    # Nothing there: a blank line, a header and two lines. A value there: the named lines again.
    assert_others_stay(before, after, named, 4 if not before.sections(name) else len(named) + 2)
    assert after.set(name, key, value) is after


@quick
@given(kinds_and_files, names, st.sampled_from(["s3", "region", NEW_KEY]), blocks)
def test_set_a_block_changes_one_block(
    given_file: tuple[FileKind, bytes], name: str, key: str, block: dict[str, str]
) -> None:
    before = opened(given_file[1], given_file[0])
    expected = meaning(before)
    named = lines_of(before.document, before.sections(name), key)
    expected.setdefault(name, {})[key] = block
    after = before.set(name, key, block)
    assert expected == meaning(after)
    assert_others_stay(before, after, named, len(named) + len(block) + 3)


@quick
@given(kinds_and_files, names, keys)
def test_unset_removes_one_setting(given_file: tuple[FileKind, bytes], name: str, key: str) -> None:
    before = opened(given_file[1], given_file[0])
    expected = meaning(before)
    named = lines_of(before.document, before.sections(name), key)
    known = expected.get(name, {})
    block, _, inner = key.partition(".")
    there = known.get(block)
    if key in known:
        del known[key]
    elif inner and isinstance(there, dict) and inner in there:
        del there[inner]
        if not there:
            del known[block]
    after = before.unset(name, key)
    assert expected == meaning(after)
    assert_others_stay(before, after, named, len(named))


@quick
@given(kinds_and_files, names)
def test_remove_deletes_one_section(given_file: tuple[FileKind, bytes], name: str) -> None:
    before = opened(given_file[1], given_file[0])
    expected, rest = meaning(before), others(before)
    expected.pop(name, None)
    after = before.removed(name)
    assert expected == meaning(after)
    assert rest == others(after)
    # Blank lines and comments around it may go with it; of the rest, what its sections hold.
    text = before.document
    doomed = [*before.sections(name), *(s for s in text.sections if s.title == name == "default")]
    lines = list(text.lines(Span(0, len(text.text))))
    gone = {
        number
        for number, line in enumerate(lines)
        if any(s.start <= line.start < s.body.end for s in doomed)
        or (doomed and (text.is_blank(line) or text.is_comment(line)))
    }
    assert_others_stay(before, after, gone, len(gone))


@quick
@given(kinds_and_files, names, st.sampled_from([NEW_NAME, "default"]))
def test_rename_changes_one_header(given_file: tuple[FileKind, bytes], old: str, new: str) -> None:
    before = opened(given_file[1], given_file[0])
    assume(not before.sections(new))
    expected, rest = meaning(before), others(before)
    if old in expected:
        expected[new] = expected.pop(old)
    titles = {before.document.text.count("\n", 0, s.start) for s in before.sections(old)}
    after = before.renamed(old, new)
    assert expected == meaning(after)
    assert rest == others(after)
    hidden = {s for s in before.document.sections if s.title == "default"}
    if old != "default" or hidden <= set(before.sections(old)):
        assert_others_stay(before, after, titles, len(titles))


@quick
@given(kinds_and_files, names)
def test_copy_adds_one_section(given_file: tuple[FileKind, bytes], name: str) -> None:
    before = opened(given_file[1], given_file[0])
    expected, rest = meaning(before), others(before)
    there = name in expected
    if there:
        expected[NEW_NAME] = expected[name]
    after = before.copied(name, NEW_NAME)
    assert expected == meaning(after)
    assert rest == others(after)
    assert_others_stay(before, after, set(), after.document.text.count("\n") + 1 if there else 0)
    twice = [w for w in reading(after).warnings if NEW_NAME in w.message and "twice" in w.message]
    assert twice == []


def one_of(file: SharedFile, data: st.DataObject) -> str:
    """The name of some profile of the file."""
    there = sorted(reading(file).profiles)
    assume(there)
    return data.draw(st.sampled_from(there))


@quick
@given(kinds_and_files, st.data(), st.sampled_from([NEW_KEY, "s3.new", "fresh.x"]), values)
def test_setting_what_was_not_there_and_unsetting_it_restores_the_file(
    given_file: tuple[FileKind, bytes], data: st.DataObject, key: str, value: str
) -> None:
    before = opened(given_file[1], given_file[0])
    name = one_of(before, data)
    block = meaning(before)[name].get(key.partition(".")[0], {})
    empty = any(
        item.name == key.partition(".")[0] and not item.nested
        for section in before.sections(name)
        for item in before.document.properties(section)
    )
    assume(isinstance(block, dict) and not empty)
    after = before.set(name, key, value)
    assert after is not before
    assert before.document.data == after.unset(name, key).document.data


@quick
@given(kinds_and_files, st.data(), values.filter(bool))
def test_changing_a_value_and_changing_it_back_restores_the_file(
    given_file: tuple[FileKind, bytes], data: st.DataObject, value: str
) -> None:
    kind, start = given_file
    title = "plain" if kind is FileKind.CREDENTIALS else "profile plain"
    before = opened(start + f"\n[{title}]\nkey =\told; # note".encode(), kind)
    plain = [
        (name, key, text)
        for name, settings in meaning(before).items()
        for key, text in settings.items()
        if isinstance(text, str) and text and "\n" not in text
    ]
    name, key, old = data.draw(st.sampled_from(plain))
    parts = [section for parts in before.parts(name) for section in parts]
    lines = [item for part in parts for item in before.document.properties(part)]
    assume([item.name.lower() for item in lines].count(key) == 1)  # doubled ones all change
    after = before.set(name, key, value)
    assert before.document.data == after.set(name, key, old).document.data


@quick
@given(kinds_and_files, names, st.booleans())
def test_adding_or_copying_and_removing_restores_the_file(
    given_file: tuple[FileKind, bytes], name: str, copied: bool
) -> None:
    before = opened(given_file[1], given_file[0])
    assume(before.document.text.strip(" \t\r\n"))
    after = before.copied(name, NEW_NAME) if copied else before.set(NEW_NAME, "x", "1")
    assert before.document.data == after.removed(NEW_NAME).document.data


@quick
@given(kinds_and_files, st.data())
def test_renaming_there_and_back_restores_the_file(
    given_file: tuple[FileKind, bytes], data: st.DataObject
) -> None:
    before = opened(given_file[1], given_file[0])
    name = one_of(before, data)
    prefix = "" if before.kind is FileKind.CREDENTIALS or name == "default" else "profile "
    titles = [section.title for section in before.sections(name)]
    hidden = [s for s in before.document.sections if s.title == name == "default"]
    assume(all(title == prefix + name for title in titles) and len(hidden) in (0, len(titles)))
    after = before.renamed(name, NEW_NAME)
    assert before.document.data == after.renamed(NEW_NAME, name).document.data


# Some reader takes time by the square of the size for each of these. One of linear cost is done
# with all of them in seconds, with quadratic cost the first one would time out.
LONG = {
    "continuation lines": (b"[a]\nx = 1\n", b" y\n", 1 << 18),
    "open brackets": (b"", b"[", 1 << 20),
    "one line": (b"[a]\nx = ", b"y ", 1 << 20),
    "equals signs": (b"[a]\nx ", b"=", 1 << 20),
    "blanks in a header": (b"[profile", b" ", 1 << 20),
    "headers": (b"", b"[a]\n", 1 << 16),
    "nested lines": (b"[a]\ns3 =\n", b" y=1\n", 1 << 17),
    "blank lines": (b"[a]\nx = 1\n", b"\n", 1 << 16),
    "comments": (b"[a]\nx = 1\n", b"#\n", 1 << 16),
}


@pytest.mark.parametrize("what", LONG)
def test_long_repetitions_are_read_and_edited_in_linear_time(what: str) -> None:
    head, part, size = LONG[what]
    data = head + part * (size // len(part))
    try:
        file = opened(
            data + (b"a]\n" if what == "blanks in a header" else b""), FileKind.CREDENTIALS
        )
        found = meaning(file)
    except DocumentError:
        assert what == "open brackets"
        return
    assert len(found) == (0 if what == "blanks in a header" else 1)
    changed = file.set("a", "x", "2").set("new", "x", "1").unset("a", "s3.y").renamed("a", "c")
    assert meaning(changed)["new"] == {"x": "1"}
    assert changed.copied("c", "d").removed("c").sections("c") == []
