r"""From what was typed to statements: the part of PowerShell's language that keystead reads.

In: cmdlets with parameters and arguments, comments, both kinds of quotes, variables, assignments,
several statements, continued lines, and prompts that were pasted along. Out: everything else of
PowerShell, each part refused by its name and line. What cmdlets and parameters there are is not
known here.

``Get-AWSCredential -ProfileName 'my role'`` is a `Command` of two words; ``$c = 'x'`` is an
`Assignment`. A word that begins with a dash and a letter is a parameter; the backslashes of
``C:\Users`` are letters like any other.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from typing import NoReturn

from keystead.cmdlets import lexemes
from keystead.cmdlets.statements import (
    Assignment,
    Command,
    Expression,
    ParameterWord,
    Showing,
    Span,
    Statement,
    Template,
    Variable,
    Word,
)
from keystead.errors import Origin, UsageError


class _Unfinished(UsageError):
    """The text ends in the middle of something that a further line could end."""


def parse(text: str, source: str = "input") -> tuple[Statement, ...]:
    """The statements of ``text``; all of it is read before any is run.

    Raises `UsageError` with ``source`` and the line for whatever is not in the language.
    """
    return _Reader(text, source).statements()


def is_incomplete(text: str) -> bool:
    """Whether ``text`` waits for a further line: an open quote or comment, a backtick at its end,
    an assignment without a value.
    """
    try:
        parse(text)
    except _Unfinished:
        return True
    except UsageError:
        return False
    return False


def from_argv(words: Sequence[str]) -> Command:
    """The command that words of a command line spell, their quotes removed by the shell.

    A leading prompt is dropped; nothing in the words is a comment, variable or operator. Raises
    `UsageError` when there is no cmdlet among them, or no value behind ``-Name:``.
    """
    rest = list(words)
    while rest and lexemes.ARGV_PROMPT.fullmatch(rest[0]):
        del rest[0]
    if not rest:
        raise UsageError("no cmdlet was named", hint="`keystead help cmdlets` shows them")
    name = rest.pop(0)
    found: list[Expression | ParameterWord] = []
    while rest:
        word = rest.pop(0)
        parameter = lexemes.ARGV_PARAMETER.fullmatch(word)
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


class _Reader:
    """Goes through the text once, from ``at`` on."""

    def __init__(self, text: str, source: str) -> None:
        self.text = text
        self.source = source
        self.at = 0
        self._breaks = [found.end() for found in lexemes.NEWLINE.finditer(text)]

    def statements(self) -> tuple[Statement, ...]:
        found: list[Statement] = []
        self._skip_prompts()
        while True:
            self._skip_blanks()
            if self.at == len(self.text):
                return tuple(found)
            if self._take(lexemes.NEWLINE):
                self._skip_prompts()
            elif self.text[self.at] == ";":
                self.at += 1
            else:
                found.append(self._statement())
                self._expect_end()

    # Statements. A pipeline would be read in `_command`, the one place that ends a cmdlet.

    def _statement(self) -> Statement:
        line = self._line(self.at)
        char = self.text[self.at]
        if char == "$":
            start = self.at
            variable = self._variable()
            if variable is None:
                self._refuse(start)
            self._skip_blanks()
            if self.text.startswith("=", self.at) and not self.text.startswith("==", self.at):
                if variable.name.lower() in ("true", "false", "null"):
                    self._fail(f"`${variable.name}` cannot be given a value", start)
                self.at += 1
                return Assignment(variable.name, self._assigned(start), line)
            return Showing(variable, line)
        if char in lexemes.SINGLE + lexemes.DOUBLE:
            return Showing(self._expression(), line)
        return self._command()

    def _assigned(self, start: int) -> Command | Expression:
        self._skip_blanks()
        while self._take(lexemes.NEWLINE):
            self._skip_prompts()
            self._skip_blanks()
        if self.at == len(self.text):
            self._fail("no value follows the `=` of an assignment", start, unfinished=True)
        number = lexemes.NUMBER.match(self.text, self.at)
        if number:
            self.at = number.end()
            return Word(number.group(), span=Span(number.start(), self.at))
        if self.text[self.at] in "$" + lexemes.SINGLE + lexemes.DOUBLE:
            return self._expression()
        return self._command()

    def _command(self) -> Command:
        start = self.at
        char = self.text[start]
        if lexemes.PARAMETER.match(self.text, start):
            self._fail(
                "a line begins with a parameter",
                start,
                hint="a backtick continues a line only as the very last character of it",
            )
        if char in "[.!+=#%?:" + lexemes.DASH or char.isdigit():
            self._refuse(start)
        name = self._expression()
        if not isinstance(name, Word):
            self._fail("the name of a cmdlet may not hold a variable", start)
        if lexemes.KEYWORDS.fullmatch(name.value):
            self._fail(f"the keyword `{name.value}` is not supported", start, hint=lexemes.HINT)
        words: list[Expression | ParameterWord] = []
        end = self.at
        self._skip_blanks()
        while not self._at_end():
            words.append(self._parameter() or self._expression())
            end = self.at
            self._skip_blanks()
        return Command(name.value, tuple(words), self._line(start), Span(start, end))

    # Words.

    def _parameter(self) -> ParameterWord | None:
        start = self.at
        found = lexemes.PARAMETER.match(self.text, start)
        if found is None:
            return None
        self.at = found.end()
        value: Expression | None = None
        if self.text.startswith(":", self.at):
            self.at += 1
            self._skip_blanks()
            if self._at_end():
                self._fail("a parameter ends in a colon and no value follows", start)
            value = self._expression()
        return ParameterWord(found[1], value, Span(start, self.at))

    def _expression(self) -> Expression:
        start = self.at
        char = self.text[start]
        if char in lexemes.SINGLE:
            text = self._single_quoted()
            self._refuse_access()
            return Word(text, quoted=True, span=Span(start, self.at))
        if char in lexemes.DOUBLE:
            parts = self._double_quoted()
            self._refuse_access()
            return _joined(parts, Span(start, self.at), quoted=True)
        if char in "@|&(){},<>":
            self._refuse(start)
        variable = None
        if char == "$":
            variable = self._variable()
            self._refuse_access()
        rest = self._bare()
        if variable is None:
            return _joined(["$", *rest] if char == "$" else rest, Span(start, self.at))
        return Template((variable, *rest), Span(start, self.at)) if rest else variable

    def _bare(self) -> list[str | Variable]:
        parts: list[str | Variable] = []
        while True:
            plain = lexemes.IN_WORD.match(self.text, self.at)
            if plain:
                self.at = plain.end()
                parts.append(plain.group())
            char = self.text[self.at : self.at + 1]
            if char == "$":
                parts.append(self._variable() or "$")
            elif char and char in lexemes.SINGLE:
                parts.append(self._single_quoted())
            elif char and char in lexemes.DOUBLE:
                parts += self._double_quoted()
            elif char == "`" and not lexemes.NEWLINE.match(self.text, self.at + 1):
                parts.append(self._escape())
            else:
                return parts

    def _single_quoted(self) -> str:
        return "".join(str(part) for part in self._quoted(lexemes.SINGLE, lexemes.IN_SINGLE))

    def _double_quoted(self) -> list[str | Variable]:
        return self._quoted(lexemes.DOUBLE, lexemes.IN_DOUBLE)

    def _quoted(self, marks: str, inside: re.Pattern[str]) -> list[str | Variable]:
        start = self.at
        self.at += 1
        parts: list[str | Variable] = []
        while True:
            plain = inside.match(self.text, self.at)
            if plain:
                self.at = plain.end()
                parts.append(plain.group())
            char = self.text[self.at : self.at + 1]
            if not char:
                kind = "single" if marks == lexemes.SINGLE else "double"
                self._fail(f"a {kind} quote is not closed", start, unfinished=True)
            elif char == "$":
                parts.append(self._variable() or "$")
            elif char == "`":
                parts.append(self._escape())
            else:
                self.at += 1
                again = self.text[self.at : self.at + 1]
                if not again or again not in marks:
                    return parts
                self.at += 1  # a mark that is doubled stands for itself
                parts.append(char)

    def _escape(self) -> str:
        start = self.at
        if start + 1 == len(self.text):
            self._fail("nothing follows the backtick at the end", start, unfinished=True)
        char = self.text[start + 1]
        self.at += 2
        if char != "u" or not self.text.startswith("{", self.at):
            return lexemes.ESCAPES.get(char, char)
        found = lexemes.CODE_POINT.match(self.text, start + 1)
        number = int(found[1], 16) if found else -1
        if found is None or number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:  # noqa: PLR2004  # Unicode's own bounds
            self._fail("`u{...} does not name a character", start)
        self.at = found.end()
        return chr(number)

    def _variable(self) -> Variable | None:
        """The variable that begins here; None, and the `$` taken, where it stands for itself."""
        start = self.at
        found = lexemes.VARIABLE.match(self.text, start)
        if found is None:
            after = self.text[start + 1 : start + 2]
            if after == "{":
                self._fail("the brace of `${` is not closed", start, unfinished=True)
            if after and after in "($?^":
                self._refuse(start)
            self.at += 1
            return None
        self.at = found.end()
        name = found[1] or found[2]
        scoped = lexemes.SCOPE.match(self.text, self.at) if found[1] else None
        if scoped or (name and ":" in name):
            self._fail(
                "a scope or drive in a variable's name is not supported", start, hint=lexemes.HINT
            )
        if not name or not name.isprintable():
            self._fail("`${}` does not name a variable", start)
        return Variable(name, Span(start, self.at))

    # Between words.

    def _skip_blanks(self) -> None:
        """Skips blanks, comments and the breaks of continued lines."""
        while True:
            if self._take(lexemes.BLANKS):
                continue
            if self.text.startswith("`", self.at):
                after = lexemes.NEWLINE.match(self.text, self.at + 1)
                if after is None:
                    return
                self.at = after.end()
                self._take(lexemes.CONTINUATION_PROMPT)
            elif self.text.startswith("<#", self.at):
                end = self.text.find("#>", self.at + 2)
                if end < 0:
                    self._fail("a `<#` comment is not closed", self.at, unfinished=True)
                self.at = end + 2
            elif self.text.startswith("#", self.at):
                self._take(lexemes.TO_LINE_END)
            else:
                return

    def _skip_prompts(self) -> None:
        while self._take(lexemes.PROMPT):
            pass

    def _take(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self.text, self.at)
        if found is None:
            return False
        self.at = found.end()
        return True

    def _at_end(self) -> bool:
        return self.at == len(self.text) or self.text[self.at] in "\r\n;"

    def _expect_end(self) -> None:
        self._skip_blanks()
        if not self._at_end():
            self._refuse(self.at)

    def _refuse_access(self) -> None:
        if lexemes.ACCESS.match(self.text, self.at):
            self._refuse(self.at)

    # Errors.

    def _line(self, at: int) -> int:
        return bisect.bisect_right(self._breaks, at) + 1

    def _refuse(self, at: int) -> NoReturn:
        for mark, what in lexemes.CONSTRUCTS.items():
            if self.text.startswith(mark, at):
                self._fail(f"{what} (`{mark}`) is not supported", at, hint=lexemes.HINT)
        self._fail(
            "an expression with operators or numbers is not supported", at, hint=lexemes.HINT
        )

    def _fail(
        self, message: str, at: int, *, hint: str | None = None, unfinished: bool = False
    ) -> NoReturn:
        kind = _Unfinished if unfinished else UsageError
        raise kind(message, hint=hint, where=Origin(self.source, self._line(at)))


def _joined(
    parts: Sequence[str | Variable], span: Span, *, quoted: bool = False
) -> Word | Template:
    if any(isinstance(part, Variable) for part in parts):
        return Template(tuple(parts), span)
    return Word("".join(str(part) for part in parts), quoted, span)
