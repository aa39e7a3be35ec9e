"""Completes an unfinished cmdlet line: cmdlets, parameters, and their values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keystead.errors import UsageError
from keystead.powershell.cmdlet import Registry
from keystead.powershell.language import parse
from keystead.powershell.language.evaluation import ITEM
from keystead.powershell.language.statements import (
    Array,
    Assignment,
    Command,
    Expression,
    ParameterWord,
    Pipeline,
    Variable,
    Word,
)
from keystead.powershell.language.tokens import quote
from keystead.powershell.shell.candidates import ValueSource, cmdlet_names, parameters, values_after
from keystead.value import Value

_DOTTED = re.compile(r"\$(\w+)\.(\w*)$")
# What completes the text for the parser: nothing, a quote, a value after a colon or comma.
_ENDINGS = ("", "'", '"', "''")


class Completion(Value):
    """``text`` replaces the last ``length`` characters; ``meaning`` is shown with it."""

    text: str
    length: int
    meaning: str = ""


def completions(text: str, table: Registry, values: ValueSource) -> list[Completion]:
    """The completions of ``text``, which ends at the cursor.

    The source ``property:NAME`` of ``values`` gives the properties of the variable ``$NAME``.
    """
    dotted = _DOTTED.search(text)
    if dotted:
        name, begun = dotted.groups()
        if name.lower() in ITEM:
            known = _piped_properties(text.rpartition("{")[0], table, values)
        else:
            known = values(f"property:{name}")
        return [Completion(found, len(begun)) for found in known if _begins(found, begun)]
    if text.rstrip().endswith("|"):
        return _cmdlets("", 0, table)
    for ending in _ENDINGS:
        try:
            statements = parse(text + ending)
        except UsageError:
            continue
        last = statements[-1] if statements else None
        piped = last.value if isinstance(last, Assignment) else last
        command = piped.rest[-1] if isinstance(piped, Pipeline) else piped
        if command is None or (isinstance(command, Command) and _is_over(text, command)):
            return _cmdlets("", 0, table)
        if isinstance(command, Command):
            first = piped.first if isinstance(piped, Pipeline) else None
            sources = _with_properties(first, table, values)
            return list(_in_command(text, len(text + ending), command, table, sources))
        return []
    return []


def _piped_properties(text: str, table: Registry, values: ValueSource) -> list[str]:
    """The properties of the input of the last cmdlet in the pipeline that ends ``text``."""
    try:
        last = parse(text)[-1:]
    except UsageError:
        return []
    piped = last[0].value if last and isinstance(last[0], Assignment) else last and last[0]
    first = piped.first if isinstance(piped, Pipeline) else None
    return _with_properties(first, table, values)("property")


def _with_properties(
    first: Command | Expression | None, table: Registry, values: ValueSource
) -> ValueSource:
    """``values`` with the source ``property``: the properties of the output of ``first``."""

    def known(source: str) -> list[str]:
        if source != "property":
            return values(source)
        if isinstance(first, Variable):
            return values(f"property:{first.name}")
        cmdlet = table.get(first.name) if isinstance(first, Command) else None
        return list(cmdlet.outputs()) if cmdlet else []

    return known


def _begins(name: str, begun: str) -> bool:
    return name.lower().startswith(begun.lower())


def _is_over(text: str, command: Command) -> bool:
    """Whether what follows the command begins another one."""
    rest = text[command.span.end :]
    return ";" in rest or ("\n" in rest and "`" not in rest)


def _in_command(
    text: str, end: int, command: Command, table: Registry, values: ValueSource
) -> Iterator[Completion]:
    words = list(command.words)
    if not words and command.span.end == end:
        yield from _cmdlets(command.name, len(text) - command.span.start, table)
        return
    cmdlet = table.get(command.name)
    if cmdlet is None:
        return
    last = words.pop() if words and words[-1].span.end == end else None
    before = [word.name if isinstance(word, ParameterWord) else None for word in words]
    if isinstance(last, ParameterWord) and last.value is None:
        length = len(text) - last.span.start
        yield from _shown(parameters(last.name, cmdlet, before), length)
        return
    if isinstance(last, ParameterWord):
        before.append(last.name)
        last = last.value
    begun = _begun(text, last)
    if begun is None:
        return
    if begun == ("-", 1):
        yield from _shown(parameters("", cmdlet, before), 1)
        return
    for value in values_after(begun[0], cmdlet, before, values):
        yield Completion(quote(value), begun[1])


def _begun(text: str, last: Expression | None) -> tuple[str, int] | None:
    """The typed part of the last value and its length; None if it cannot be completed."""
    if last is None:
        return "", 0
    if isinstance(last, Array):
        last = last.items[-1]
    if isinstance(last, Word):
        return last.value, len(text) - min(last.span.start, len(text))
    return None


def _cmdlets(begun: str, length: int, table: Registry) -> list[Completion]:
    rows = [((cmdlet.name, *cmdlet.aliases), cmdlet.summary) for cmdlet in table]
    return _shown(cmdlet_names(begun, rows, table.dynamic_names(begun)), length)


def _shown(found: Iterator[tuple[str, str]], length: int) -> list[Completion]:
    return [Completion(text, length, meaning) for text, meaning in found]
