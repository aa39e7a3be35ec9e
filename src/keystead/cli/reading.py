"""Reads a command line: an ordinary one by the row of its command, any other one by `argparse`.

argparse, which gives help and errors and knows more spellings, takes as long as a short command.
"""

from __future__ import annotations

from keystead.cli.command import NO_INPUT, PROGRAM, Arguments
from keystead.cli.commands import name_of, row, rows
from keystead.errors import NameMissing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from keystead.cli.command import Argument, Command, Context, Run


def parse(words: Sequence[str]) -> tuple[Run, Arguments]:
    """The function of a command line and its arguments.

    Raises `UsageError`; `SystemExit` where argparse has printed help.
    """
    is_option = words[:1] == [NO_INPUT.names[0]]
    name = name_of(words[is_option:])
    if name and (command := row(name)).run:
        own = words[is_option + len(name.split()) :]
        run, args = command.run, read(command, own)
        if args is None and command.is_picked:
            run, args = _named(command), read(command, own, without_name=True)
        if args is not None:
            args.no_input |= is_option
            return run, args
    from keystead.cli.parser import build_parser

    found = vars(build_parser(rows(name)).parse_args(words))
    return found["run"], Arguments(**found)


def _named(command: Command) -> Run:
    """The function of a command that raises `NameMissing` without a name."""

    def run(context: Context, args: Arguments) -> int | None:
        if args.name is None:
            text = "the following arguments are required: NAME"  # as argparse says it
            raise NameMissing(text, hint=f"see `keystead {command.name} --help`")
        assert command.run  # noqa: S101  # the caller has looked
        return command.run(context, args)

    return run


def read(command: Command, words: Iterable[str], *, without_name: bool = False) -> Arguments | None:
    """The arguments after the name of a command; None where argparse must read them.

    ``without_name``: the name that can be picked is missing, and None.
    """
    try:
        own, program = command.split(words)
        arguments = [item for item in command.arguments if not (without_name and item.is_picked)]
        values = _values([*arguments, NO_INPUT], iter(own))
        if without_name:
            values["name"] = None
        if command.program:
            values[command.program.key] = program
        return Arguments(**values)
    except (LookupError, ValueError):  # an unknown option, a missing or a wrong value
        return None


def _values(arguments: list[Argument], words: Iterator[str]) -> dict[str, Any]:
    options = {name: item for item in arguments if item.is_option for name in item.names}
    places = [item for item in arguments if not item.is_option and item.nargs != PROGRAM]
    found: dict[str, Any] = {item.key: _default(item) for item in arguments}
    for word in words:
        if word.startswith("-"):
            name, tied, value = word.partition("=")
            item = options[name]
            if not item.is_flag:
                made = _value(item, value if tied else next(words, ""))
                repeated = item.options.get("action") == "append"
                found[item.key] = [*(found[item.key] or ()), made] if repeated else made
            elif tied:
                raise ValueError
            else:
                found[item.key] = True
        elif places[0].nargs in {"*", "+"}:
            found[places[0].key].append(_value(places[0], word))
        else:
            item = places.pop(0)
            found[item.key] = _value(item, word)
    if any(item.nargs not in {"?", "*"} and not found[item.key] for item in places):
        raise ValueError  # one is missing
    return found


def _default(item: Argument) -> object:
    if item.nargs in {"*", "+"}:
        return []
    return item.options.get("default", False if item.is_flag else None)


def _value(item: Argument, word: str) -> object:
    """The value that ``word`` means. Raises `ValueError`."""
    choices = item.options.get("choices")
    if not word or word.startswith("-") or (choices and word not in choices):
        raise ValueError
    return item.options.get("type", str)(word)
