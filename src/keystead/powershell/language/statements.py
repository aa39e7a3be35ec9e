"""The syntax tree of cmdlet lines.

`keystead.powershell.language` reads them from text or from words of a command line, and
`keystead.powershell.language.evaluation` evaluates their words.

No ``repr`` shows what was typed as a value, since it may be a secret.
"""

from __future__ import annotations

from keystead.value import NamedTuple, Value, field


class Span(NamedTuple):
    """A range of the text, without ``end``."""

    start: int
    end: int


_NOWHERE = Span(0, 0)

_COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le", "like", "notlike", "match", "notmatch")
_CONTAINMENTS = ("contains", "notcontains", "in", "notin")
OPERATORS = tuple(
    f"{case}{name}" for name in (*_COMPARISONS, *_CONTAINMENTS) for case in ("", "c", "i")
)
"""The comparison operators; one with a ``c`` is case-sensitive."""
LOGICAL = ("and", "or", "xor")
"""Operators that join comparisons, all of the same precedence."""


class Word(Value):
    """Text. A quoted one is never a parameter."""

    value: str = field(repr=False)
    quoted: bool = False
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


class Variable(Value):
    """``$name``: the object itself, not its text."""

    name: str
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


class Template(Value):
    """Text with variables in it, such as ``"$name-copy"``."""

    parts: tuple[str | Variable, ...] = field(repr=False)
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


class Number(Value):
    """A number outside of a cmdlet's words; in them it is a text that a parameter may read."""

    value: int | float
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


class Member(Value):
    """``$name.Property``, or the property of a property."""

    variable: Variable
    names: tuple[str, ...]
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


class Array(Value):
    """``a, b``."""

    items: tuple[Expression, ...] = field(repr=False)
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


class Hash(Value):
    """``@{name = value}``."""

    pairs: tuple[tuple[str, Expression], ...] = field(repr=False)
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


class Chain(Value):
    """``a -eq b``, ``a -and b -or c``: operators of one precedence, evaluated left to right."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


class Negation(Value):
    """``-not a``, ``!a``."""

    operand: Expression
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


class Block(Value):
    """``{ $_.Name -eq 'x' }``: a test of an object, which is ``$_`` in it."""

    test: Expression
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


Expression = Word | Variable | Template | Number | Member | Array | Hash | Chain | Negation | Block


def inner(expression: Expression) -> tuple[Expression, ...]:
    """The expressions that ``expression`` is made of."""
    match expression:
        case Array():
            return expression.items
        case Hash():
            return tuple(value for _, value in expression.pairs)
        case Chain():
            return (expression.first, *(operand for _, operand in expression.rest))
        case Negation():
            return (expression.operand,)
        case Block():
            return (expression.test,)
        case _:
            return ()


class ParameterWord(Value):
    """``-Name``, or ``-Name:value`` with the value that is tied to it."""

    name: str = field(repr=False)  # without a blank it includes a secret value
    value: Expression | None = None
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


class Command(Value):
    """A cmdlet with its words; ``line`` counts from 1."""

    name: str
    words: tuple[Expression | ParameterWord, ...]
    line: int
    span: Span = field(default=_NOWHERE, compare=False, repr=False)


class Pipeline(Value):
    """A cmdlet's output or a value, piped through further cmdlets."""

    first: Command | Expression
    rest: tuple[Command, ...]
    line: int


class Assignment(Value):
    """``$variable = value``, the value being an expression or the output of cmdlets."""

    variable: str
    value: Command | Pipeline | Expression
    line: int


class Display(Value):
    """A value as a statement, which shows it."""

    value: Expression
    line: int


Statement = Command | Pipeline | Assignment | Display
