"""The interactive prompt: editing, history and completion of cmdlet lines.

Imported only at a terminal, since it loads prompt_toolkit. It runs nothing: `read_lines` yields
what was typed.
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
from keystead.outside import parse_json
from keystead.powershell.cmdlet import Registry
from keystead.powershell.language import is_incomplete
from keystead.powershell.shell.candidates import ValueSource
from keystead.powershell.shell.completion import completions
from keystead.powershell.shell.masking import mask_line
from keystead.system.files import Changed, Files

CONTINUATION = ">> "
MAX_ENTRIES = 2000
"""The number of lines in the history; older ones are dropped."""


def read_lines(
    table: Registry,
    *,
    history: Path,
    values: ValueSource,
    colour: bool,
    place: Callable[[], str] = str,
    terminal: tuple[Input, Output] | None = None,
) -> Iterator[str]:
    """The typed texts, each complete, until Ctrl-D. Ctrl-C drops the current text.

    ``history`` is the file for lines, secrets masked; ``values`` returns the values of a
    completion source, ``place`` the text in the prompt. ``terminal`` is the input and output, by
    default those of the process.
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
    """``PS > `` with ``place`` in it; the parser accepts it in pasted lines."""
    shown = "".join(char for char in place if char.isprintable() and char != ">")
    middle = [("ansicyan", shown), ("", " ")] if shown else []
    return FormattedText([("", "PS "), *middle, ("", "> ")])


class CmdletCompleter(Completer):
    """Completes by the table of cmdlets."""

    def __init__(self, table: Registry, values: ValueSource) -> None:
        self._table = table
        self._values = values

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Choice]:
        """The choices for the text before the cursor."""
        del complete_event  # only Tab asks for completions
        for found in completions(document.text_before_cursor, self._table, self._values):
            yield Choice(found.text, -found.length, display_meta=found.meaning)


class MaskedHistory(History):
    """Lines in a private file, one JSON string a line, the oldest first.

    Secrets in a line are masked before it is stored, in memory as in the file. If the file cannot
    be read or written, there is no history.
    """

    def __init__(self, path: Path, table: Registry) -> None:
        super().__init__()
        self._path = path
        self._table = table
        self._files = Files()

    def append_string(self, string: str) -> None:
        """Stores ``string`` with its secrets masked."""
        stored = mask_line(string, self._table)
        if stored and stored not in self.get_strings()[-1:]:
            super().append_string(stored)

    def load_history_strings(self) -> Iterable[str]:
        """The stored lines, the latest first."""
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
        with contextlib.suppress(ValueError):
            entry = parse_json(line)
            if isinstance(entry, str):
                found.append(entry)
    return found
