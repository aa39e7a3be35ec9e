"""The ``keystead`` command: runs a cmdlet (``Verb-Noun``) or a plain command and prints errors."""

from __future__ import annotations

import gc
import os
import sys

from keystead._version import __version__
from keystead.console.console import Console, discard
from keystead.errors import KeysteadError, NameMissing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.app import App

INTERRUPTED = 130


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
    environ = os.environ  # noqa: TID251  # the rim loads with the app
    if environ.get("KEYSTEAD_DEBUG") == "1":
        console.debug()
    if words == ["--version"]:
        console.out(f"keystead {__version__}")
        return None
    # Imported here so that Ctrl-C during the import is handled like any other.
    from keystead.cli.command import NO_INPUT, Context
    from keystead.cli.commands import name_of
    from keystead.cli.reading import parse
    from keystead.undo.current import OneGeneration

    no_input = words[:1] == [NO_INPUT.names[0]]
    named = words[no_input:]
    if named and not name_of(named) and _is_cmdlet(named[0]):
        from keystead.powershell.shell.lines import run_words

        run_words(_app(console, no_input=no_input), console, named)
        return None
    try:
        run, args = parse(words if named else ["--help"])
        context = Context(console, environ, lambda: _app(console, no_input=args.no_input))
        with OneGeneration(lambda: _shown(words)):
            try:
                return run(context, args)
            except NameMissing:
                if not context.app.system.terminal.available():
                    raise
            from keystead.cli.pick import pick_name

            args.name = pick_name(context, getattr(args, "location", None))
            return run(context, args)
    except SystemExit as done:  # --help
        return done.code if isinstance(done.code, int) else None


def _is_cmdlet(word: str) -> bool:
    import re  # a plain command needs none

    return re.fullmatch(r"[A-Za-z]+-[A-Za-z]\w*|PS\b.*", word, re.DOTALL) is not None


def _app(console: Console, *, no_input: bool) -> App:
    from keystead.app import App

    app = App(warn=console.warn)
    return App(app.system.without_input(), warn=console.warn) if no_input else app


def _shown(words: Sequence[str]) -> str:
    from keystead.undo.command_line import shown  # only for commands that change files

    return shown(words)
