"""Where the region comes from, and which tools take another one."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.model.explain.answer import Answer, Choice, Outcome, Row, grouped
from keystead.model.explain.search import Facts, comes_to
from keystead.model.explain.tools import KEYSTEAD, TOOLS, Tool
from keystead.model.profile import Profile


def explain_region(facts: Facts) -> Answer:
    """The answer to where the region comes from."""
    ours = _chosen(facts, KEYSTEAD)
    return Answer(
        tuple(_rows(facts)), grouped(ours, [(tool.name, _chosen(facts, tool)) for tool in TOOLS])
    )


def _profile(facts: Facts, tool: Tool, place: str) -> Profile | None:
    if place == "profile":
        return comes_to(facts, tool)
    return next((found for name in tool.defaults if (found := facts.find(name, tool))), None)


def _chosen(facts: Facts, tool: Tool) -> Choice:
    skipped = [name for name in facts.given(*KEYSTEAD.region) if name not in tool.region]
    why = f"it does not read {skipped[0]}" if skipped else ""
    for place in tool.region:
        if place.startswith("AWS_"):
            found = facts.environ.get(place)
            words = f"{found}, of {place}"
        else:
            profile = _profile(facts, tool, place)
            found = profile.region if profile else None
            words = f"{found}, of profile `{profile.name}`" if profile else ""
            if place == "default profile":
                why = "it looks at the default profile alone, and before the environment"
        if found:
            return Choice(found, words, why)
    return Choice("none", "no region", why)


def _rows(facts: Facts) -> Iterator[Row]:
    won: str | None = None
    for place in KEYSTEAD.region:
        profile = None if place.startswith("AWS_") else comes_to(facts)
        found = facts.environ.get(place) if place.startswith("AWS_") else None
        where: tuple[str, ...] = (place,) if found else ()
        what = place
        if place == "profile":
            found = profile.region if profile else None
            what = f"`region` of profile `{profile.name}`" if profile else "`region` of a profile"
            place_of = profile.where("region") if profile and found else None
            where = (str(place_of),) if place_of else ()
        source = "profile" if place == "profile" else "environment"
        if not found:
            yield Row(source, what, Outcome.ABSENT, "not set")
        elif won:
            yield Row(
                source, f"{what}: {found}", Outcome.LOST, f"{won} takes precedence over it", where
            )
        else:
            won = what
            yield Row(source, f"{what}: {found}", Outcome.WON, "the first that is set", where)
