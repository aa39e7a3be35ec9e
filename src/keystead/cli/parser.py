"""The argument parser for a table of commands, with errors that follow the message rules.

It overrides argparse's hooks for values, choices and numbers of words, so that errors do not use
argparse's text. Errors never repeat a value: it may be a secret in the wrong place.
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
"""The minimum likeness of an option to suggest."""

_COMMAND_NAME = re.compile(r"[A-Za-z-]{1,20}")
"""A word in place of a command that errors may repeat."""


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors follow the message rules.

    ``several`` is the argument that takes any number of words, also on both sides of an option,
    which argparse does not support. ``rows`` are the subcommands; ``required`` if one is.
    """

    several: str | None = None
    rows: Sequence[Command] = ()
    required = False

    def parse_args(  # type: ignore[override]  # argparse's is overloaded
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
            if error.argument_name:  # other errors about an argument are raised by the hooks
                raise self.usage_error(f"`{error.argument_name}` does not take a value") from None
            raise self._incomplete(error.message, args or ()) from None
        if self.several and rest and not any(word.startswith("-") for word in rest):
            getattr(found, self.several).extend(rest)
            rest = []
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Raise an `argparse.ArgumentError` without an argument."""
        raise argparse.ArgumentError(None, message)

    def _incomplete(self, message: str, args: Sequence[str]) -> UsageError:
        """The error for missing arguments, which ``message`` lists."""
        # A misspelt option is the more likely cause.
        unknown = [] if self.rows else self._unknown_options(args)
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
        if self.rows and not meant:
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
            wanted = str(cause) if ours else "a whole number"  # the only other type is `int`
            raise self.usage_error(f"the value of {_shown(action)} must be {wanted}") from None

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


def _paths(rows: Iterable[Command]) -> Iterator[str]:
    """The full name of each subcommand, such as ``store init``."""
    for row in rows:
        for child in row.children:
            yield f"{row.name} {child.name}"
        yield from (f"{row.name} {path}" for path in _paths(row.children))


def build_parser(commands: Sequence[Command]) -> argparse.ArgumentParser:
    """The parser for a table of commands; its result has the chosen function in ``run``."""
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
