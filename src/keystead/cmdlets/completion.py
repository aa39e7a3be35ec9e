"""What an unfinished cmdlet line can be completed to: cmdlets, parameters, and their values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from keystead.cmdlets.language import parse
from keystead.cmdlets.lexemes import quote
from keystead.cmdlets.statements import Assignment, Command, ParameterWord, Word
from keystead.cmdlets.table_types import Cmdlet, Parameter, Registry
from keystead.errors import UsageError

Values = Callable[[str], list[str]]
"""Gives the values of a source that a parameter names, such as ``profile``."""

# What the text may lack to be read: nothing, the end of a quote, the value behind a colon.
_ENDINGS = ("", "'", '"', "''")


@dataclass(frozen=True)
class Completion:
    """``text`` to put in place of the last ``length`` letters; ``meaning`` to show beside it."""

    text: str
    length: int
    meaning: str = ""


def completions(text: str, table: Registry, values: Values) -> list[Completion]:
    """The ways to complete ``text``, which ends at the cursor; none where nobody can tell."""
    for ending in _ENDINGS:
        try:
            statements = parse(text + ending)
        except UsageError:
            continue
        last = statements[-1] if statements else None
        command = last.value if isinstance(last, Assignment) else last
        if command is None or (isinstance(command, Command) and _is_over(text, command)):
            return list(_cmdlets("", 0, table))
        if isinstance(command, Command):
            return list(_in_command(text, len(text + ending), command, table, values))
        return []
    return []


def _is_over(text: str, command: Command) -> bool:
    """Whether what follows the command begins another one."""
    rest = text[command.span.end :]
    return ";" in rest or ("\n" in rest and "`" not in rest)


def _in_command(
    text: str, end: int, command: Command, table: Registry, values: Values
) -> Iterator[Completion]:
    words = list(command.words)
    if not words and command.span.end == end:
        yield from _cmdlets(command.name, len(text) - command.span.start, table)
        return
    cmdlet = table.get(command.name)
    if cmdlet is None:
        return
    last = words.pop() if words and words[-1].span.end == end else None
    if last is None:
        begun, length = "", 0
    elif isinstance(last, Word):
        begun, length = last.value, len(text) - last.span.start
    elif isinstance(last, ParameterWord) and last.value is None:
        yield from _parameters(last.name, len(text) - last.span.start, cmdlet, words)
        return
    elif isinstance(last, ParameterWord) and isinstance(last.value, Word):
        begun, length = last.value.value, len(text) - min(last.value.span.start, len(text))
        words.append(ParameterWord(last.name))
    else:
        return
    if begun == "-":
        yield from _parameters("", length, cmdlet, words)
        return
    row = _row_for_value(cmdlet, words)
    known = values(row.values) if row and isinstance(row.values, str) else row and row.values
    for value in known or ():
        if value.lower().startswith(begun.lower()):
            yield Completion(quote(value), length)


def _cmdlets(begun: str, length: int, table: Registry) -> Iterator[Completion]:
    for cmdlet in table:
        for name in (cmdlet.name, *cmdlet.aliases):
            if name.lower().startswith(begun.lower()):
                yield Completion(name, length, cmdlet.summary)
                break  # an alias is offered only where the name itself does not fit


def _parameters(
    begun: str, length: int, cmdlet: Cmdlet, words: Sequence[object]
) -> Iterator[Completion]:
    given = {row.name for word in words for row in _exactly(cmdlet, word)}
    for row in cmdlet.parameters:
        if row.name not in given and row.name.lower().startswith(begun.lower()):
            yield Completion(f"-{row.name}", length, row.meaning)


def _row_for_value(cmdlet: Cmdlet, words: Sequence[object]) -> Parameter | None:
    """The parameter that a value after ``words`` would go to."""
    rows = _exactly(cmdlet, words[-1]) if words else ()
    if rows and rows[0].kind != "switch":
        return rows[0]
    given = {row.name for word in words for row in _exactly(cmdlet, word)}
    positional = [row for row in cmdlet.parameters if row.position is not None]
    free = [row for row in positional if row.name not in given]
    return min(free, key=lambda row: row.position or 0, default=None)


def _exactly(cmdlet: Cmdlet, word: object) -> tuple[Parameter, ...]:
    rows = cmdlet.matches(word.name) if isinstance(word, ParameterWord) else ()
    return rows if len(rows) == 1 else ()
