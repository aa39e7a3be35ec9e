"""Choosing on a terminal that cannot move its cursor: numbered lines, a question, an answer."""

from __future__ import annotations

from keystead.pick.choices import Choices
from keystead.pick.finder import Finder
from keystead.printable import one_line
from keystead.system.terminal import Terminal

_MOST = 10


def choose(terminal: Terminal, choices: Choices, query: str) -> str:
    """The name of the chosen row. Raises `InteractionRequired` at the end of the input."""
    finder = Finder(choices.rows)
    while True:
        found = finder.find(query)
        for number, at in enumerate(found[:_MOST], 1):
            cells = filter(None, map(one_line, choices.rows[at]))
            terminal.tell(f"{number:2}  {'  '.join(cells)}")
        if len(found) > _MOST:
            terminal.tell(f"    and {len(found) - _MOST} more")
        answer = terminal.ask("number of a profile, or letters of its name", hint="name a profile")
        if answer.isdecimal() and 1 <= int(answer) <= min(len(found), _MOST):
            return choices.rows[found[int(answer) - 1]][0]
        query = answer
