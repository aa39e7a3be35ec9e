"""ConvertTo-Json, Format-Table and Format-List."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum

from keystead.cmdlets.display import Formatted, listing, show, table
from keystead.cmdlets.objects import AwsObject
from keystead.cmdlets.pipeline.choosing import chosen
from keystead.cmdlets.properties import properties_of, property_of
from keystead.cmdlets.sources import Values
from keystead.cmdlets.state import State
from keystead.console import json_text

_DEPTH = 2
_MOST_DEPTH = 100


def convert_to_json(state: State, values: Values) -> Iterable[object]:
    """``ConvertTo-Json``: one text; secrets stay masked in it."""
    items = values["InputObject"]
    depth = min(values.get("Depth", _DEPTH), _MOST_DEPTH)
    cut: list[object] = []
    made = [_plain(item, depth, cut) for item in items]
    if cut:
        state.console.warn(f"the JSON is cut off below a depth of {depth}; -Depth allows more")
    whole = made if len(made) != 1 or values.get("AsArray") else made[0]
    if not items and not values.get("AsArray"):
        return ()
    return (json_text(whole, compressed=bool(values.get("Compress"))),)


def format_table(state: State, values: Values) -> Iterable[object]:
    """``Format-Table``: a table of all properties, or of those that are named."""
    zone, wanted = state.app.system.zone(), values.get("Property") or ["*"]
    blocks: list[str] = []
    for is_row, group in _groups(values["InputObject"]):
        if not is_row:
            blocks.append(show(group, zone=zone))
            continue
        shown = dict.fromkeys(name for item in group for name in properties_of(item) or ())
        names = chosen(shown, wanted)
        rows = [{name: property_of(item, name) for name in names} for item in group]
        text = table(rows, names, zone=zone)
        hidden = values.get("HideTableHeaders")
        blocks.append("\n".join(text.split("\n")[2:]) if hidden else text)
    return (Formatted("\n\n".join(blocks)),) if blocks else ()


def format_list(state: State, values: Values) -> Iterable[object]:
    """``Format-List``: a line for each property, or for each that is named."""
    zone, wanted = state.app.system.zone(), values.get("Property") or ["*"]
    blocks: list[str] = []
    for is_row, group in _groups(values["InputObject"]):
        if not is_row:
            blocks.append(show(group, zone=zone))
            continue
        for item in group:
            names = chosen(properties_of(item) or {}, wanted)
            blocks.append(listing({name: property_of(item, name) for name in names}, zone=zone))
    return (Formatted("\n\n".join(blocks)),) if blocks else ()


def _groups(items: Iterable[object]) -> Iterable[tuple[bool, list[object]]]:
    shown = (item for item in items if item is not None)
    for is_row, group in itertools.groupby(shown, lambda item: properties_of(item) is not None):
        yield is_row, list(group)


def _plain(value: object, depth: int, cut: list[object]) -> object:
    """``value`` as JSON has it; ``cut`` gets what lies deeper than ``depth``."""
    if isinstance(value, Enum):
        return _plain(value.value, depth, cut)
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
        return {str(key): _plain(inner, depth - 1, cut) for key, inner in shown.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, depth - 1, cut) for inner in value]
    return str(value)
