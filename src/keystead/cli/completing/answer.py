"""Completes a ``keystead`` command line for a shell, importing little.

Words are in ``words.py``, which `make docs` generates from the tables of commands and cmdlets;
names of profiles come from the stores, regions from botocore's data.

An answer has a line for each choice: the word, a tab, its meaning. ``:files`` and ``:commands``
request the shell's completion of files and commands.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from keystead.powershell.cmdlet import Cmdlet, Registry

    Choices = Iterator[tuple[str, str]]
    Row = Mapping[str, Any]

FILES, PROGRAMS = ":files", ":commands"


def main(words: Sequence[str]) -> int:
    """Print the answer, nothing on an error; return the exit code."""
    try:
        found = answer(words)
        sys.stdout.buffer.write("".join(f"{line}\n" for line in found).encode("utf-8", "replace"))
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt):  # noqa: BLE001  # no messages at a shell's prompt
        return 1
    return 0


def answer(words: Sequence[str]) -> list[str]:
    """The lines for ``words``, those after ``keystead``; the last one is to be completed."""
    from keystead.cli.completing.words import TABLE  # within `main`, which catches Ctrl-C

    table: Row = TABLE
    *before, prefix = words or [""]
    prefix = prefix.strip()  # PowerShell passes a blank in place of an empty word
    is_plain = before[:1] == [] or before[0] in table["children"]
    if not is_plain and "-" in before[0][1:] and before[0][0] != "-":
        found = _cmdlet(table, before, prefix)
    else:
        found = _command(table, before, prefix)
    return [
        f"{word}\t{_line(meaning)}" if meaning else word
        for word, meaning in found
        if word.isprintable()  # a control character would affect the terminal or end the line
    ]


def _line(meaning: str) -> str:
    return " ".join(meaning.split())


class _Place:
    """The state after some words: the command, the option that needs a value, the places left."""

    def __init__(self, table: Row, before: Sequence[str]) -> None:
        self.row: Row = table
        self.due: Row | None = None
        self.literal = False
        self.open: list[Row] = []
        for word in before:
            self._go(word)

    def _go(self, word: str) -> None:
        if self.due is not None:
            self.due = None
        elif word == "--" and not self.literal:
            self.literal = True
            program = [number for number, row in enumerate(self.open) if row["takes"] == "program"]
            del self.open[: sum(program)]  # the program follows, whether a profile is named or not
        elif word.startswith("-") and not self.literal:
            name, tied, _ = word.partition("=")
            option = self.row["options"].get(name)
            self.due = option if option and option["takes"] is not None and not tied else None
        elif word in self.row.get("children", {}):
            self.row = self.row["children"][word]
            self.open = list(self.row.get("places", ()))
        elif self.open and not self.open[0]["repeats"]:
            del self.open[0]


def _command(table: Row, before: Sequence[str], prefix: str) -> Choices:
    """Choices for a plain command or its name."""
    at = _Place(table, before)
    if at.due is not None:
        yield from _values(at.due["takes"], prefix, table)
        return
    if prefix.startswith("-") and not at.literal:
        options: Mapping[str, Row] = at.row["options"]
        unused = {name: row for name, row in options.items() if name not in before}
        yield from ((n, row["meaning"]) for n, row in unused.items() if n.startswith(prefix))
        return
    children: Mapping[str, Row] = at.row.get("children", {})
    yield from ((n, row["meaning"]) for n, row in children.items() if n.startswith(prefix))
    if at.row is table and prefix:
        yield from _cmdlets(table, prefix)
    if at.open:
        yield from _values(at.open[0]["takes"], prefix, table)


def _cmdlets(table: Row, prefix: str) -> Choices:
    from keystead.powershell.shell.candidates import cmdlet_names

    named: list[str] = []
    if "-" in prefix and _may_be_of_service(prefix):  # slower to load than the table
        from keystead.powershell.services.index import Index
        from keystead.system import System

        named = Index(System()).cmdlets_like(prefix)
    rows = [((row["name"], *row["aliases"]), row["summary"]) for row in table["cmdlets"]]
    return cmdlet_names(prefix, rows, named)


def _may_be_of_service(prefix: str) -> bool:
    """Whether a cmdlet of a service, not of AWS in general, may begin like that."""
    import re  # words alone need none

    return re.match("[A-Z]+-(?!AW|Default)[A-Z][A-Z0-9]", prefix, re.IGNORECASE) is not None


def _cmdlet(table: Row, before: Sequence[str], prefix: str) -> Choices:
    """Choices for a cmdlet."""
    from keystead.powershell.shell.candidates import parameters, values_after

    cmdlet = _registry(table).get(before[0]) or _of_service(before[0])
    if cmdlet is None:
        return
    import re

    found = (re.fullmatch(r"-([A-Za-z]\w*)", word) for word in before[1:])
    names = [match[1] if match else None for match in found]
    if prefix.startswith("-"):
        yield from parameters(prefix[1:], cmdlet, names)
        return
    for value in values_after(prefix, cmdlet, names, _source):
        yield value, ""


def _of_service(name: str) -> Cmdlet | None:
    """The cmdlet of a service; noticeably slow."""
    from keystead.powershell.table import CMDLETS

    return CMDLETS.get(name)


def _values(takes: str | list[str], prefix: str, table: Row) -> Choices:
    """The values of an option or a positional argument."""
    if isinstance(takes, list):
        yield from ((value, "") for value in takes if value.startswith(prefix))
    elif takes == "file":
        yield FILES, ""
    elif takes == "program":
        yield PROGRAMS, ""
    elif takes == "topic":
        known = {**table["children"], "cmdlets": {}, "types": {}}
        fitting = {name: row for name, row in known.items() if name.startswith(prefix)}
        yield from ((name, row.get("meaning", "")) for name, row in fitting.items())
        if prefix:
            yield from _cmdlets(table, prefix)
    elif takes in ("setting", "setting="):
        mark = takes.removeprefix("setting")
        settings: Mapping[str, str] = table["settings"]
        yield from (
            (name + mark, meaning) for name, meaning in settings.items() if name.startswith(prefix)
        )
    elif takes in ("column", "column="):
        mark = takes.removeprefix("column")
        before, comma, last = ("", "", prefix) if mark else prefix.rpartition(",")
        columns: Mapping[str, str] = table["columns"]
        yield from (
            (f"{before}{comma}{name}{mark}", meaning)
            for name, meaning in columns.items()
            if name.startswith(last)
        )
    else:
        found = _source(takes)
        if takes == "profile" and "/" in prefix:
            found += _roles(prefix)
        alike = [value for value in found if value.startswith(prefix)]
        # The encrypted store has names in any letter case.
        alike = alike or [value for value in found if value.lower().startswith(prefix.lower())]
        yield from ((value, "") for value in alike)


def _registry(table: Row) -> Registry:
    from keystead.powershell.cmdlet import Cmdlet, Parameter, Registry

    rows = (
        Cmdlet(
            row["name"],
            row["summary"],
            tuple(Parameter(**{**item, "values": _tuple(item["values"])}) for item in row["own"]),
            list,
            aliases=tuple(row["aliases"]),
            changes=() if row["changes"] else None,
        )
        for row in table["cmdlets"]
    )
    return Registry(rows)


def _tuple(values: str | list[str]) -> str | tuple[str, ...]:
    return values if isinstance(values, str) else tuple(values)


def _source(name: str) -> list[str]:
    find = _SOURCES.get(name)
    return find() if find else []


def _profiles() -> list[str]:
    from keystead.errors import KeysteadError
    from keystead.stores.registry import STORES
    from keystead.system import System

    system = System()
    try:
        # Skip empty stores: the encrypted store is slow to import.
        stores = [row.open(system) for row in STORES if not row.is_empty(system)]
        found = [profile for store in stores for profile in store.profiles()]
    except KeysteadError:
        return []  # the command will report the error
    return list(dict.fromkeys(profile.name for profile in found))


def _roles(prefix: str) -> list[str]:
    """The cached names of roles for a prefix such as ``corp/``."""
    from keystead.errors import KeysteadError
    from keystead.identity_center.role_names import role_names
    from keystead.model.role_reference import decoded
    from keystead.stores.shared import SharedStore
    from keystead.system import System

    system, session = System(), decoded(prefix.partition("/")[0])
    try:
        section = SharedStore.open(system).snapshot().sso_session(session)
        return list(role_names(system, session, section, prefix)) if section else []
    except KeysteadError:
        return []


def _sso_sessions() -> list[str]:
    from keystead.errors import KeysteadError
    from keystead.stores.shared import SharedStore
    from keystead.system import System

    try:
        return SharedStore.open(System()).snapshot().sso_sessions()
    except KeysteadError:
        return []


def _regions() -> list[str]:
    from keystead.botocore_session import region_names

    return list(region_names())


_SOURCES: Mapping[str, Callable[[], list[str]]] = {
    "profile": _profiles,
    "region": _regions,
    "sso-session": _sso_sessions,
}
