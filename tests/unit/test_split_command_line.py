"""Splitting command lines into words, by the rules of Windows and of POSIX."""

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.model.command_line import needs_shell, split_posix, split_windows

WORDS = st.lists(st.text("ab \t\\\"'$", max_size=8), max_size=5)

WINDOWS = [
    (r"C:\bin\helper.exe --name x", [r"C:\bin\helper.exe", "--name", "x"]),
    (r'"C:\Program Files\helper.exe" "a b"', [r"C:\Program Files\helper.exe", "a b"]),
    (r'h "a\\" b', ["h", "a\\", "b"]),
    (r"h a\"b", ["h", 'a"b']),
    (r"h a\\\"b", ["h", r"a\"b"]),
    (r'h "a""b"', ["h", 'a"b']),
    (r'h "" x', ["h", "", "x"]),
    (r"h 'a b'", ["h", "'a", "b'"]),
    (r"h \\server\share", ["h", r"\\server\share"]),
    ("", []),
    (" \t", []),
]


@pytest.mark.parametrize(("command", "words"), WINDOWS)
def test_windows_splits_words_like_its_c_library(command: str, words: list[str]) -> None:
    assert split_windows(command) == words


@given(WORDS)
def test_windows_reads_what_the_standard_library_writes(words: list[str]) -> None:
    assert split_windows(subprocess.list2cmdline(words)) == words


@given(WORDS)
def test_posix_reads_what_the_standard_library_writes(words: list[str]) -> None:
    assert split_posix(shlex.join(words)) == words


@pytest.mark.parametrize("split", [split_posix, split_windows])
def test_unclosed_quote_is_refused(split: object) -> None:
    with pytest.raises(ValueError):
        split('h "a')  # type: ignore[operator]


@pytest.mark.parametrize(
    "word", ["|", ">", "2>&1", "<in", "a;", "$(x)", "$HOME", "`x`", "~/x", "~"]
)
def test_shell_syntax_is_recognised(word: str) -> None:
    assert needs_shell(["helper", word])


@pytest.mark.parametrize(
    "word", ["a~b", "5$", "a=b", "--x", "a@b", "arn:aws:iam::1:role/x", "^a$", "https://x/?a=b&c=d"]
)
def test_plain_words_are_not_taken_for_shell_syntax(word: str) -> None:
    assert not needs_shell(["helper", word])
