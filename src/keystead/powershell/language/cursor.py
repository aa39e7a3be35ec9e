"""The position in a text that is being parsed: whitespace, and errors with their line."""

from __future__ import annotations

import bisect
import re
from typing import NoReturn

from keystead.errors import Origin, UsageError
from keystead.powershell.language import tokens


class Unfinished(UsageError):
    """The text ends in the middle of something that a further line could end."""


class Cursor:
    """Goes through ``text`` once, from ``at`` on; ``source`` names it in errors."""

    def __init__(self, text: str, source: str) -> None:
        self.text = text
        self.source = source
        self.at = 0
        self._breaks = [found.end() for found in tokens.NEWLINE.finditer(text)]

    @property
    def char(self) -> str:
        """The character at the position, empty at the end."""
        return self.text[self.at : self.at + 1]

    def take(self, pattern: re.Pattern[str]) -> bool:
        """Consumes ``pattern`` if the text has it here."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return False
        self.at = found.end()
        return True

    def skip_blanks(self) -> None:
        """Skips whitespace, comments and the breaks of continued lines."""
        while True:
            if self.take(tokens.BLANKS):
                continue
            if self.char == "`":
                after = tokens.NEWLINE.match(self.text, self.at + 1)
                if after is None:
                    return
                self.at = after.end()
                self.take(tokens.CONTINUATION_PROMPT)
            elif self.text.startswith("<#", self.at):
                end = self.text.find("#>", self.at + 2)
                if end < 0:
                    self.fail("a `<#` comment is not closed", self.at, unfinished=True)
                self.at = end + 2
            elif self.char == "#":
                self.take(tokens.TO_LINE_END)
            else:
                return

    def skip_lines(self) -> None:
        """Skips whitespace and line breaks, with pasted prompts."""
        self.skip_blanks()
        while self.take(tokens.NEWLINE):
            self.skip_prompts()
            self.skip_blanks()

    def skip_prompts(self) -> None:
        """Skips prompts at the start of a line."""
        while self.take(tokens.PROMPT):
            pass

    def at_end(self) -> bool:
        """Whether a cmdlet's words end here."""
        return self.at == len(self.text) or self.char in "\r\n;|"

    def expect_end(self) -> None:
        """Raises for anything after a statement."""
        self.skip_blanks()
        if not self.at_end():
            self.refuse(self.at)

    def line(self, at: int) -> int:
        """The line of a place, from 1."""
        return bisect.bisect_right(self._breaks, at) + 1

    def refuse(self, at: int) -> NoReturn:
        """Raises the error that names the unsupported construct at ``at``."""
        for mark, what in tokens.CONSTRUCTS.items():
            if self.text.startswith(mark, at):
                self.fail(f"{what} (`{mark}`) is not supported", at, hint=tokens.HINT)
        self.fail("an expression with operators or numbers is not supported", at, hint=tokens.HINT)

    def fail(
        self, message: str, at: int, *, hint: str | None = None, unfinished: bool = False
    ) -> NoReturn:
        """Raise the error at ``at``; ``unfinished`` if another line may complete the text."""
        kind = Unfinished if unfinished else UsageError
        raise kind(message, hint=hint, where=Origin(self.source, self.line(at)))
