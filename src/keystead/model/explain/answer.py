"""What an explanation is made of: rows in the order of the search, and who chooses otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from keystead.value import NamedTuple


class Outcome(Enum):
    """What became of one source."""

    WON = "won"
    LOST = "lost"
    """It is set up, and another one takes precedence over it or it is ignored."""
    BROKEN = "broken"
    """The search ends here, and what is set up here does not work."""
    ABSENT = "absent"


class Row(NamedTuple):
    """One source: a word for programs, what it is in words, what became of it, why and where.

    ``where`` has names of variables and places in files.
    """

    source: str
    what: str
    outcome: Outcome
    why: str
    where: tuple[str, ...] = ()


class Other(NamedTuple):
    """What these tools choose in place of the winner, and why."""

    tools: tuple[str, ...]
    chooses: str
    why: str


class Answer(NamedTuple):
    """The answer to one question, such as where the region comes from."""

    rows: tuple[Row, ...]
    others: tuple[Other, ...] = ()

    @property
    def winner(self) -> Row | None:
        """The row that won, None when none did."""
        return next((row for row in self.rows if row.outcome is Outcome.WON), None)


class Explanation(NamedTuple):
    """All answers. ``settings`` is about the profile that the search finds, if it finds one."""

    profile: str | None
    credentials: Answer
    settings: Answer | None
    region: Answer


class Choice(NamedTuple):
    """What one tool chooses: what tells choices apart, the same in words, and why."""

    key: str
    words: str
    why: str = ""


def grouped(ours: Choice, theirs: Iterable[tuple[str, Choice | None]]) -> tuple[Other, ...]:
    """The tools that do not choose as ``ours``, those of one choice and reason together.

    None: it is not known for the tool.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for tool, choice in theirs:
        if choice is not None and choice.key != ours.key:
            found.setdefault((choice.words, choice.why), []).append(tool)
    return tuple(Other(tuple(tools), words, why) for (words, why), tools in found.items())


def as_json(explanation: Explanation) -> dict[str, object]:
    """The explanation as ``keystead explain --json`` shows it."""
    found: dict[str, object] = {
        "profile": explanation.profile,
        "credentials": _answer(explanation.credentials),
    }
    if explanation.settings:
        found["settings"] = _answer(explanation.settings)
    return {**found, "region": _answer(explanation.region)}


def _answer(answer: Answer) -> dict[str, object]:
    rows = [
        {
            "source": row.source,
            "what": row.what,
            "outcome": row.outcome.value,
            "why": row.why,
            "where": list(row.where),
        }
        for row in answer.rows
    ]
    others = [
        {"tools": list(other.tools), "chooses": other.chooses, "why": other.why}
        for other in answer.others
    ]
    return {"winner": answer.winner.source if answer.winner else None, "sources": rows} | {
        "tools": others
    }
