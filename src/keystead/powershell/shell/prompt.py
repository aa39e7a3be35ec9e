"""The interactive prompt: editing, history and completion of cmdlet lines.

Imported only when somebody sits at a terminal, since it loads prompt_toolkit. It runs nothing:
`read_lines` yields what was typed.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as Choice
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History
from prompt_toolkit.input import Input
from prompt_toolkit.output import ColorDepth, Output

from keystead.errors import KeysteadError
from keystead.powershell.cmdlet import Registry
from keystead.powershell.language import is_incomplete
from keystead.powershell.shell.candidates import Values
from keystead.powershell.shell.completion import completions
from keystead.powershell.shell.masking import mask_line
from keystead.system.files import Changed, Files

CONTINUATION = ">> "
MAX_ENTRIES = 2000
"""So many lines are kept; older ones go."""


def read_lines(
    table: Registry,
    *,
    history: Path,
    values: Values,
    colour: bool,
    place: Callable[[], str] = str,
    terminal: tuple[Input, Output] | None = None,
) -> Iterator[str]:
    """What is typed, one complete text at a time, until Ctrl-D. Ctrl-C drops the current text.

    ``history`` is the file to keep lines in, secrets masked; ``values`` gives the values of a
    completion source, ``place`` what the prompt shows. ``terminal`` is the pair to read from and
    draw on, if not the process's own.
    """
    given, drawn = terminal or (None, None)
    session: PromptSession[str] = PromptSession(
        history=MaskedHistory(history, table),
        completer=CmdletCompleter(table, values),
        complete_while_typing=False,
        # While a text is incomplete, Enter begins a further line of it.
        multiline=Condition(lambda: is_incomplete(session.default_buffer.text)),
        prompt_continuation=CONTINUATION,
        color_depth=None if colour else ColorDepth.MONOCHROME,
        input=given,
        output=drawn,
    )
    while True:
        try:
            text = session.prompt(_prompt(place()))
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if text.strip():
            yield text


def _prompt(place: str) -> FormattedText:
    """``PS > `` with ``place`` in it, as keystead can read it again when it is pasted."""
    shown = "".join(char for char in place if char.isprintable() and char != ">")
    middle = [("ansicyan", shown), ("", " ")] if shown else []
    return FormattedText([("", "PS "), *middle, ("", "> ")])


class CmdletCompleter(Completer):
    """Completes by the table of cmdlets."""

    def __init__(self, table: Registry, values: Values) -> None:
        self._table = table
        self._values = values

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Choice]:
        """The choices for the text before the cursor."""
        del complete_event  # asked for by Tab alone
        for found in completions(document.text_before_cursor, self._table, self._values):
            yield Choice(found.text, -found.length, display_meta=found.meaning)


class MaskedHistory(History):
    """Lines in a file of the owner's own, one JSON text a line, the oldest first.

    What is secret in a line is masked before it is kept, in memory as in the file. A file that
    cannot be read or written costs the history, not the shell.
    """

    def __init__(self, path: Path, table: Registry) -> None:
        super().__init__()
        self._path = path
        self._table = table
        self._files = Files()

    def append_string(self, string: str) -> None:
        """Keeps ``string`` as far as it may be kept."""
        kept = mask_line(string, self._table)
        if kept and kept not in self.get_strings()[-1:]:
            super().append_string(kept)

    def load_history_strings(self) -> Iterable[str]:
        """The kept lines, the latest first."""
        with contextlib.suppress(KeysteadError):
            data = self._files.read(self._path).data or b""
            return reversed(_entries(data))
        return ()

    def store_string(self, string: str) -> None:
        """Adds a masked line to the file."""
        with contextlib.suppress(KeysteadError, Changed), self._files.lock(self._path):
            snapshot = self._files.read(self._path)
            entries = [*_entries(snapshot.data or b""), string][-MAX_ENTRIES:]
            data = "".join(f"{json.dumps(entry)}\n" for entry in entries).encode()
            self._files.replace(self._path, data, expect=snapshot.version, private=True)


def _entries(data: bytes) -> list[str]:
    found: list[str] = []
    for line in data.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            entry = json.loads(line)
            if isinstance(entry, str):
                found.append(entry)
    return found
