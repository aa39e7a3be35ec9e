"""The ``keystead`` command: decides which spelling was used, runs it, gives the exit code.

The one place where errors become messages. A cmdlet (``Verb-Noun``) goes to the cmdlets, all
else to the table of plain commands.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from keystead._version import __version__
from keystead.app import App
from keystead.cli.command import Command, Context, Run
from keystead.console import Console
from keystead.errors import KeysteadError, UsageError

INTERRUPTED = 130

_CMDLET = re.compile(r"[A-Za-z]+-[A-Za-z]\w*|PS\b.*", re.DOTALL)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line (None: the process's own) and returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    app = App()
    console = Console(debug=app.system.environ.get("KEYSTEAD_DEBUG") == "1")
    try:
        code = _run(Context(app, console), words)
        sys.stdout.flush()
    except KeysteadError as error:
        return console.error(error)
    except KeyboardInterrupt:
        console.say("error", "interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has enough; nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001  # the last resort: a message instead of a traceback
        return console.crash(error)
    return code or 0


def _run(context: Context, words: list[str]) -> int | None:
    if words and _CMDLET.fullmatch(words[0]):
        from keystead.cli import shell

        shell.run_words(context, words)
        return None
    from keystead.cli.commands import COMMANDS

    parser = build_parser(COMMANDS)
    if not words:
        context.console.out(parser.format_help().rstrip())
        return None
    args = parser.parse_args(words)
    run: Run = args.run
    return run(context, args)


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors follow the message rules."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(_reworded(message), hint=f"`{self.prog} --help` shows how it is used")


def _reworded(message: str) -> str:
    if message.startswith("unrecognized arguments: "):
        # Only the names: what was typed behind them may have been meant as a secret.
        words = message.partition(": ")[2].split()
        names = [word.partition("=")[0] for word in words if word.startswith("-")]
        return f"unknown options {' '.join(names)}" if names else "too many arguments"
    message = re.sub(
        r"argument (\S+): invalid choice: ('.*?').*", r"\2 is no choice for \1", message
    )
    return message[:1].lower() + message[1:].rstrip(".")


def build_parser(commands: Sequence[Command]) -> argparse.ArgumentParser:
    """The parser for a table of commands; the chosen row's function is in ``run``."""
    parser = _Parser(
        prog="keystead",
        description="AWS credential profiles: kept safe, understood, handed to any program.",
        epilog="Cmdlets of the AWS Tools for PowerShell work too: keystead help cmdlets",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"keystead {__version__}")
    _add(parser, commands)
    return parser


def _add(parser: argparse.ArgumentParser, commands: Sequence[Command]) -> None:
    rows = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
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
        if command.children:
            _add(row, command.children)
