"""ConvertTo-Json, Format-Table and Format-List."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from keystead.console.console import json_text
from keystead.console.tables import listing, table
from keystead.powershell.cmdlet import Cmdlet, Parameter, Values, switch
from keystead.powershell.engine.display import Formatted, cell, show
from keystead.powershell.engine.state import State
from keystead.powershell.objects import AwsObject, properties_of, property_of
from keystead.powershell.pipeline.filtering import INPUT, PROPERTIES, chosen
from keystead.secret import Secret, reveal

_DEPTH = 2
_MOST_DEPTH = 100


def convert_to_json(state: State, values: Values) -> Iterable[object]:
    """``ConvertTo-Json``: one text, its secrets masked when shown."""
    items = values["InputObject"]
    depth = min(values.get("Depth", _DEPTH), _MOST_DEPTH)
    if not items and not values.get("AsArray"):
        return ()

    def text(opened: Callable[[Secret], str]) -> str:
        cut: list[object] = []
        made = [_plain(item, depth, cut, opened) for item in items]
        if cut and opened is reveal:
            state.console.warn(
                f"the JSON is truncated below a depth of {depth}; -Depth sets the depth"
            )
        whole = made if len(made) != 1 or values.get("AsArray") else made[0]
        return json_text(whole, compressed=bool(values.get("Compress")))

    made, masked = text(reveal), text(str)
    return (made,) if made == masked or values.get("Reveal") else (Secret(made, shown=masked),)


def format_table(state: State, values: Values) -> Iterable[object]:
    """``Format-Table``: a table of all properties, or of those that are named."""

    def draw(items: list[object], wanted: list[str], cell: Callable[[object], str]) -> list[str]:
        names = chosen(dict.fromkeys(itertools.chain(*map(_shown, items))), wanted)
        text = table([_row(item, names) for item in items], names, cell=cell)
        return ["\n".join(text.split("\n")[2:]) if values.get("HideTableHeaders") else text]

    return _formatted(state, values, draw)


def format_list(state: State, values: Values) -> Iterable[object]:
    """``Format-List``: a line for each property, or for each that is named."""

    def draw(items: list[object], wanted: list[str], cell: Callable[[object], str]) -> list[str]:
        rows = (_row(item, chosen(_shown(item), wanted)) for item in items)
        return [listing(row, cell=cell) for row in rows]

    return _formatted(state, values, draw)


def _formatted(
    state: State,
    values: Values,
    draw: Callable[[list[object], list[str], Callable[[object], str]], list[str]],
) -> Iterable[object]:
    """The objects as ``draw`` shows them, and texts as they are, in one piece."""
    zone, wanted = state.app.system.zone(), values.get("Property") or ["*"]
    blocks: list[str] = []
    items = (item for item in _opened(values) if item is not None)
    for is_row, group in itertools.groupby(items, lambda item: properties_of(item) is not None):
        if is_row:
            blocks += draw(list(group), wanted, partial(cell, zone=zone))
        else:
            blocks.append(show(group, zone=zone))
    return (Formatted("\n\n".join(blocks)),) if blocks else ()


def _shown(item: object) -> Mapping[str, object]:
    return properties_of(item) or {}


def _row(item: object, names: Iterable[str]) -> dict[str, object]:
    return {name: property_of(item, name) for name in names}


def _opened(values: Values) -> list[object]:
    """The input, its secrets in clear with ``-Reveal``."""
    items: list[object] = values["InputObject"]
    return [_revealed(item) for item in items] if values.get("Reveal") else items


def _revealed(value: object) -> object:
    if isinstance(value, Secret):
        return reveal(value)
    shown = properties_of(value)
    if shown is not None:
        return {name: _revealed(item) for name, item in shown.items()}
    return [_revealed(item) for item in value] if isinstance(value, list | tuple) else value


def _plain(value: object, depth: int, cut: list[object], opened: Callable[[Secret], str]) -> object:
    """``value`` as JSON data; values deeper than ``depth`` are added to ``cut``."""
    if isinstance(value, Secret):
        return opened(value)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, AwsObject | Mapping | list | tuple) and depth < 0:
        cut.append(value)
        return str(value)
    shown = properties_of(value)
    if shown is not None:
        return {str(key): _plain(inner, depth - 1, cut, opened) for key, inner in shown.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, depth - 1, cut, opened) for inner in value]
    return str(value)


_REVEAL = switch("Reveal", "show secrets in clear")

CMDLETS = (
    Cmdlet(
        "ConvertTo-Json",
        "the objects as JSON, secrets masked where it is shown",
        (
            INPUT,
            Parameter("Depth", "the maximum depth; default 2", kind="int"),
            switch("Compress", "without whitespace"),
            switch("AsArray", "an array even for a single object"),
            _REVEAL,
        ),
        convert_to_json,
    ),
    Cmdlet(
        "Format-Table",
        "a table, also for objects with many properties",
        (
            INPUT,
            PROPERTIES,
            switch(
                "AutoSize", "accepted and ignored: columns are always as wide as their contents"
            ),
            switch("Wrap", "accepted and ignored: nothing is ever truncated"),
            switch("HideTableHeaders", "without headings"),
            _REVEAL,
        ),
        format_table,
        aliases=("ft",),
    ),
    Cmdlet(
        "Format-List",
        "a line for each property",
        (INPUT, PROPERTIES, _REVEAL),
        format_list,
        aliases=("fl",),
    ),
)
