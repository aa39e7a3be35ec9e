"""Reading statements: cmdlets, pipelines, assignments, values that are shown."""

from __future__ import annotations

from keystead.powershell.language import tokens
from keystead.powershell.language.expressions import ExpressionCursor
from keystead.powershell.language.statements import (
    Assignment,
    Command,
    Display,
    Expression,
    ParameterWord,
    Pipeline,
    Span,
    Statement,
    Variable,
    Word,
)


class Parser(ExpressionCursor):
    """Reads a whole text."""

    def statements(self) -> tuple[Statement, ...]:
        """All statements of the text."""
        found: list[Statement] = []
        self.skip_prompts()
        while True:
            self.skip_blanks()
            if self.at == len(self.text):
                return tuple(found)
            if self.take(tokens.NEWLINE):
                self.skip_prompts()
            elif self.char == ";":
                self.at += 1
            else:
                found.append(self._statement())
                self.expect_end()

    def literal(self) -> Expression:
        """The one value that the whole text is."""
        self.skip_lines()
        value = self.operand()
        self.skip_lines()
        if self.char:
            self.refuse(self.at)
        return value

    def _statement(self) -> Statement:
        start, line = self.at, self.line(self.at)
        target = self._target()
        if target is not None:
            return Assignment(target.name, self._assigned(start), line)
        found = self._pipeline(line)
        return found if isinstance(found, Command | Pipeline) else Display(found, line)

    def _target(self) -> Variable | None:
        """The variable that is given a value here, with the `=` taken; None for no assignment."""
        start = self.at
        if self.char != "$":
            return None
        variable = self.variable()
        if variable is None:
            self.refuse(start)
        self.skip_blanks()
        if self.char == "=" and not self.text.startswith("==", self.at):
            if variable.name.lower() in ("true", "false", "null", "_", "psitem"):
                self.fail(f"`${variable.name}` cannot be given a value", start)
            self.at += 1
            return variable
        self.at = start
        return None

    def _assigned(self, start: int) -> Command | Pipeline | Expression:
        self.skip_lines()
        if self.at == len(self.text):
            self.fail("no value follows the `=` of an assignment", start, unfinished=True)
        return self._pipeline(self.line(start))

    def _pipeline(self, line: int) -> Command | Pipeline | Expression:
        """A cmdlet or a value, with the cmdlets that it is piped to."""
        value = self.char in "$" + tokens.SINGLE + tokens.DOUBLE
        value = value or self.text.startswith("@{", self.at) or self.begins_here_string()
        value = value or tokens.NUMBER.match(self.text, self.at) is not None
        first = self.operand() if value else self._command()
        rest: list[Command] = []
        while self._bar():
            rest.append(self._command(piped=True))
        return Pipeline(first, tuple(rest), line) if rest else first

    def _bar(self) -> bool:
        self.skip_blanks()
        self.take(tokens.TO_NEXT_LINE_S_BAR)
        if self.char != "|" or self.text.startswith("||", self.at):
            return False
        bar = self.at
        self.at += 1
        self.skip_lines()
        if self.at == len(self.text):
            self.fail("nothing follows the `|`", bar, unfinished=True)
        return True

    def _command(self, *, piped: bool = False) -> Command:
        start = self.at
        if tokens.PARAMETER.match(self.text, start):
            self.fail(
                "a line begins with a parameter",
                start,
                hint="a backtick continues a line only as its last character",
            )
        char = self.char
        if piped and char and char in "$@" + tokens.SINGLE + tokens.DOUBLE:
            self.fail("only a cmdlet can follow a `|`", start, hint=tokens.HINT)
        short = piped and char in "?%"  # PowerShell's short names of Where- and ForEach-Object
        if not short and (char in "[.!+=#%?:;" + tokens.DASH or char.isdigit()):
            self.refuse(start)
        name = self.word()
        if not isinstance(name, Word):
            self.fail("the name of a cmdlet may not hold a variable", start)
        keyword = tokens.KEYWORDS.fullmatch(name.value)
        if keyword and not (piped and name.value.lower() == "foreach"):
            self.fail(f"the keyword `{name.value}` is not supported", start, hint=tokens.HINT)
        words: list[Expression | ParameterWord] = []
        end = self.at
        self.skip_blanks()
        while not self.at_end():
            words.append(self.parameter() or self.argument())
            end = self.at
            self.skip_blanks()
        return Command(name.value, tuple(words), self.line(start), Span(start, end))
