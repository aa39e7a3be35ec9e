"""``fzf`` as the list, for those who prefer it.

A line for it is the number of a row, its text, and its name, ended by NUL: the number
says which row was chosen, whatever characters its name has.
"""

from __future__ import annotations

import os
import shlex
import sys

from keystead.display_width import display_width, padded
from keystead.errors import KeysteadError, UsageError
from keystead.pick.choices import Choices
from keystead.printable import one_line
from keystead.system import System
from keystead.system.interactive import run

PROGRAM = "fzf"
_SEPARATOR = "\x1f"
_OPTIONS = (
    *("--read0", "--print0", f"--delimiter={_SEPARATOR}", "--with-nth=2", "--no-multi"),
    *("--layout=reverse", "--tiebreak=index", "--no-print-query", "--header-lines=1"),
)
_CHOSEN, _NO_MATCH, _INTERRUPTED = 0, 1, 130


def choose(system: System, choices: Choices, query: str, *, location: str) -> str | None:
    """The name of the chosen row, None for none. ``location`` is that of the profiles, if any.

    Raises `UsageError` where there is no ``fzf``, `KeysteadError` where it fails.
    """
    program = system.program(PROGRAM)
    if program is None:
        raise UsageError(
            "KEYSTEAD_PICKER is `fzf`, and there is no such program on PATH",
            hint="install fzf, or unset KEYSTEAD_PICKER",
        )
    preview = f"--preview={_preview_command(location)}"
    data = "\0".join(_lines(choices)).encode(errors="surrogateescape")
    argv = [program, *_OPTIONS, preview, f"--query={query}"]
    done = run(argv, system.exported or system.environ, data)
    if done.code == _CHOSEN:
        line = done.output.rstrip(b"\0").rpartition(b"\0")[2]  # after what `--expect` prints
        return choices.rows[int(line.partition(_SEPARATOR.encode())[0])][0]
    if done.code == _NO_MATCH:
        raise KeysteadError("no profile matches what was typed")
    if done.code == _INTERRUPTED:
        return None
    raise KeysteadError(f"fzf failed with exit code {done.code}")


def _preview_command(location: str) -> str:
    """The command line that shows the plan of a line; the name is its third field, to the end."""
    words = [sys.executable, "-P", "-m", "keystead", "plan", "--no-input"]
    words += ["--location", os.path.abspath(location)] if location else []
    return f"{shlex.join(words)} -- {{3..}}"


def _lines(choices: Choices) -> list[str]:
    shown = [[one_line(cell) for cell in row] for row in (choices.headings, *choices.rows)]
    widths = [max(map(display_width, column)) for column in zip(*shown, strict=True)]
    used = [number for number, width in enumerate(widths) if any(row[number] for row in shown[1:])]
    texts = [" ".join(padded(row[n], widths[n]) for n in used).rstrip() for row in shown]
    names = ["", *(row[0] for row in choices.rows)]
    return [
        f"{number - 1}{_SEPARATOR}{text}{_SEPARATOR}{name}"
        for number, (text, name) in enumerate(zip(texts, names, strict=True))
    ]
