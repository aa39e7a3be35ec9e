"""Which settings of one profile give its credentials, which do not and why, who takes others."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.model.explain.answer import Answer, Choice, Outcome, Row, grouped
from keystead.model.explain.reading import SOURCES, Reading
from keystead.model.explain.tools import TOOLS, by_the_rules, counts
from keystead.model.profile import Profile


def explain_settings(profile: Profile, problem: str | None = None, *, windows: bool) -> Answer:
    """The answer for one profile.

    ``problem`` is why no plan can be made of it, None when one can. ``windows`` says whether an
    encrypted store is the .NET SDK's own, so that the tools that read it are compared too.
    """
    reading = Reading(profile)
    ours = by_the_rules(reading)
    rows = tuple(_rows(reading, ours, problem))
    stored = profile.location is not None
    theirs = [
        (tool.name, tool.pick(reading)) for tool in TOOLS if stored or (windows and tool.encrypted)
    ]
    return Answer(rows, grouped(ours, theirs))


def _rows(reading: Reading, ours: Choice, problem: str | None) -> Iterator[Row]:
    stopped = False
    for word in _order(reading):
        found = reading.found.get(word)
        if found is None:
            if word != "config-keys":
                yield Row(word, SOURCES[word], Outcome.ABSENT, "not set up")
            continue
        what, where = reading.what(word), reading.where(word)
        if word == ours.key and problem:
            yield Row(word, what, Outcome.BROKEN, problem, where)
        elif word == ours.key:
            yield Row(word, what, Outcome.WON, "the first that is set up", where)
        elif found.lacks:
            stops = ours.key == "error" and counts(word, reading) and not stopped
            outcome = Outcome.BROKEN if stops else Outcome.LOST
            why = found.lacks if stops else f"{found.lacks}, so it counts for nothing"
            stopped = stopped or stops
            yield Row(word, what, outcome, why, where)
        elif word.endswith("keys") and ours.key == "role" and reading.on_own_keys:
            yield Row(word, what, Outcome.LOST, "the role is assumed with them", where)
        else:
            why = "what is broken before it ends the search"
            if ours.key != "error":
                why = f"it loses to {reading.what(ours.key)}"
            yield Row(word, what, Outcome.LOST, why, where)


def _order(reading: Reading) -> list[str]:
    """The sources as keystead looks at them: half a key pair in the config file comes early."""
    order = list(SOURCES)
    if "config-keys" in reading.found and not reading.whole("config-keys"):
        order.remove("config-keys")
        order[order.index("keys")] = "config-keys"
    return order
