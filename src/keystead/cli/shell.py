"""``keystead shell``: runs lines of cmdlets.

Lines from ``-c``, a file or standard input stop at the first error, as a script does; the prompt
shows an error and reads the next line.
"""

from __future__ import annotations

import sys

from keystead import caller
from keystead.cli.command import Arguments, Context, argument, command
from keystead.errors import InteractionRequired, Origin, UsageError
from keystead.text.encoding import utf8_text


@command(
    "shell",
    "run cmdlet lines, from a prompt, a file, standard input or -c",
    argument("-c", metavar="LINES", dest="lines", help="the lines to run"),
    argument("file", metavar="FILE", nargs="?", help="a file with the lines"),
)
def run(context: Context, args: Arguments) -> int | None:
    """``keystead shell``."""
    from keystead.powershell.engine.state import State
    from keystead.powershell.shell.lines import prompt, run_text

    caller.process.require_own_process()
    state = State(context.app, context.console, arguments=[args.lines] if args.lines else [])
    if args.lines is not None:
        run_text(state, args.lines)
    elif args.file:
        data = context.app.system.read(args.file)
        run_text(state, utf8_text(data, "the file", Origin(args.file)), source=args.file)
    elif sys.stdin is None:
        raise UsageError(
            "standard input is closed",
            id="standard-input-closed",
            hint="give lines with -c, or a file",
        )
    elif sys.stdin.isatty():
        if not context.app.system.terminal.available():
            raise InteractionRequired(
                "`keystead shell` needs a terminal for its prompt",
                hint="give lines with -c, in a file or on standard input",
            )
        return prompt(state)
    else:
        run_text(state, utf8_text(sys.stdin.buffer.read(), "standard input"))
    return None
