"""The argument parser that a table of commands makes, with errors that follow the message rules."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from keystead._version import __version__
from keystead.cli.command import Command
from keystead.errors import UsageError


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors follow the message rules.

    ``several`` names the argument that takes any number of words. They may stand on both sides of
    an option, which argparse by itself does not know.
    """

    several: str | None = None

    def parse_known_args(  # type: ignore[override]  # argparse's has one spelling for each use
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        found, rest = super().parse_known_args(args, namespace)
        if self.several and rest and not any(word.startswith("-") for word in rest):
            getattr(found, self.several).extend(rest)
            rest = []
        return found, rest

    def error(self, message: str) -> NoReturn:
        raise UsageError(_reworded(message), hint=f"`{self.prog} --help` shows how it is used")


def _reworded(message: str) -> str:
    # Only names: what was typed behind them may have been meant as a secret.
    if message.startswith("unrecognized arguments: "):
        words = message.partition(": ")[2].split()
        names = [_option(word) for word in words if word.startswith("-")]
        return f"unknown options {' '.join(names)}" if names else "too many arguments"
    message = re.sub(r"argument (\S+): ignored explicit .*", r"\1 takes no value", message)
    message = re.sub(
        r"argument COMMAND: invalid choice: '([a-z-]{1,20})'.*",
        r"there is no command `\1`",
        message,
    )
    message = re.sub(
        r"argument (\S+): invalid choice: .*", r"what is given for \1 is not valid", message
    )
    return message[:1].lower() + message[1:].rstrip(".")


def _option(word: str) -> str:
    """The name in ``word``; a value may follow ``=``, or the one letter of a short option."""
    return word.partition("=")[0] if word.startswith("--") else word[:2]


def build_parser(commands: Sequence[Command]) -> argparse.ArgumentParser:
    """The parser for a table of commands; the chosen row's function is in ``run``."""
    parser = _Parser(
        prog="keystead",
        description="AWS credential profiles: kept safe, understood, handed to any program.",
        epilog="Cmdlets of the AWS Tools for PowerShell work too: keystead help cmdlets",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"keystead {__version__}")
    _add(parser, commands, required=True)
    return parser


def _add(parser: argparse.ArgumentParser, commands: Sequence[Command], *, required: bool) -> None:
    rows = parser.add_subparsers(metavar="COMMAND", required=required, parser_class=_Parser)
    for command in commands:
        row = rows.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary[:1].upper()}{command.summary[1:]}.",
            epilog=command.details or None,
            allow_abbrev=False,
        )
        row.set_defaults(run=command.run)
        for item in command.arguments:
            row.add_argument(*item.names, **item.options)
            if item.options.get("nargs") in {"*", "+"}:
                row.several = item.names[0]
        if command.children:
            _add(row, command.children, required=command.run is None)
