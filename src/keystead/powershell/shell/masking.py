"""A typed line for the history: with its secrets masked, or not at all.

The stored line is built from what is known to be harmless. Everything else (the value of an unknown
parameter, a value after a secret, text, comments, pasted prompts) is masked or dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from keystead.errors import UsageError
from keystead.powershell.cmdlet import Cmdlet, Parameter, Registry
from keystead.powershell.language import parse
from keystead.powershell.language.statements import (
    Assignment,
    Block,
    Command,
    Expression,
    Hash,
    Member,
    ParameterWord,
    Pipeline,
    Statement,
    Template,
    Variable,
    Word,
    inner,
)
from keystead.secret import MASK, holds_key

_CMDLET_NAME = re.compile(r"[A-Za-z]{2,20}-[A-Za-z0-9]{2,60}")
# The name of a property that a value without a name is compared with: Where-Object Password -eq x.
_SUSPICIOUS = re.compile(r"secret|password|passphrase|token|credential|private_?key", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"\w+")
_PARAMETER = re.compile(r"-[A-Za-z]\w*(?::|\Z)")
_BARE = re.compile(r"[A-Za-z0-9_./:\\][A-Za-z0-9_./:\\-]*")


def mask_line(text: str, table: Registry) -> str | None:
    """``text`` as the history may store it; None if it may not.

    Several lines become one. Never raises: a line that cannot be parsed is not stored, since its
    secrets are unknown.
    """
    try:
        statements = parse(text)
    except UsageError:
        return None
    stored = [_statement(text, statement, table) for statement in statements]
    if not stored or None in stored:
        return None
    line = "; ".join(part for part in stored if part)
    return None if holds_key(line) else line  # in a name, where nothing is masked


def mask_statement(text: str, statement: Statement, table: Registry) -> str:
    """One statement of ``text`` as it may be stored and shown."""
    line = _statement(text, statement, table)
    if line is not None and not holds_key(line):
        return " ".join(line.split())
    return "a line of `keystead shell`"


def mask_words(words: Sequence[str], table: Registry) -> str:
    """The same for a cmdlet whose words the calling shell has separated."""
    text = " ".join([words[0], *map(_quoted, words[1:])])
    return mask_line(text, table) or "a cmdlet"


def _quoted(word: str) -> str:
    parameter = _PARAMETER.match(word)
    name, value = (parameter[0], word[parameter.end() :]) if parameter else ("", word)
    if name and not value:
        return name
    return name + (value if _BARE.fullmatch(value) else "'" + value.replace("'", "''") + "'")


def _statement(text: str, statement: Statement, table: Registry) -> str | None:
    if isinstance(statement, Command | Pipeline):
        return _pipeline(text, statement, table)
    value = statement.value
    if not isinstance(statement, Assignment):
        return _named(text, value)
    if isinstance(value, Command | Pipeline):
        shown = _pipeline(text, value, table)
    else:
        shown = _named(text, value) or MASK
    name = statement.variable
    target = f"${name}" if _PLAIN_NAME.fullmatch(name) else f"${{{name}}}"
    return None if shown is None else f"{target} = {shown}"


def _pipeline(text: str, statement: Command | Pipeline, table: Registry) -> str | None:
    if isinstance(statement, Command):
        return _command(text, statement, table)
    first = statement.first
    begun = _command(text, first, table) if isinstance(first, Command) else _named(text, first)
    stages = [begun, *(_command(text, command, table) for command in statement.rest)]
    known = [stage for stage in stages if stage is not None]
    return " | ".join(known) if len(known) == len(stages) else None


def _named(text: str, value: object) -> str | None:
    """A variable or a property of one: it refers to a value and does not contain it."""
    return _raw(text, value) if isinstance(value, Variable | Member) else None


def _command(text: str, command: Command, table: Registry) -> str | None:
    cmdlet = table.get(command.name)
    if cmdlet is None and not (_CMDLET_NAME.fullmatch(command.name) and table.near(command.name)):
        return None  # perhaps a secret that was pasted into the wrong window
    masker = _Masker(text, table, cmdlet)
    return " ".join([command.name, *(masker.word(word) for word in command.words)])


class _Masker:
    """Masks the words of one command, one after another."""

    def __init__(self, text: str, table: Registry, cmdlet: Cmdlet | None) -> None:
        self._text = text
        self._cmdlets = list(table) if cmdlet is None else [cmdlet]
        positional = (
            [row for row in cmdlet.parameters if row.position is not None] if cmdlet else []
        )
        # How many positional values are known not to be secret.
        self._free = 0 if any(row.may_hold_secret for row in positional) else len(positional)
        self._awaited: bool | None = None  # whether the value expected for a parameter is harmless

    def word(self, word: Expression | ParameterWord) -> str:
        if isinstance(word, ParameterWord):
            return self._parameter(word)
        harmless = self._awaited
        self._awaited = None
        if harmless is None:
            harmless = self._free > 0
            self._free = (
                0 if isinstance(word, Word) and _SUSPICIOUS.search(word.value) else self._free - 1
            )
        elif not harmless:
            self._free = 0  # the rest of a secret with a space in it is further values
        if isinstance(word, Word) and word.value.startswith("-"):
            self._awaited = False  # a misspelt parameter
            return f"-{MASK}"
        return self._value(word, harmless=harmless)

    def _parameter(self, word: ParameterWord) -> str:
        matches = [row for cmdlet in self._cmdlets for row in cmdlet.matches(word.name)]
        # A secret may run into its parameter, or begin with a dash itself.
        if not matches or self._awaited is False:
            self._awaited = False
            return f"-{MASK}"
        harmless = not any(row.may_hold_secret for row in matches)
        if word.value is not None:
            self._awaited = None
            if not harmless:
                self._free = 0
            return f"-{word.name}:{self._value(word.value, harmless=harmless)}"
        self._awaited = None if _takes_no_value(matches) else harmless
        return f"-{word.name}"

    def _value(self, value: Expression, *, harmless: bool) -> str:
        if isinstance(value, Variable | Member):
            return _raw(self._text, value)
        if not harmless or isinstance(value, Hash | Block) or any(map(holds_key, _texts(value))):
            return MASK  # which values of a hash table or block are secret is unknown
        return _raw(self._text, value)


def _texts(value: Expression) -> Iterator[str]:
    """All literal texts in ``value``."""
    match value:
        case Word():
            yield value.value
        case Template():
            yield from (part for part in value.parts if isinstance(part, str))
        case _:
            for part in inner(value):
                yield from _texts(part)


def _takes_no_value(matches: list[Parameter]) -> bool:
    return all(row.kind == "switch" for row in matches)


def _raw(text: str, expression: Expression) -> str:
    return text[expression.span.start : expression.span.end]
