"""Evaluates the words of a statement with the values of variables.

`keystead.powershell.engine.binding` decides whether a value belongs to the parameter before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce

from keystead.errors import UsageError
from keystead.powershell.language.comparison import compare, truth
from keystead.powershell.language.statements import (
    Array,
    Block,
    Chain,
    Command,
    Expression,
    Hash,
    Member,
    Negation,
    Number,
    ParameterWord,
    Template,
    Variable,
    Word,
)
from keystead.powershell.objects import property_of
from keystead.secret import Secret, reveal

_LITERAL = "in single quotes `$` is an ordinary character"


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
    """The test of a script block; ``$_`` is the object."""

    _test: Expression = field(repr=False)
    _variables: Mapping[str, object] = field(repr=False)

    def holds(self, item: object) -> bool:
        """Whether ``item`` passes the test. Raises as `evaluate` and `compare` do.

        A block outputs the items of an array, so an array of one item counts as that item.
        """
        variables = {**self._variables, **dict.fromkeys(ITEM, item)}
        found = evaluate(self._test, variables)
        if isinstance(found, list) and len(found) == 1:
            found = found[0]
        return truth(found)


def arguments(
    command: Command,
    variables: Mapping[str, object],
    is_secret: Callable[[str], bool] = lambda _: False,
) -> tuple[Argument, ...]:
    """The command's words with the values of ``variables``.

    Raises as `evaluate` does. After a parameter that ``is_secret``, no error names a variable,
    since ``$`` may be part of the secret.
    """
    found: list[Argument] = []
    guarded = False
    for word in command.words:
        try:
            if not isinstance(word, ParameterWord):
                found.append(_value(word, variables))
                continue
            guarded = guarded or is_secret(word.name)
            given = None if word.value is None else _value(word.value, variables)
            found.append(Named(word.name, given))
        except UsageError as error:
            raise (_without_name() if guarded else error) from None
    return tuple(found)


def _without_name() -> UsageError:
    return UsageError(
        "a variable after a secret parameter has no value",
        id="undefined-variable",
        hint=f"{_LITERAL}: 'a$b'",
    )


def evaluate(expression: Expression, variables: Mapping[str, object]) -> object:
    """The value of ``expression``. ``variables`` has lower-case names.

    A variable alone is its object, and in a text its text; a text with a `Secret` in it is one. A
    missing property is None. Raises `UsageError` for a variable without a value.
    """
    match expression:
        case Word() | Number():
            return expression.value
        case Variable():
            return _lookup(expression, variables)
        case Member():
            return reduce(property_of, expression.names, _lookup(expression.variable, variables))
        case Array():
            return [evaluate(item, variables) for item in expression.items]
        case Hash():
            return {key: evaluate(value, variables) for key, value in expression.pairs}
        case Negation():
            return not truth(evaluate(expression.operand, variables))
        case Chain():
            return _chained(expression, variables)
        case Block():
            return Predicate(expression.test, variables)
        case Template():
            return _text_of(expression, variables)


def _chained(chain: Chain, variables: Mapping[str, object]) -> object:
    """The result of the operators from left to right, with short-circuit evaluation."""
    value = evaluate(chain.first, variables)
    for operator, operand in chain.rest:
        if operator == "and":
            value = truth(value) and truth(evaluate(operand, variables))
        elif operator == "or":
            value = truth(value) or truth(evaluate(operand, variables))
        elif operator == "xor":
            value = truth(value) != truth(evaluate(operand, variables))
        else:
            value = compare(operator, value, evaluate(operand, variables))
    return value


def _text_of(template: Template, variables: Mapping[str, object]) -> str | Secret:
    parts = [
        _lookup(part, variables) if isinstance(part, Variable) else part for part in template.parts
    ]
    if any(isinstance(part, Secret) for part in parts):
        return Secret(lambda: "".join(map(_text, parts)), shown="".join(map(str, parts)))
    return "".join(map(_text, parts))


CONSTANTS: Mapping[str, object] = {"true": True, "false": False, "null": None}
"""The variables that cannot be assigned."""
ITEM = ("_", "psitem")
"""Names of the object that a block looks at."""


def _value(expression: Expression, variables: Mapping[str, object]) -> Value:
    bare = isinstance(expression, Variable | Member) or (
        isinstance(expression, Word) and not expression.quoted
    )
    return Value(evaluate(expression, variables), quoted=not bare)


def _lookup(variable: Variable, variables: Mapping[str, object]) -> object:
    name = variable.name.lower()
    if name in CONSTANTS:
        return CONSTANTS[name]
    if name not in variables:
        raise UsageError(
            f"the variable `${variable.name}` has no value",
            id="undefined-variable",
            hint="`$_` is the object in a block of Where-Object"
            if name in ITEM
            else f"assign one first: ${variable.name} = ...; {_LITERAL}",
        )
    return variables[name]


def _text(value: object) -> str:
    if value is None:
        return ""
    return reveal(value) if isinstance(value, Secret) else str(value)
