"""Which settings of one profile give its credentials, which do not and why, who takes others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keystead.model.assume_role import AssumeRoleStep
from keystead.model.explain.answer import Answer, Outcome, Row, grouped
from keystead.model.explain.reading import Reading
from keystead.model.explain.tools import TOOLS, Tool, chosen_in
from keystead.model.profile import Profile
from keystead.model.sources.kind import Offer
from keystead.model.sources.static import Static


def explain_settings(
    profile: Profile, tools: Iterable[Tool] = TOOLS, problem: str | None = None
) -> Answer:
    """The answer for one profile, compared with the ``tools`` that read its store.

    ``problem`` is why no plan can be made of it, None when one can.
    """
    reading = Reading(profile)
    theirs = [(tool.name, tool.pick(reading)) for tool in tools]
    ours = chosen_in(reading)
    return Answer(tuple(_rows(reading, problem)), grouped(ours, theirs))


def _rows(reading: Reading, problem: str | None) -> Iterator[Row]:
    """A row for each kind of source in the order of the search."""
    kinds, offers, chosen, *_ = reading.profile.choice
    by_kind = {offer.kind: offer for offer in offers}
    for kind in kinds:
        offer = by_kind.get(kind)
        if offer is None:
            yield Row(kind.word, kind.meaning, Outcome.ABSENT, "not set up")
            continue
        word = reading.word(offer)
        outcome, why = _outcome(reading, offer, chosen, problem)
        yield Row(word, reading.what(word), outcome, why, reading.where(word))


def _outcome(
    reading: Reading, offer: Offer, chosen: Offer | None, problem: str | None
) -> tuple[Outcome, str]:
    if offer is chosen:
        broken = offer.lacks or problem
        return (Outcome.BROKEN, broken) if broken else (Outcome.WON, "the first that is set up")
    if offer.lacks:
        return Outcome.LOST, f"{offer.lacks}, so it is ignored"
    if chosen is None or chosen.lacks:
        return Outcome.LOST, "a broken source before it ends the search"
    if offer.kind is Static and chosen.kind is AssumeRoleStep and reading.on_own_keys:
        return Outcome.LOST, "the role is assumed with them"
    return Outcome.LOST, f"it loses to {reading.what(reading.word(chosen))}"
