"""The statements that cmdlet lines are read into, and what their words come to.

`keystead.cmdlets.language` reads them from text or from words of a command line; here is their
shape, and the step that puts the values of variables in. Whether a value belongs to the parameter
before it is decided in `keystead.cmdlets.binding`.

No ``repr`` shows what was typed as a value, since it may be a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from keystead.errors import UsageError
from keystead.secret import Secret, reveal


class Span(NamedTuple):
    """The stretch of the text that something was read from, up to and without ``end``."""

    start: int
    end: int


_NOWHERE = Span(0, 0)


@dataclass(frozen=True)
class Word:
    """Text. A quoted one is never a parameter, whatever it begins with."""

    value: str = field(repr=False)
    quoted: bool = False
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Variable:
    """``$name``: the object itself, not its text."""

    name: str
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Template:
    """Text with variables in it, such as ``"$name-copy"``."""

    parts: tuple[str | Variable, ...] = field(repr=False)
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


Expression = Word | Variable | Template


@dataclass(frozen=True)
class ParameterWord:
    """``-Name``, or ``-Name:value`` with the value that is tied to it."""

    name: str = field(repr=False)  # a missing blank runs a secret value into it
    value: Expression | None = None
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Command:
    """A cmdlet with its words; ``line`` counts from 1."""

    name: str
    words: tuple[Expression | ParameterWord, ...]
    line: int
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Assignment:
    """``$variable = value``, the value being an expression or a cmdlet's output."""

    variable: str
    value: Command | Expression
    line: int


@dataclass(frozen=True)
class Showing:
    """A value as a statement of its own: it is shown."""

    value: Expression
    line: int


Statement = Command | Assignment | Showing


@dataclass(frozen=True)
class Value:
    """A value given to a cmdlet: text, or the object of a variable."""

    value: object = field(repr=False)
    quoted: bool = False


@dataclass(frozen=True)
class Named:
    """A parameter given to a cmdlet, with the value tied to it by a colon, if there is one."""

    name: str = field(repr=False)
    value: Value | None = None


Argument = Value | Named


def arguments(command: Command, variables: Mapping[str, object]) -> tuple[Argument, ...]:
    """The command's words with the values of ``variables`` put in.

    Raises as `evaluate` does.
    """
    return tuple(
        Named(word.name, None if word.value is None else _value(word.value, variables))
        if isinstance(word, ParameterWord)
        else _value(word, variables)
        for word in command.words
    )


def evaluate(expression: Expression, variables: Mapping[str, object]) -> object:
    """What ``expression`` comes to. ``variables`` has lower-case names.

    A variable alone gives its object; in a text it gives its text, and a `Secret` in a text makes
    the whole of it one. Raises `UsageError` for a variable that has no value.
    """
    if isinstance(expression, Word):
        return expression.value
    if isinstance(expression, Variable):
        return _lookup(expression, variables)
    parts = [
        _lookup(part, variables) if isinstance(part, Variable) else part
        for part in expression.parts
    ]
    if any(isinstance(part, Secret) for part in parts):
        return Secret(lambda: "".join(map(_text, parts)))
    return "".join(map(_text, parts))


_CONSTANTS: Mapping[str, object] = {"true": True, "false": False, "null": None}


def _value(expression: Expression, variables: Mapping[str, object]) -> Value:
    quoted = isinstance(expression, Template) or (
        isinstance(expression, Word) and expression.quoted
    )
    return Value(evaluate(expression, variables), quoted)


def _lookup(variable: Variable, variables: Mapping[str, object]) -> object:
    name = variable.name.lower()
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    if name not in variables:
        raise UsageError(
            f"the variable `${variable.name}` has no value",
            hint=f"give it one first: ${variable.name} = ...",
        )
    return variables[name]


def _text(value: object) -> str:
    if value is None:
        return ""
    return reveal(value) if isinstance(value, Secret) else str(value)
