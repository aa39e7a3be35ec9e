"""The argument parser for a table of commands, with errors that follow the message rules.

It overrides argparse's hooks for values, choices and numbers of words, so that errors do not use
argparse's text. Errors never repeat a value: it may be a secret in the wrong place.
"""

from __future__ import annotations

import argparse
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from keystead._version import __version__
from keystead.cli.command import NO_INPUT, PROGRAM, Argument, Command
from keystead.console.console import Console
from keystead.errors import UsageError
from keystead.near import did_you_mean, near_names
from keystead.secret import reads_as_name

_ALIKE = 0.75
"""The minimum likeness of an option to suggest."""

_COMMAND_NAME = re.compile(r"[A-Za-z-]{1,20}")
"""A word in place of a command that errors may repeat."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors follow the message rules.

    ``several`` is the argument that takes any number of words, also on both sides of an option,
    which argparse does not support. ``row`` is the command, whose program's words argparse does
    not see. ``children`` are the parsers of the subcommands.
    """

    several: str | None = None
    row: Command | None = None
    children: Mapping[str, Parser] = {}

    def child(self, name: str, **options: Any) -> Parser:  # noqa: ANN401  # argparse's
        """A new parser for the subcommand ``name``."""
        if not self.children:
            self._rows = self.add_subparsers(metavar="COMMAND", parser_class=Parser, prog=self.prog)
            self.children = self._rows.choices
        return self._rows.add_parser(name, allow_abbrev=False, exit_on_error=False, **options)

    def _print_message(self, message: str, file: object = None) -> None:
        """Help and version are data. Raises as `Console.out`."""
        del file
        Console().out(message.removesuffix("\n"))

    def parse_args(  # type: ignore[override]  # argparse's is overloaded
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """The arguments of a command line. Raises `UsageError`."""
        leading = list(itertools.takewhile(lambda word: word.startswith("-"), args or ()))
        if unknown := self._unknown_options(leading):
            raise self.surplus(unknown)
        found, rest = self.parse_known_args(args, namespace)
        parser: Parser = found.parser
        if rest:
            raise parser.surplus(rest)
        if found.run is None:
            names = ", ".join(f"`{name}`" for name in parser.children)
            raise parser.usage_error(f"`{parser.prog}` needs a command: {names}")
        return found

    def parse_known_args(  # type: ignore[override]  # as above
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """The arguments, and the words that are none. Raises `UsageError`."""
        program = None
        if self.row and args is not None:
            args, program = self.row.split(args)
        try:
            found, rest = super().parse_known_args(args, namespace)
        except argparse.ArgumentError as error:
            if error.argument_name:  # other errors about an argument are raised by the hooks
                raise self.usage_error(f"`{error.argument_name}` does not take a value") from None
            raise self._incomplete(error.message, args or ()) from None
        if self.several and rest and not any(word.startswith("-") for word in rest):
            getattr(found, self.several).extend(rest)
            rest = []
        if self.row and self.row.program:
            setattr(found, self.row.program.key, program)
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Raise an `argparse.ArgumentError` without an argument."""
        raise argparse.ArgumentError(None, message)

    def _incomplete(self, message: str, args: Sequence[str]) -> UsageError:
        """The error for missing arguments, which ``message`` lists."""
        # A misspelt option is the more likely cause.
        unknown = [] if self.children else self._unknown_options(args)
        return self.surplus(unknown) if unknown else self.usage_error(message)

    def usage_error(self, text: str, *hints: str, id: str | None = None) -> UsageError:  # noqa: A002  # as in `UsageError`
        """The error, with a hint at the help of this command."""
        return UsageError(text, id=id, hint="; ".join([*hints, f"see `{self.prog} --help`"]))

    def surplus(self, words: Sequence[str]) -> UsageError:
        """The error for unexpected words."""
        options = [word for word in words if word.startswith("-")]
        if not options:
            return self.usage_error(f"too many arguments for `{self.prog}`")
        names, meant = [_option_name(word) for word in options], self._meant(options)
        what = "unknown option" if len(names) == 1 else "unknown options"
        shown = ", ".join(f"`{name}`" for name in names if reads_as_name(name))
        hints = [did_you_mean(meant)] if meant else []
        if self.children and not meant:
            hints.append("the options of a command follow its name")
        return self.usage_error(f"{what} {shown}".rstrip(), *hints)

    def _meant(self, options: Iterable[str]) -> list[str]:
        """The most similar option for each of ``options``."""
        known = [name for name in self._option_string_actions if name.startswith("--")]
        words = ["--" + word.partition("=")[0].lstrip("-") for word in options]
        found = [near_names(word, known, likeness=_ALIKE) for word in words]
        return list(dict.fromkeys(names[0] for names in found if names))

    def _unknown_options(self, args: Sequence[str]) -> list[str]:
        """The unknown options before ``--``."""
        own = args[: args.index("--")] if "--" in args else args
        known = self._option_string_actions
        return [
            word
            for word in own
            if word[:1] == "-" and len(word) > 1 and _option_name(word) not in known
        ]

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401  # argparse's
        if action.choices is None or value in action.choices:
            return
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # it has no public name
            raise self._no_command(str(value))
        meant = near_names(str(value), map(str, action.choices))
        choices = "choose " + ", ".join(f"`{choice}`" for choice in action.choices)
        hint = did_you_mean(meant) if meant else choices
        raise self.usage_error(f"invalid value for {_shown(action)}", hint)

    def _no_command(self, name: str) -> UsageError:
        if not _COMMAND_NAME.fullmatch(name) or name.startswith("-"):
            return self.usage_error(f"`{self.prog}` has no such command", id="unknown-command")
        names, lowered = self.children, name.lower()
        below = [path for path in self.paths() if path.split()[-1] == lowered]
        meant = [lowered] if lowered in names else below or near_names(name, names)
        hints = [did_you_mean(f"{self.prog} {path}" for path in meant)] if meant else []
        text = f"there is no command `{self.prog} {name}`"
        return self.usage_error(text, *hints, id="unknown-command")

    def paths(self) -> Iterator[str]:
        """The full name of each command below, such as ``store init``."""
        for name, child in self.children.items():
            yield name
            yield from (f"{name} {path}" for path in child.paths())

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:  # noqa: ANN401  # argparse's
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError as error:
            # The text of the types' `ValueError` follows the name of the value.
            raise self.usage_error(f"the value of {_shown(action)} {error.__context__}") from None

    def _match_argument(self, action: argparse.Action, arg_strings_pattern: str) -> int:
        try:
            count: int = super()._match_argument(action, arg_strings_pattern)
        except argparse.ArgumentError:
            raise self.usage_error(f"{_shown(action)} needs a value") from None
        return count


def _option_name(word: str) -> str:
    """The option's name in ``word``, without a value after ``=`` or a short option."""
    return word.partition("=")[0] if word.startswith("--") else word[:2]


def _shown(action: argparse.Action) -> str:
    return f"`{action.option_strings[-1] if action.option_strings else action.metavar}`"


def build_parser(rows: Iterable[Command]) -> Parser:
    """The parser for these rows; its result has the chosen function in ``run``."""
    top = Parser(
        prog="keystead",
        exit_on_error=False,
        description="AWS credential profiles: stored safely, explained, passed to any program.",
        epilog="Cmdlets of the AWS Tools for PowerShell work too: keystead help cmdlets",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"keystead {__version__}")
    _add_arguments(top, ())
    top.set_defaults(no_input=False, run=None, parser=top)
    parsers = {"": top}
    for row in rows:
        words = row.name.split()
        for length in range(1, len(words)):
            name = " ".join(words[:length])
            if name not in parsers:  # only its child is wanted
                parsers[name] = parsers[" ".join(words[: length - 1])].child(words[length - 1])
        parent = parsers[" ".join(words[:-1])]
        parsers[row.name] = own = parent.child(
            words[-1],
            help=row.summary,
            description=f"{row.summary[:1].upper()}{row.summary[1:]}.",
            epilog=row.details or None,
        )
        own.set_defaults(run=row.run, parser=own)
        own.row = row
        _add_arguments(own, row.arguments)
    return top


def _add_arguments(parser: Parser, arguments: Iterable[Argument]) -> None:
    for item in arguments:
        is_program = item.nargs == PROGRAM
        parser.add_argument(*item.names, **item.options | ({"nargs": "*"} if is_program else {}))
        if item.options.get("nargs") in {"*", "+"}:
            parser.several = item.names[0]
    parser.add_argument(*NO_INPUT.names, **NO_INPUT.options, default=argparse.SUPPRESS)
