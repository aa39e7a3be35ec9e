"""The ``keystead`` command: runs a cmdlet (``Verb-Noun``) or a plain command and prints errors."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Sequence

from keystead.console.console import Console, discard
from keystead.errors import KeysteadError

INTERRUPTED = 130

# The only plain command with a dash.
_CMDLET = re.compile(r"(?!powershell-module$)[A-Za-z]+-[A-Za-z]\w*|PS\b.*", re.DOTALL)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (None: ``sys.argv``) and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    console = Console()
    try:
        code = _run(console, words)
        console.flush()
    except KeysteadError as error:
        return console.error(error)
    except KeyboardInterrupt:
        console.say("error", "interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        discard(sys.stdout)  # the reader has closed the pipe
        return 1
    except Exception as error:  # noqa: BLE001  # a message instead of a traceback
        return console.crash(error)
    return code or 0


def _run(console: Console, words: list[str]) -> int | None:
    # Garbage collection takes a tenth of the time of a short command and frees nothing.
    gc.set_threshold(50_000)
    # Imported here so that Ctrl-C during the import is handled like any other.
    from dataclasses import replace

    from keystead.app import App
    from keystead.cli.command import NO_INPUT, Context, Run
    from keystead.undo.history import one_generation

    context = Context(App(warn=console.warn), console)
    if context.app.system.environ.get("KEYSTEAD_DEBUG") == "1":
        console.debug()
    named = words[1:] if words[:1] == [NO_INPUT.names[0]] else words
    if named and _CMDLET.fullmatch(named[0]):
        from keystead.powershell.shell.lines import run_words

        app = (context if named is words else context.without_input()).app
        run_words(app, console, named)
        return None
    from keystead.cli.commands import COMMANDS
    from keystead.cli.parser import build_parser

    # Only the requested row: building all parsers takes longer than most commands.
    parser = build_parser([row for row in COMMANDS if named[:1] == [row.name]] or COMMANDS)
    if not named:
        console.show(parser.format_help().rstrip())
        return None
    try:
        args = parser.parse_args(words)
        run: Run = args.run
        context = context.without_input() if args.no_input else context
        with one_generation(lambda: _shown(words)):
            return run(replace(context, commands=COMMANDS), args)
    except SystemExit as done:  # --help or --version
        return done.code if isinstance(done.code, int) else None


def _shown(words: Sequence[str]) -> str:
    from keystead.undo.command_line import shown  # only for commands that change files

    return shown(words)
