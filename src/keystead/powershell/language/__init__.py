r"""Parses the part of PowerShell's language that keystead supports.

In: cmdlets with parameters and arguments, pipelines of them, comments, both kinds of quotes and
here-strings, variables and their properties, numbers such as ``10kb``, arrays, hash tables,
assignments, several statements, continued lines, blocks of comparisons joined by ``-and``, ``-or``
and ``-not``, and prompts that were pasted along. Out: everything else of PowerShell, each part
refused by its name and line. Which cmdlets and parameters
exist is not known here.

``Get-AWSCredential -ProfileName 'my role'`` is a `Command` of two words; ``$c = 'x'`` is an
`Assignment`. A word that begins with a dash and a letter is a parameter; the backslashes of
``C:\Users`` are ordinary characters.
"""

from __future__ import annotations

from collections.abc import Sequence

from keystead.errors import UsageError
from keystead.powershell.language import tokens
from keystead.powershell.language.cursor import Unfinished
from keystead.powershell.language.evaluation import evaluate
from keystead.powershell.language.parser import Parser
from keystead.powershell.language.statements import (
    Command,
    Expression,
    ParameterWord,
    Statement,
    Word,
)


def parse(text: str, source: str = "input") -> tuple[Statement, ...]:
    """The statements of ``text``; all of it is read before any is run.

    Raises `UsageError` with ``source`` and the line for whatever is not in the language.
    """
    return Parser(text, source).statements()


def is_incomplete(text: str) -> bool:
    """Whether ``text`` needs another line: an open quote, comment, brace or block, a backtick, bar
    or comma at its end, an assignment without a value.
    """
    try:
        parse(text)
    except Unfinished:
        return True
    except UsageError:
        return False
    return False


def value_of(text: str) -> object:
    """The value of a literal of the language: ``@{a=1; b='x','y'}`` is a dict.

    Numbers, quoted texts, ``$true``, ``$false``, ``$null``, arrays and hash tables of them.
    Raises `UsageError` for anything else.
    """
    return evaluate(Parser(text, "value").literal(), {})


def from_argv(words: Sequence[str]) -> Command:
    """The command that words of a command line spell, their quotes removed by the shell.

    A leading prompt is dropped; nothing in the words is a comment, variable or operator. Raises
    `UsageError` when there is no cmdlet among them, or no value after ``-Name:``.
    """
    rest = list(words)
    while rest and tokens.ARGV_PROMPT.fullmatch(rest[0]):
        del rest[0]
    if not rest:
        raise UsageError(
            "no cmdlet was named", id="unknown-cmdlet", hint="`keystead help cmdlets` shows them"
        )
    name = rest.pop(0)
    found: list[Expression | ParameterWord] = []
    while rest:
        word = rest.pop(0)
        parameter = tokens.ARGV_PARAMETER.fullmatch(word)
        if parameter is None:
            found.append(Word(word))
            continue
        spelling, colon, value = parameter.groups()
        if colon and not value:
            if not rest:
                raise UsageError(
                    "a parameter ends in a colon and no value follows",
                    hint="quote `-Name:$true` and `-Name:$false` from your shell",
                )
            value = rest.pop(0)
        found.append(ParameterWord(spelling, Word(value) if colon else None))
    return Command(name, tuple(found), line=1)
