"""The table of commands, and reading a command line by a row in place of argparse."""

from __future__ import annotations

import contextlib
import io
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import keystead.cli
from keystead.cli import completing
from keystead.cli.command import PROGRAM, ROWS, Argument, Command
from keystead.cli.commands import MODULES, name_of, rows
from keystead.cli.parser import Parser, build_parser
from keystead.cli.reading import read
from keystead.errors import UsageError

TABLE = rows()
RUNNABLE = [row for row in TABLE if row.run]
PARSER = build_parser(TABLE)


def test_each_command_is_a_row_of_the_module_that_the_table_names() -> None:
    for package in (keystead.cli, completing):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            __import__(found.name)
    assert set(ROWS) == set(MODULES)
    where = {row.name: row.run.__module__ for row in TABLE if row.run}
    assert where == {name: f"keystead.cli.{MODULES[name]}" for name in where}


def test_a_group_comes_before_its_commands() -> None:
    names = list(MODULES)
    for name in names:
        above = name.rpartition(" ")[0]
        assert not above or names.index(above) < names.index(name)


def test_each_argument_has_options_that_reading_knows() -> None:
    known = {"action", "choices", "default", "dest", "help", "metavar", "nargs", "type"}
    for row in TABLE:
        for item in row.arguments:
            assert item.options.keys() <= known
            assert item.options.get("action") in {None, "append", "store_true"}
            assert item.nargs in {None, "?", "*", "+", PROGRAM}
            assert item.nargs is None or not item.is_option


def values(item: Argument) -> st.SearchStrategy[str]:
    common = st.sampled_from(
        ["dev", "a b", "", "-", "--", "-1", "8080", "k=v", "list", "--json", "--no-input"]
    )
    return common | st.sampled_from([*map(str, item.options.get("choices") or ["x"])])


@st.composite
def lines(draw: st.DrawFn) -> tuple[Command, list[str]]:
    """A command with words for it, most of them valid."""
    row = draw(st.sampled_from(RUNNABLE))
    words: list[str] = []
    for item in draw(st.permutations(row.arguments)):
        if not draw(st.integers(0, 3)):
            continue
        value = draw(values(item))
        name = item.names[0]
        if not item.is_option:
            words += [value] * draw(st.sampled_from([1, 1, 1, 2]))
        elif draw(st.booleans()):
            words += [name] if item.is_flag else [name, value]
        elif not draw(st.integers(0, 4)):
            words.append(f"{name}={value}")
    extra = draw(
        st.lists(st.sampled_from(["--no-input", "--help", "--jso", "--", "x"]), max_size=1)
    )
    place = draw(st.integers(0, len(words)))
    return row, [*words[:place], *extra, *words[place:]]


def as_argparse(row: Command, words: list[str]) -> dict[str, object] | None:
    try:
        found = vars(PARSER.parse_args([*row.name.split(), *words]))
    except (UsageError, SystemExit):
        return None
    del found["parser"]
    assert found.pop("run") is row.run
    return found


@given(lines())
def test_what_a_row_reads_is_what_argparse_reads(line: tuple[Command, list[str]]) -> None:
    row, words = line
    found = read(row, words)
    if found is not None:
        whole = as_argparse(row, words)
        assert whole is not None
        # argparse adds the defaults of the commands above, such as `store protectors --json`.
        assert {**whole, **vars(found)} == whole


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("list", []),
        ("list", ["--json", "--all"]),
        ("show", ["dev", "--location", "/x"]),
        ("set", ["dev", "region=x", "--unset", "output", "k=v"]),
        ("remove", ["a", "--force", "b"]),
        ("exec", ["dev", "--", "aws", "s3", "--location"]),
        ("exec", ["--location", "/x", "dev", "true"]),
        ("env", ["dev", "--shell=bash"]),
        ("serve", ["--port", "8080", "dev", "--imds"]),
        ("plan", ["dev", "--session-policy-arn", "a", "--session-policy-arn", "b"]),
        ("store protectors", ["--json"]),
        ("store protectors add", ["keyfile", "--no-input"]),
        ("completion", ["zsh"]),
    ],
)
def test_an_ordinary_line_is_read_without_argparse(name: str, words: list[str]) -> None:
    assert read(rows(name)[0], words) is not None


def outcome(parser: Parser, words: list[str]) -> object:
    """What a parser makes of a line: the arguments, the help, or the error with its hint."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            found = vars(parser.parse_args(words))
    except UsageError as error:
        return error.id, str(error), error.hint
    except SystemExit:
        return printed.getvalue()
    return {name: value for name, value in found.items() if name != "parser"}


EXEC_LINES = {
    ("dev",): ("dev", None),
    ("dev", "--"): ("dev", []),
    ("dev", "sh"): ("dev", ["sh"]),
    ("dev", "git", "log", "--", "x"): ("dev", ["git", "log", "--", "x"]),
    ("dev", "--", "--json"): ("dev", ["--json"]),
    ("--location", "/x", "dev", "--endpoint", "sh", "--location"): ("dev", ["sh", "--location"]),
    (): (None, None),
    ("--",): (None, []),
    ("--", "sh", "-c", "x"): (None, ["sh", "-c", "x"]),
    ("--endpoint", "--", "sh"): (None, ["sh"]),
    ("--location", "/x", "--", "sh"): (None, ["sh"]),
    ("--location=/x", "--no-input", "--", "--", "x"): (None, ["--", "x"]),
}
"""The words after `exec`, with the profile and the command that they mean."""


@pytest.mark.parametrize("words", EXEC_LINES, ids=" ".join)
def test_exec_knows_where_the_command_begins(words: tuple[str, ...]) -> None:
    row = rows("exec")[0]
    found = read(row, words)
    assert found is not None
    assert (found.name, found.command) == EXEC_LINES[words]
    assert as_argparse(row, [*words]) == vars(found)


PIECES = sorted(
    {*" ".join(MODULES).split(), "--no-input", "--json", "--jsn", "-h", "lst", "", "a b"}
)


@given(lines())
def test_a_name_that_can_be_picked_is_the_only_thing_that_may_be_missing(
    line: tuple[Command, list[str]],
) -> None:
    row, words = line
    if row.is_picked and read(row, words) is None:
        found = read(row, words, without_name=True)
        if found is not None:
            assert found.name is None
            assert read(row, ["dev", *words]) is not None


@given(st.lists(st.sampled_from(PIECES), max_size=4) | st.sampled_from([*MODULES]).map(str.split))
def test_a_parser_of_the_rows_of_one_command_is_the_parser_of_all(words: list[str]) -> None:
    assert outcome(build_parser(rows(name_of(words))), words) == outcome(PARSER, words)
