"""Checks a text before any of it runs: that its cmdlets exist, and that no secret continues beyond
its value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from keystead.errors import Origin, UsageError
from keystead.powershell.cmdlet import Registry
from keystead.powershell.engine.binding import may_be_secret
from keystead.powershell.language.evaluation import CONSTANTS, ITEM
from keystead.powershell.language.statements import (
    Assignment,
    Command,
    Display,
    Expression,
    Member,
    ParameterWord,
    Pipeline,
    Statement,
    Template,
    Variable,
    inner,
)


def check(
    statements: Sequence[Statement],
    text: str,
    source: str,
    table: Registry,
    variables: Collection[str],
) -> None:
    """Checks all ``statements`` of ``text``. ``variables`` has the names that have a value.

    Raises `UsageError` with the place for an unknown cmdlet, and on the line of a secret for text
    that would be shown and for unassigned variables: a ``;`` or a quote in the secret causes them.
    """
    known = {*variables, *CONSTANTS, *ITEM}
    known |= {row.variable.lower() for row in statements if isinstance(row, Assignment)}
    secret_end: int | None = None
    for statement in statements:
        part = statement.value if isinstance(statement, Assignment | Display) else statement
        shown = not isinstance(statement, Assignment)
        for stage in (part.first, *part.rest) if isinstance(part, Pipeline) else (part,):
            begun = stage.span.start
            same_line = secret_end is not None and "\n" not in text[secret_end:begun]
            if same_line and _may_be_rest(stage, known, shown=shown):
                raise UsageError(
                    "the text after a secret may be a part of it",
                    id="secret-not-quoted",
                    hint="put a secret with quotes, `;` or `$` in single quotes",
                    where=Origin(source, statement.line),
                )
            if not isinstance(stage, Command):
                continue
            try:
                cmdlet = table.find(stage.name, guarded=secret_end is not None)
            except UsageError as error:
                error.where = Origin(source, stage.line)
                raise
            names = [word.name for word in stage.words if isinstance(word, ParameterWord)]
            if any(may_be_secret(cmdlet, name) for name in names):
                secret_end = stage.span.end


def _may_be_rest(stage: Command | Expression, known: Collection[str], *, shown: bool) -> bool:
    if shown and not isinstance(stage, Command | Variable | Member):
        return True
    return any(variable.name.lower() not in known for variable in _variables(_values(stage)))


def _values(stage: Command | Expression) -> Iterator[Expression]:
    if not isinstance(stage, Command):
        yield stage
        return
    for word in stage.words:
        if not isinstance(word, ParameterWord):
            yield word
        elif word.value is not None:
            yield word.value


def _variables(expressions: Iterable[Expression]) -> Iterator[Variable]:
    for expression in expressions:
        match expression:
            case Variable():
                yield expression
            case Member():
                yield expression.variable
            case Template():
                yield from (part for part in expression.parts if isinstance(part, Variable))
            case _:
                yield from _variables(inner(expression))
