"""The list of candidates on the terminal, from which a person chooses one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from keystead.pick.finder import Finder
from keystead.pick.keys import TEXT, Key, KeyDecoder
from keystead.pick.view import (
    ColumnWidths,
    Layout,
    Line,
    Size,
    heading_line,
    preview_lines,
    query_line,
    row_line,
)
from keystead.system.raw_terminal import RawTerminal, TerminalClosed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.pick.choices import Choices

_ESCAPE_SECONDS = 0.05
"""How long the rest of a key's bytes may take."""
_IDLE_SECONDS = 0.03
"""After how long without a key the preview is made."""
_MARK, _NO_MARK = "> ", "  "


class Picker:
    """One choice. ``preview`` makes the text about a name; ``styled``: with bold and reverse.

    ``query`` is what is searched at first. ``loading`` is shown until the choices are there.
    """

    def __init__(
        self,
        terminal: RawTerminal,
        preview: Callable[[str], str],
        *,
        query: str = "",
        loading: str = "",
        styled: bool = True,
    ) -> None:
        self._terminal = terminal
        self._preview = preview
        self._styled = styled
        self._query = Line(query, len(query))
        self._note = loading
        self._rows: Sequence[Sequence[str]] = ()
        self._finder = Finder(())
        self._found: Sequence[int] = ()
        self._selected = self._top = 0
        self._with_preview = True
        self._previews: dict[str, str] = {}
        self._widths = ColumnWidths(())

    def choose(self, load: Iterable[Choices]) -> str | None:
        """The name of the chosen row, None for none. ``load`` makes the choices, in parts."""
        try:
            self._draw()
            for part in load:
                self._take(part)
            self._finder.prepare()
            return self._chosen()
        except TerminalClosed:
            return None

    def _take(self, choices: Choices) -> None:
        self._widths, self._rows = ColumnWidths(choices.headings), choices.rows
        self._finder = Finder(self._rows)
        self._search()
        self._note += "" if choices.is_whole else "+"
        self._draw()

    def _chosen(self) -> str | None:
        keys = KeyDecoder()
        while True:
            for key in self._keys(keys):
                if key.name == "enter" and self._found:
                    return self._name
                if key.name == "cancel" or (key.name == "end-of-input" and not self._query.text):
                    return None
                self._press(key)
            self._draw()

    @property
    def _name(self) -> str:
        """The name of the selected row."""
        return self._rows[self._found[self._selected]][0]

    def _keys(self, keys: KeyDecoder) -> list[Key]:
        """The next keys; makes the preview while there are none."""
        while True:
            seconds = _ESCAPE_SECONDS if keys.is_waiting else None
            if seconds is None and self._preview_is_due():
                seconds = _IDLE_SECONDS
            data = self._terminal.read(seconds)
            found = keys.feed(data) if data else []
            if found or self._terminal.changed:
                self._terminal.changed = False
                return found
            if not data and keys.is_waiting:
                return keys.give_up()
            if not data and self._preview_is_due():
                self._previews[self._name] = self._preview(self._name)
                return []

    def _preview_is_due(self) -> bool:
        return bool(self._layout.preview and self._found and self._name not in self._previews)

    @property
    def _layout(self) -> Layout:
        return Layout.of(Size(*self._terminal.size), with_preview=self._with_preview)

    def _press(self, key: Key) -> None:
        query, rows = self._query, max(self._layout.rows, 1)
        moves = {"up": -1, "down": 1, "page-up": -rows, "page-down": rows}
        if key.name in moves:
            self._selected = max(0, min(self._selected + moves[key.name], len(self._found) - 1))
        elif key.name == "suspend":
            self._terminal.suspend()
        elif key.name == "preview":
            self._with_preview = not self._with_preview
        else:
            edits = {
                TEXT: lambda: query.inserted(key.text),
                "left": lambda: query.at(query.cursor - 1),
                "right": lambda: query.at(query.cursor + 1),
                "home": lambda: query.at(0),
                "end": lambda: query.at(len(query.text)),
                "backspace": lambda: query.without(query.cursor - 1, query.cursor),
                "delete": lambda: query.without(query.cursor, query.cursor + 1),
                "end-of-input": lambda: query.without(query.cursor, query.cursor + 1),
                "delete-word": lambda: query.without(query.word_start(), query.cursor),
                "clear": lambda: query.without(0, query.cursor),
            }
            self._query = edits.get(key.name, lambda: query)()
            if self._query.text != query.text:
                self._search()

    def _search(self) -> None:
        self._found = self._finder.find(self._query.text)
        self._selected = self._top = 0
        self._note = f"{len(self._found)}/{len(self._rows)}"

    def _draw(self) -> None:
        """Draw everything in one write, so that nothing flickers."""
        layout = self._layout
        columns, lines = self._terminal.size
        first, cursor = query_line(self._query, self._note, columns)
        shown = [first, *self._list(layout, columns)]
        if layout.preview:
            text = self._previews.get(self._name, "") if self._found else ""
            shown += preview_lines(text, layout.preview, columns)
        drawn = "".join(
            f"\x1b[{number + 1}H{line}\x1b[K" for number, line in enumerate(shown[:lines])
        )
        self._terminal.write(f"\x1b[?25l{drawn}\x1b[1;{cursor + 1}H\x1b[?25h")

    def _list(self, layout: Layout, columns: int) -> list[str]:
        """The headings and the rows that are in view."""
        if not self._rows:
            return [""] * (layout.rows + layout.has_headings)
        self._top = max(min(self._top, self._selected), self._selected - layout.rows + 1)
        numbers = self._found[self._top : self._top + layout.rows]
        rows = [self._rows[number] for number in numbers]
        room = max(columns - len(_MARK), 0)
        widths = self._widths.shown(rows, room)
        found = []
        if layout.has_headings:
            found.append(_NO_MARK + heading_line(self._widths.headings, widths, room))
        for at, cells in enumerate(rows, self._top):
            is_selected = at == self._selected
            line = row_line(
                cells, widths, query=self._query.text, selected=is_selected, styled=self._styled
            )
            found.append((_MARK if is_selected else _NO_MARK) + line)
        return found + [""] * (layout.rows + layout.has_headings - len(found))
