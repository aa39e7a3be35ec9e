"""What the words of a statement come to, once the values of variables are put in.

Whether a value belongs to the parameter before it is decided in `keystead.cmdlets.binding`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from keystead.cmdlets.language.statements import (
    Array,
    Block,
    Command,
    Expression,
    Hash,
    Member,
    Number,
    ParameterWord,
    Template,
    Variable,
    Word,
)
from keystead.cmdlets.properties import property_of
from keystead.errors import UsageError
from keystead.secret import Secret, reveal


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


@dataclass(frozen=True)
class Predicate:
    """What a block asks of an object: a property, compared with a value or by its truth alone."""

    names: tuple[str, ...]
    operator: str | None
    right: object = field(repr=False)


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
    the whole of it one. A property that is not there is None. Raises `UsageError` for a variable
    that has no value.
    """
    match expression:
        case Word() | Number():
            return expression.value
        case Variable():
            return _lookup(expression, variables)
        case Member():
            found = _lookup(expression.variable, variables)
            for name in expression.names:
                found = property_of(found, name)
            return found
        case Array():
            return [evaluate(item, variables) for item in expression.items]
        case Hash():
            return {key: evaluate(value, variables) for key, value in expression.pairs}
        case Block():
            right = None if expression.right is None else evaluate(expression.right, variables)
            return Predicate(expression.names, expression.operator, right)
        case Template():
            return _text_of(expression, variables)


def _text_of(template: Template, variables: Mapping[str, object]) -> str | Secret:
    parts = [
        _lookup(part, variables) if isinstance(part, Variable) else part for part in template.parts
    ]
    if any(isinstance(part, Secret) for part in parts):
        return Secret(lambda: "".join(map(_text, parts)))
    return "".join(map(_text, parts))


_CONSTANTS: Mapping[str, object] = {"true": True, "false": False, "null": None}


def _value(expression: Expression, variables: Mapping[str, object]) -> Value:
    bare = isinstance(expression, Variable | Member) or (
        isinstance(expression, Word) and not expression.quoted
    )
    return Value(evaluate(expression, variables), quoted=not bare)


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
