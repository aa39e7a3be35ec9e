"""The argument parser that a table of commands makes, with errors that follow the message rules.

argparse is asked at its hooks for values, choices and numbers of words, so that an error is made
from what it is about and never from argparse's words. No error repeats what was typed as a value
or behind an option: it may be a secret in the wrong place.
"""

from __future__ import annotations

import argparse
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn

from keystead._version import __version__
from keystead.cli.command import NO_INPUT, Argument, Command
from keystead.errors import UsageError
from keystead.near import did_you_mean, near_names
from keystead.secret import reads_as_name

_ALIKE = 0.75
"""How much an option has in common, at least, with what was typed in its place."""

_COMMAND_NAME = re.compile(r"[A-Za-z-]{1,20}")
"""What may be repeated of a word that stands where a command is due."""


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors follow the message rules.

    ``several`` names the argument that takes any number of words. They may stand on both sides of
    an option, which argparse by itself does not know. ``rows`` are the commands below this one,
    of which ``required`` says whether there must be one.
    """

    several: str | None = None
    rows: Sequence[Command] = ()
    required = False

    def parse_args(  # type: ignore[override]  # argparse's has one spelling for each use
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        leading = list(itertools.takewhile(lambda word: word.startswith("-"), args or ()))
        if unknown := self._unknown_options(leading):
            raise self.surplus(unknown)
        found, rest = self.parse_known_args(args, namespace)
        parser: _Parser = found.parser
        if rest:
            raise parser.surplus(rest)
        if parser.required:
            names = ", ".join(f"`{row.name}`" for row in parser.rows)
            raise parser.usage_error(f"`{parser.prog}` needs a command: {names}")
        return found

    def parse_known_args(  # type: ignore[override]  # as above
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        try:
            found, rest = super().parse_known_args(args, namespace)
        except argparse.ArgumentError as error:
            if error.argument_name:  # all else that is about one argument has its hook
                raise self.usage_error(f"`{error.argument_name}` does not take a value") from None
            raise self._incomplete(error.message, args or ()) from None
        if self.several and rest and not any(word.startswith("-") for word in rest):
            getattr(found, self.several).extend(rest)
            rest = []
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Raises an `argparse.ArgumentError` about no argument in particular."""
        raise argparse.ArgumentError(None, message)

    def _incomplete(self, message: str, args: Sequence[str]) -> UsageError:
        """The error for arguments that are required and not there, which ``message`` lists."""
        # A misspelt option is the likelier reason.
        unknown = [] if self.rows else self._unknown_options(args)
        return self.surplus(unknown) if unknown else self.usage_error(message)

    def usage_error(self, text: str, *hints: str, id: str | None = None) -> UsageError:  # noqa: A002  # as in `UsageError`
        """The error, with a hint that leads to the help of this command."""
        return UsageError(text, id=id, hint="; ".join([*hints, f"see `{self.prog} --help`"]))

    def surplus(self, words: Sequence[str]) -> UsageError:
        """The error for words that nothing takes."""
        options = [word for word in words if word.startswith("-")]
        if not options:
            return self.usage_error(f"too many arguments for `{self.prog}`")
        names, meant = [_option_name(word) for word in options], self._meant(options)
        what = "unknown option" if len(names) == 1 else "unknown options"
        shown = ", ".join(f"`{name}`" for name in names if reads_as_name(name))
        hints = [did_you_mean(meant)] if meant else []
        if self.rows and not meant:
            hints.append("the options of a command follow its name")
        return self.usage_error(f"{what} {shown}".rstrip(), *hints)

    def _meant(self, options: Iterable[str]) -> list[str]:
        """The options that those words may have been meant as, the nearest of each."""
        known = [name for name in self._option_string_actions if name.startswith("--")]
        words = ["--" + word.partition("=")[0].lstrip("-") for word in options]
        found = [near_names(word, known, likeness=_ALIKE) for word in words]
        return list(dict.fromkeys(names[0] for names in found if names))

    def _unknown_options(self, args: Sequence[str]) -> list[str]:
        """The options before ``--`` that this command does not have."""
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
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # argparse has no other name for it
            raise self._no_command(str(value))
        meant = near_names(str(value), map(str, action.choices))
        choices = "choose " + ", ".join(f"`{choice}`" for choice in action.choices)
        hint = did_you_mean(meant) if meant else choices
        raise self.usage_error(f"invalid value for {_shown(action)}", hint)

    def _no_command(self, name: str) -> UsageError:
        if not _COMMAND_NAME.fullmatch(name) or name.startswith("-"):
            return self.usage_error(f"`{self.prog}` has no such command", id="unknown-command")
        names, lowered = [row.name for row in self.rows], name.lower()
        below = [path for path in _paths(self.rows) if path.split()[-1] == lowered]
        meant = [lowered] if lowered in names else below or near_names(name, names)
        hints = [did_you_mean(f"{self.prog} {path}" for path in meant)] if meant else []
        text = f"there is no command `{self.prog} {name}`"
        return self.usage_error(text, *hints, id="unknown-command")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:  # noqa: ANN401  # argparse's
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError as error:
            cause = error.__context__
            ours = isinstance(cause, argparse.ArgumentTypeError)
            wanted = str(cause) if ours else "a whole number"  # else the one type is `int`
            raise self.usage_error(f"the value of {_shown(action)} must be {wanted}") from None

    def _match_argument(self, action: argparse.Action, arg_strings_pattern: str) -> int:
        try:
            count: int = super()._match_argument(action, arg_strings_pattern)
        except argparse.ArgumentError:
            raise self.usage_error(f"{_shown(action)} needs a value") from None
        return count


def _option_name(word: str) -> str:
    """The name in ``word``; a value may follow ``=``, or the one letter of a short option."""
    return word.partition("=")[0] if word.startswith("--") else word[:2]


def _shown(action: argparse.Action) -> str:
    return f"`{action.option_strings[-1] if action.option_strings else action.metavar}`"


def _paths(rows: Iterable[Command]) -> Iterator[str]:
    """The words of each command below ``rows``, such as ``store init``."""
    for row in rows:
        for child in row.children:
            yield f"{row.name} {child.name}"
        yield from (f"{row.name} {path}" for path in _paths(row.children))


def build_parser(commands: Sequence[Command]) -> argparse.ArgumentParser:
    """The parser for a table of commands; the chosen row's function is in ``run``."""
    parser = _Parser(
        prog="keystead",
        exit_on_error=False,
        description="AWS credential profiles: stored safely, explained, passed to any program.",
        epilog="Cmdlets of the AWS Tools for PowerShell work too: keystead help cmdlets",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"keystead {__version__}")
    _add_arguments(parser, [NO_INPUT])
    parser.set_defaults(no_input=False)
    _add(parser, commands, required=True)
    return parser


def _add(parser: _Parser, commands: Sequence[Command], *, required: bool) -> None:
    rows = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)
    parser.rows, parser.required = commands, required
    parser.set_defaults(parser=parser)
    for command in commands:
        row = rows.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary[:1].upper()}{command.summary[1:]}.",
            epilog=command.details or None,
            allow_abbrev=False,
            exit_on_error=False,
        )
        row.set_defaults(run=command.run, parser=row)
        _add_arguments(row, [*command.arguments, NO_INPUT])
        if command.children:
            _add(row, command.children, required=command.run is None)


def _add_arguments(parser: _Parser, arguments: Iterable[Argument]) -> None:
    for item in arguments:
        parser.add_argument(*item.names, **item.options)
        if item.options.get("nargs") in {"*", "+"}:
            parser.several = item.names[0]
