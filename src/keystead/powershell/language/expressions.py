"""Reading values: the arguments of cmdlets, and operands outside of them.

An argument may be bare text (``my_profile``); an operand (a value alone, in a hash table or in a
block) may not: bare text would be a cmdlet there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from keystead.powershell.language import tokens
from keystead.powershell.language.statements import (
    LOGICAL,
    OPERATORS,
    Array,
    Block,
    Chain,
    Expression,
    Hash,
    Member,
    Negation,
    Number,
    ParameterWord,
    Span,
    Template,
    Variable,
    Word,
)
from keystead.powershell.language.strings import TextCursor, joined

MAX_DEPTH = 50
"""How deep hash tables, parentheses and negations may be nested."""

_COMPARISONS = "a script block holds comparisons, such as { $_.Name -eq 'x' -and $_.Size -gt 5 }"
_OPERATORS_HINT = (
    "the operators are -eq, -like, -match, -contains, -in and their variants, -and, -or, -not"
)
# Operators of PowerShell that are named when they are refused; other words may be secrets.
_NO_OPERATORS = ("is", "isnot", "as", "replace", "split", "join", "f", "band", "bor", "bxor")


class ExpressionCursor(TextCursor):
    """Reads values where they begin."""

    def __init__(self, text: str, source: str) -> None:
        super().__init__(text, source)
        self._depth = 0

    def parameter(self) -> ParameterWord | None:
        """The parameter that begins here with the value tied to it, if one does."""
        start = self.at
        found = tokens.PARAMETER.match(self.text, start)
        if found is None:
            return None
        self.at = found.end()
        value: Expression | None = None
        if self.char == ":":
            self.at += 1
            self.skip_blanks()
            if self.at_end():
                self.fail("a parameter ends in a colon and no value follows", start)
            value = self.argument()
        return ParameterWord(found[1], value, Span(start, self.at))

    def argument(self) -> Expression:
        """An argument of a cmdlet; commas make it an array."""
        return self._array(self.word)

    def operand(self) -> Expression:
        """An operand; commas make it an array."""
        return self._array(self._operand)

    def _array(self, item: Callable[[], Expression]) -> Expression:
        """One ``item``, or an array of several with commas between them."""
        start = self.at
        items = [item()]
        while self._comma():
            items.append(item())
        return items[0] if len(items) == 1 else Array(tuple(items), Span(start, self.at))

    def word(self) -> Expression:
        """One argument, or the name of a cmdlet."""
        start = self.at
        char = self.char
        if self.text.startswith("@{", start):
            return self._hash()
        if char == "{":
            return self._block()
        if self.begins_here_string():
            return joined(self.here_string(), Span(start, self.at), quoted=True)
        if char and char in tokens.SINGLE + tokens.DOUBLE:
            return self._quoted_value()
        if char in "@|&(){},<>":
            self.refuse(start)
        variable = None
        if char == "$":
            variable = self.variable()
            if variable and tokens.ACCESS.match(self.text, self.at):
                return self._member(variable)
        rest = self.bare()
        if variable is None:
            return joined(["$", *rest] if char == "$" else rest, Span(start, self.at))
        return Template((variable, *rest), Span(start, self.at)) if rest else variable

    def _quoted_value(self) -> Word | Template:
        start = self.at
        value = self._quoted_word()
        if tokens.TOUCHING.match(self.text, self.at):  # PowerShell makes it a separate value
            hint = "a quote within quotes is written twice: 'it''s'"
            self.fail("text follows a closing quote without a space", start, hint=hint)
        return value

    def _quoted_word(self) -> Word | Template:
        start = self.at
        single = self.char in tokens.SINGLE
        parts = [self.single_quoted()] if single else self.double_quoted()
        if tokens.ACCESS.match(self.text, self.at):
            self.refuse(self.at)
        return joined(parts, Span(start, self.at), quoted=True)

    def _operand(self) -> Expression:
        start = self.at
        char = self.char
        if self.text.startswith("@{", start):
            return self._hash()
        if self.begins_here_string():
            return joined(self.here_string(), Span(start, self.at), quoted=True)
        if char and char in tokens.SINGLE + tokens.DOUBLE:
            return self._quoted_value()
        digits = tokens.NUMBER.match(self.text, start)
        number = tokens.number(digits.group()) if digits else None
        if digits and number is not None:
            self.at = digits.end()
            return Number(number, Span(start, self.at))
        if char == "$":
            variable = self.variable()
            if variable is None:
                self.refuse(start)
            accessed = tokens.ACCESS.match(self.text, self.at)
            return self._member(variable) if accessed else variable
        if char.isalpha() or char == "_":
            self.fail("text must be in quotes here", start, hint="write 'text', a number or $name")
        return self.refuse(start)

    def _member(self, variable: Variable) -> Member:
        names: list[str] = []
        while True:
            found = tokens.MEMBER.match(self.text, self.at)
            if found is None:
                break
            names.append(found[1])
            self.at = found.end()
        if self.char == "(":
            self.fail("a method call is not supported", self.at, hint=tokens.HINT)
        if not names or not tokens.AFTER_MEMBER.match(self.text, self.at):
            self.refuse(self.at)
        return Member(variable, tuple(names), Span(variable.span.start, self.at))

    def _comma(self) -> bool:
        start = self.at
        self.skip_blanks()
        if self.char != ",":
            self.at = start
            return False
        comma = self.at
        self.at += 1
        self.skip_lines()
        if self.at == len(self.text):
            self.fail("nothing follows the comma", comma, unfinished=True)
        return True

    def _hash(self) -> Hash:
        start = self.at
        self._deeper(start)
        self.at += 2
        pairs: dict[str, Expression] = {}
        while True:
            self._skip_separators()
            if self.char == "}":
                self.at += 1
                self._depth -= 1
                return Hash(tuple(pairs.items()), Span(start, self.at))
            if not self.char:
                self.fail("a hash table (`@{`) is not closed", start, unfinished=True)
            key_at = self.at
            key = self._key()
            if key.lower() in (known.lower() for known in pairs):
                self.fail("a hash table has a key twice", key_at)
            self.skip_blanks()
            if self.char != "=":
                unfinished = not self.char
                self.fail("a `=` is missing in a hash table", self.at, unfinished=unfinished)
            self.at += 1
            self.skip_lines()
            if not self.char:
                self.fail("a hash table (`@{`) is not closed", start, unfinished=True)
            pairs[key] = self.operand()
            self.skip_blanks()
            if self.char and self.char not in "\r\n;}":
                self.refuse(self.at)

    def _skip_separators(self) -> None:
        self.skip_lines()
        while self.char == ";":
            self.at += 1
            self.skip_lines()

    def _key(self) -> str:
        if self.char and self.char in tokens.SINGLE:
            return self.single_quoted()
        if self.char and self.char in tokens.DOUBLE:
            start = self.at
            word = self._quoted_word()
            if isinstance(word, Word):
                return word.value
            self.fail("a key of a hash table may not hold a variable", start)
        found = tokens.KEY.match(self.text, self.at)
        if found is None:
            self.fail("a key of a hash table is a name or text in quotes", self.at)
        self.at = found.end()
        return found.group()

    def _deeper(self, at: int) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.fail(f"values are nested more than {MAX_DEPTH} deep", at)

    def _block(self) -> Block:
        start = self.at
        self.at += 1
        self._skip_in_block(start)
        if self.char.isalpha() or self.char in "}%":
            self.fail(_COMPARISONS, start, hint=tokens.HINT)
        test = self._joined_comparisons(start)
        if self.char != "}":
            self._refuse_in_block(start)
        self.at += 1
        return Block(test, Span(start, self.at))

    def _joined_comparisons(self, block: int) -> Expression:
        """Comparisons with `-and`, `-or` and `-xor` between them."""
        return self._chain(LOGICAL, block, self._comparison)

    def _chain(
        self, operators: Sequence[str], block: int, operand: Callable[[int], Expression]
    ) -> Expression:
        """An ``operand``, or several with ``operators`` between them."""
        start = self.at
        first = operand(block)
        rest: list[tuple[str, Expression]] = []
        while operator := self._operator(operators, block):
            rest.append((operator, operand(block)))
        return Chain(first, tuple(rest), Span(start, self.at)) if rest else first

    def _comparison(self, block: int) -> Expression:
        return self._chain(OPERATORS, block, self._listing)

    def _listing(self, block: int) -> Expression:
        """A value, negated or not; commas make it an array."""
        found = self._array(lambda: self._negated(block))
        self._skip_in_block(block)
        return found

    def _negated(self, block: int) -> Expression:
        start = self.at
        if self.char != "(" and self._operator(("not",), block) is None:
            return self._operand()
        self._deeper(start)
        if self.at > start:
            found: Expression = Negation(self._negated(block), Span(start, self.at))
        else:
            self.at += 1
            self._skip_in_block(block)
            found = self._joined_comparisons(block)
            if self.char != ")":
                self._refuse_in_block(block)
            self.at += 1
        self._depth -= 1
        return found

    def _operator(self, known: Sequence[str], block: int) -> str | None:
        """The operator here, consumed, if it is among ``known``."""
        found = tokens.OPERATOR.match(self.text, self.at)
        operator = (found[1] or "not").lower() if found else ""
        if found is None or operator not in known:
            return None
        self.at = found.end()
        self._skip_in_block(block)
        return operator

    def _refuse_in_block(self, block: int) -> NoReturn:
        """Raises the error for what is here in the block that begins at ``block``."""
        found = tokens.OPERATOR.match(self.text, self.at)
        operator = (found[1] or "").lower() if found else ""
        if operator in _NO_OPERATORS:
            what = f"the operator `-{operator}` in a script block is not supported"
            self.fail(what, self.at, hint=_OPERATORS_HINT)
        self.fail(_COMPARISONS, block, hint=_OPERATORS_HINT)

    def _skip_in_block(self, block: int) -> None:
        self.skip_lines()
        if not self.char:
            self.fail("a script block is not closed", block, unfinished=True)
