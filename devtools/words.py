"""The tables of commands and cmdlets as one value, so that completion need not import them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keystead.cli import completing
from keystead.cli.command import NO_INPUT, PROGRAM, Argument, Command
from keystead.cli.commands import rows
from keystead.console.profile_table import HEADINGS
from keystead.model.settings import SETTINGS
from keystead.powershell.cmdlet import Cmdlet, Parameter
from keystead.powershell.table import CMDLETS

FILE = Path(completing.__file__).with_name("words.py")

# The kind of value of a positional argument, by its metavar.
_TAKES = {
    "NAME": "profile",
    "OLD": "profile",
    "SESSION": "sso-session",
    "PATH": "file",
    "FILE": "file",
    "KEY=VALUE": "setting=",
    "KEY": "setting",
    "TOPIC": "topic",
    "COMMAND": "program",
    "COLUMNS": "column",
    "FILTER": "column=",
}


def words() -> str:
    """The text of ``words.py``."""
    table: dict[str, Any] = {
        "options": {
            "--help": {"takes": None, "meaning": "show help"},
            "--version": {"takes": None, "meaning": "show the version"},
            NO_INPUT.names[0]: {"takes": None, "meaning": NO_INPUT.options["help"]},
        },
        "children": _children(rows()),
        "cmdlets": [_cmdlet(cmdlet) for cmdlet in CMDLETS],
        "columns": HEADINGS,
        "settings": {setting.name: setting.meaning for setting in SETTINGS.values()},
    }
    parts = "".join(f"{key!r}: {_lines(part)},\n" for key, part in table.items())
    return f'"""The words that shells complete, made by `make docs`."""\n\nTABLE = {{\n{parts}}}\n'


def _lines(part: list[Any] | dict[str, Any]) -> str:
    """A part of the table with a line for each row."""
    if isinstance(part, list):
        return "[\n" + "".join(f"{row!r},\n" for row in part) + "]"
    return "{\n" + "".join(f"{key!r}: {row!r},\n" for key, row in part.items()) + "}"


def _children(commands: list[Command]) -> dict[str, Any]:
    top: dict[str, Any] = {"children": {}}
    for command in commands:
        *above, name = command.name.split()
        parent = top
        for word in above:
            parent = parent["children"][word]
        parent.setdefault("children", {})[name] = _command(command)
    children: dict[str, Any] = top["children"]
    return children


def _command(command: Command) -> dict[str, Any]:
    options = {"--help": {"takes": None, "meaning": "show help"}}
    places: list[dict[str, Any]] = []
    for item in command.arguments:
        if item.names[0].startswith("-"):
            row = {"takes": _takes(item), "meaning": item.options["help"]}
            options |= dict.fromkeys(item.names, row)
        else:
            repeats = item.options.get("nargs") in ("*", "+")
            places.append({"takes": _takes(item), "repeats": repeats})
            if item.options.get("nargs") == PROGRAM:
                places.append({"takes": "file", "repeats": True})
    return {"meaning": command.summary, "options": options, "places": places}


def _takes(item: Argument) -> str | list[str] | None:
    if item.options.get("action") == "store_true":
        return None
    if item.options.get("choices"):
        return list(item.options["choices"])
    if item.names[0] == "--region":
        return "region"
    return _TAKES.get(str(item.options.get("metavar")), "")


def _cmdlet(cmdlet: Cmdlet) -> dict[str, Any]:
    return {
        "name": cmdlet.name,
        "aliases": list(cmdlet.aliases),
        "summary": cmdlet.summary,
        "changes": cmdlet.changes is not None,
        "own": [_parameter(row) for row in cmdlet.parameters],
    }


def _parameter(row: Parameter) -> dict[str, Any]:
    return {
        "name": row.name,
        "meaning": row.meaning,
        "aliases": list(row.aliases),
        "kind": row.kind,
        "position": row.position,
        "values": row.values if isinstance(row.values, str) else list(row.values),
        "yields_to": row.yields_to,
    }
