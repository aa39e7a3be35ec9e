"""Reading texts: bare ones, both kinds of quotes and here-strings of both, with escapes and
variables in them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from keystead.powershell.language import tokens
from keystead.powershell.language.cursor import Cursor
from keystead.powershell.language.statements import Span, Template, Variable, Word


class TextCursor(Cursor):
    """Reads texts where they begin."""

    def bare(self) -> list[str | Variable]:
        """The parts of an unquoted text, which may hold quoted ones."""
        parts: list[str | Variable] = []
        while True:
            plain = tokens.IN_WORD.match(self.text, self.at)
            if plain:
                self.at = plain.end()
                parts.append(plain.group())
            char = self.char
            if char == "$":
                parts.append(self.variable() or "$")
            elif char and char in tokens.SINGLE:
                parts.append(self.single_quoted())
            elif char and char in tokens.DOUBLE:
                parts += self.double_quoted()
            elif char == "`" and not tokens.NEWLINE.match(self.text, self.at + 1):
                parts.append(self._escape())
            else:
                return parts

    def single_quoted(self) -> str:
        """The literal text in single quotes."""
        return "".join(str(part) for part in self._quoted(tokens.SINGLE, tokens.IN_SINGLE))

    def double_quoted(self) -> list[str | Variable]:
        """The parts of a text in double quotes."""
        return self._quoted(tokens.DOUBLE, tokens.IN_DOUBLE)

    def _quoted(self, marks: str, inside: re.Pattern[str]) -> list[str | Variable]:
        start = self.at
        self.at += 1
        parts: list[str | Variable] = []
        while True:
            plain = inside.match(self.text, self.at)
            if plain:
                self.at = plain.end()
                parts.append(plain.group())
            char = self.char
            if not char:
                kind = "single" if marks == tokens.SINGLE else "double"
                self.fail(f"a {kind} quote is not closed", start, unfinished=True)
            elif char == "$":
                parts.append(self.variable() or "$")
            elif char == "`":
                parts.append(self._escape())
            else:
                self.at += 1
                if not self.char or self.char not in marks:
                    return parts
                self.at += 1  # a doubled quote is one quote
                parts.append(char)

    def begins_here_string(self) -> bool:
        """Whether a here-string begins here."""
        mark = self.text[self.at + 1 : self.at + 2]
        return self.char == "@" and bool(mark) and mark in tokens.SINGLE + tokens.DOUBLE

    def here_string(self) -> list[str | Variable]:
        """The parts of ``@'``, lines and ``'@``; the last line break is not among them."""
        start = self.at
        opened = tokens.HERE.match(self.text, start)
        if opened is None:
            self.fail(f"nothing may follow the `{self.text[start : start + 2]}` on its line", start)
        marks = tokens.SINGLE if self.text[start + 1] in tokens.SINGLE else tokens.DOUBLE
        closing = tokens.HERE_END[marks].search(self.text, opened.end())
        if closing is None:
            self.fail("a here-string is not closed", start, unfinished=True)
        begin = tokens.NEWLINE.match(self.text, opened.end())
        self.at = begin.end() if begin else opened.end()
        parts: list[str | Variable] = []
        if marks == tokens.SINGLE:
            parts.append(self.text[self.at : closing.start()])
        while marks == tokens.DOUBLE and self.at < closing.start():
            plain = tokens.IN_HERE.match(self.text, self.at, closing.start())
            if plain:
                self.at = plain.end()
                parts.append(plain.group())
            elif self.char == "$":
                parts.append(self.variable() or "$")
            else:
                parts.append(self._escape())
        self.at = closing.end()
        return parts

    def _escape(self) -> str:
        start = self.at
        if start + 1 == len(self.text):
            self.fail("nothing follows the backtick at the end", start, unfinished=True)
        char = self.text[start + 1]
        self.at += 2
        if char != "u" or self.char != "{":
            return tokens.ESCAPES.get(char, char)
        found = tokens.CODE_POINT.match(self.text, start + 1)
        number = int(found[1], 16) if found else -1
        if found is None or number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:  # noqa: PLR2004  # Unicode's own bounds
            self.fail("`u{...} does not name a character", start)
        self.at = found.end()
        return chr(number)

    def variable(self) -> Variable | None:
        """The variable that begins here; None, and the `$` consumed, if there is none."""
        start = self.at
        found = tokens.VARIABLE.match(self.text, start)
        if found is None:
            after = self.text[start + 1 : start + 2]
            if after == "{":
                self.fail("the brace of `${` is not closed", start, unfinished=True)
            if after and after in "($?^":
                self.refuse(start)
            self.at += 1
            return None
        self.at = found.end()
        name = found[1] or found[2]
        scoped = tokens.SCOPE.match(self.text, self.at) if found[1] else None
        if scoped or (name and ":" in name):
            self.fail(
                "a scope or drive in a variable's name is not supported", start, hint=tokens.HINT
            )
        if not name or not name.isprintable():
            self.fail("`${}` does not name a variable", start)
        return Variable(name, Span(start, self.at))


def joined(parts: Sequence[str | Variable], span: Span, *, quoted: bool = False) -> Word | Template:
    """One expression of the parts of a text."""
    if any(isinstance(part, Variable) for part in parts):
        return Template(tuple(parts), span)
    return Word("".join(str(part) for part in parts), quoted, span)
