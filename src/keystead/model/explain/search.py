"""What is looked at for credentials when none or a profile is named, and who looks elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from keystead.errors import KeysteadError
from keystead.model.explain.answer import Answer, Choice, Outcome, Row, grouped
from keystead.model.explain.reading import Reading
from keystead.model.explain.tools import KEYSTEAD, TOOLS, Tool
from keystead.model.profile import Profile, ProfileSource
from keystead.model.search import DEFAULT_PROFILE, search
from keystead.model.sources import Source, container, ec2, environment, web_identity
from keystead.value import NamedTuple, Value

_TOKEN_FILE, _ROLE = web_identity.VARIABLES


class StoreFacts(NamedTuple):
    """What was gathered of a store: the profiles of `names`, and who reads it besides keystead."""

    title: str
    profiles: Mapping[str, Profile]
    read_by_sdks: bool = False
    read_by_dotnet: bool = False

    def is_read_by(self, tool: Tool) -> bool:
        """Whether the tool looks for profiles in it."""
        return tool is KEYSTEAD or self.read_by_sdks or (self.read_by_dotnet and tool.encrypted)


class Facts(Value):
    """What was gathered: the environment, and the stores in search order.

    ``asked`` is the profile that was named, ``located`` whether one file alone is looked at.
    """

    environ: Mapping[str, str]
    stores: Sequence[StoreFacts]
    asked: str | None = None
    located: bool = False

    def given(self, *variables: str) -> tuple[str, ...]:
        """Those of the variables that are set and not empty."""
        return tuple(name for name in variables if self.environ.get(name))

    def named(self, tool: Tool) -> tuple[str, str] | None:
        """The profile that a variable names for this tool, and the variable."""
        given = tool.profile if tool.empty_names else self.given(*tool.profile)
        variable = next((name for name in given if name in self.environ), None)
        return (self.environ[variable], variable) if variable else None

    def find(self, name: str, tool: Tool) -> Profile | None:
        """The profile as this tool finds it."""
        found = (s.profiles.get(name) for s in self.stores if s.is_read_by(tool))
        return next(filter(None, found), None)

    def store_of(self, profile: Profile) -> StoreFacts:
        """The store that has the profile."""
        return next(s for s in self.stores if any(map(profile.is_same, s.profiles.values())))

    @property
    def searched(self) -> bool:
        """Whether anything but a profile may win: neither one nor a file is asked for."""
        return self.asked is None and not self.located

    @property
    def metadata(self) -> bool:
        """Whether the EC2 metadata service may be asked."""
        return self.environ.get(ec2.DISABLED, "").lower() != "true"


_FOUND = {
    key: Choice(key, words)
    for key, words in (
        ("environment", "the keys in the environment"),
        ("web-identity", "the web identity in the environment"),
        ("container", "the container's endpoint"),
        ("ec2", "the EC2 metadata service, where there is one"),
    )
}
"""What is chosen where no profile is, by its place."""


def names(environ: Mapping[str, str], asked: str | None) -> list[str]:
    """The profiles that matter for an explanation, wherever they are."""
    variables = (environ.get(name) for name in KEYSTEAD.profile)
    others = (name for tool in TOOLS for name in tool.defaults)
    return list(dict.fromkeys(name for name in (asked, *variables, *others) if name is not None))


def chosen(facts: Facts, tool: Tool) -> Choice:
    """What the tool's search finds."""
    notes: list[str] = []
    if facts.asked is None and "named" in tool.strict:
        missing = _missing_profile(facts, tool)
        if missing:
            return missing
    for source in tool.search:
        choice = _LOOK[source](facts, tool, notes)
        if choice:
            return choice._replace(why="; ".join([*notes, *filter(None, [choice.why])]))
    return Choice("none", "no credentials", "; ".join(notes))


def comes_to(facts: Facts, tool: Tool = KEYSTEAD) -> Profile | None:
    """The profile that the tool takes its settings from, whether or not keys take precedence."""
    return _profile_of(facts, tool)[1]


def _profile_of(facts: Facts, tool: Tool) -> tuple[str, Profile | None]:
    if facts.asked is not None:
        return facts.asked, facts.find(facts.asked, tool)
    named = facts.named(tool)
    if named:
        return named[0], facts.find(named[0], tool)
    there = (name for name in tool.defaults if facts.find(name, tool))
    name = next(there, DEFAULT_PROFILE)
    return name, facts.find(name, tool)


def _environment(facts: Facts, tool: Tool, _notes: list[str]) -> Choice | None:
    if not facts.searched:
        return None
    given = facts.given(*environment.VARIABLES)
    if len(given) == len(environment.VARIABLES):
        return _FOUND["environment"]
    if given and ("key" if given[0] == environment.VARIABLES[0] else "secret") in tool.strict:
        missing = next(name for name in environment.VARIABLES if name not in given)
        return Choice("error", "an error", f"`{given[0]}` is set without `{missing}`")
    return None


def _environment_unless_named(facts: Facts, tool: Tool, notes: list[str]) -> Choice | None:
    named = facts.named(tool)
    if named is None:
        return _environment(facts, tool, notes)
    if _environment(facts, tool, notes):
        notes.append(f"{named[1]} takes precedence over keys in the environment")
    return None


def _web_identity(facts: Facts, tool: Tool, _notes: list[str]) -> Choice | None:
    given = facts.given(*web_identity.VARIABLES)
    if not facts.searched:
        return None
    if given == web_identity.VARIABLES:
        return _FOUND["web-identity"]
    if given == (_TOKEN_FILE,) and "token" in tool.strict:
        return Choice("error", "an error", f"`{_TOKEN_FILE}` is set without `{_ROLE}`")
    return None


def _role(facts: Facts, tool: Tool, notes: list[str]) -> Choice | None:
    """A role over another source, which botocore takes before a web identity."""
    profile = _profile_of(facts, tool)[1]
    there = profile is not None and Reading(profile).whole("role")
    return _profile(facts, tool, notes) if there else None


def _profile(facts: Facts, tool: Tool, notes: list[str]) -> Choice | None:
    name, profile = _profile_of(facts, tool)
    notes += _why_not_ours(facts, tool, name, profile)
    later = tool.search[tool.search.index("profile") :]
    if profile and "environment" in later and _environment(facts, tool, notes):
        notes.append("it looks at the profile before keys in the environment")
    if profile is None:
        return _missing_profile(facts, tool)
    if not profile.is_set_up and facts.asked is None:
        notes.append(f"profile `{name}` has no setting that gives credentials")
        return None
    return _profile_choice(facts, profile)


def _profile_choice(facts: Facts, profile: Profile) -> Choice:
    name, title = profile.name, facts.store_of(profile).title
    is_alone = sum(name in store.profiles for store in facts.stores) <= 1
    words = f"profile `{name}`" if is_alone else f"profile `{name}` of the {title}"
    return Choice(f"profile {title} {name}", words)


def _missing_profile(facts: Facts, tool: Tool) -> Choice | None:
    """The error of a tool for which there is no profile of the name that is asked for or set."""
    name, profile = _profile_of(facts, tool)
    named = facts.named(tool) if facts.asked is None else None
    if profile or not (facts.asked is not None or (named and "profile" in tool.strict)):
        return None
    why = f"there is no profile `{name}` for it"
    if named and not name:
        why = f"{named[1]} is set and empty, which it takes for the name of a profile"
    return Choice("error", "an error", why)


def _why_not_ours(facts: Facts, tool: Tool, name: str, profile: Profile | None) -> Iterator[str]:
    if tool is KEYSTEAD:
        return
    ours, found = _profile_of(facts, KEYSTEAD)
    if ours != name:
        named, other = facts.named(tool), facts.named(KEYSTEAD)
        if named:
            yield f"{named[1]} names it"
        elif other:
            yield f"it does not read {other[1]}"
    elif found is not None and found is not profile:
        yield f"it does not read the {facts.store_of(found).title}"


def _container(facts: Facts, _tool: Tool, _notes: list[str]) -> Choice | None:
    if facts.searched and facts.given(*container.VARIABLES):
        return _FOUND["container"]
    return None


def _ec2(facts: Facts, _tool: Tool, _notes: list[str]) -> Choice | None:
    if facts.searched and facts.metadata:
        return _FOUND["ec2"]
    return None


_LOOK = {
    "environment": _environment,
    "environment unless a profile is named": _environment_unless_named,
    "web-identity": _web_identity,
    "role": _role,
    "profile": _profile,
    "container": _container,
    "ec2": _ec2,
}
"""How each source of `Tool.search` is looked at."""


class Explained:
    """keystead's own search, with what it found at each place; nothing where it did not search.

    It does not where a profile is asked for by name, or one file.
    """

    def __init__(self, facts: Facts, source: ProfileSource) -> None:
        self.facts = facts
        self.places: dict[str, Source | Profile | KeysteadError | None] = {}
        if facts.searched:
            with contextlib.suppress(KeysteadError):
                search(facts.environ, source, self.places.__setitem__)

    @property
    def first(self) -> str | None:
        """The first place where something is set up, be it broken."""
        return next((name for name, found in self.places.items() if found), None)

    @property
    def error(self) -> KeysteadError | None:
        """What is broken there."""
        found = self.places[self.first] if self.first else None
        return found if isinstance(found, KeysteadError) else None

    @property
    def profile(self) -> Profile | None:
        """The profile that keystead takes the credentials of."""
        if not self.facts.searched:
            profile = comes_to(self.facts)
            return profile if profile and (profile.is_set_up or self.facts.asked) else None
        found = self.places[self.first] if self.first else None
        return found if isinstance(found, Profile) else None

    def choice(self) -> Choice:
        """What keystead chooses."""
        if self.profile:
            return _profile_choice(self.facts, self.profile)
        if self.error:
            return Choice("error", "an error", self.error.message)
        if not self.facts.searched:
            return _missing_profile(self.facts, KEYSTEAD) or Choice("none", "no credentials")
        return _FOUND.get(self.first or "", Choice("none", "no credentials"))


def explain_search(explained: Explained) -> Answer:
    """The answer to where credentials come from."""
    facts = explained.facts
    rows = (*_environment_rows(explained), *_profile_rows(explained), *_other_rows(explained))
    theirs = [(tool.name, chosen(facts, tool)) for tool in TOOLS]
    return Answer(rows, grouped(explained.choice(), theirs))


def _by_name(facts: Facts) -> str:
    """Why there is no search."""
    by_name = facts.asked is not None
    return "a profile is asked for by name" if by_name else "one file is asked for by --location"


def _outcome(explained: Explained, place: str) -> tuple[Outcome, str]:
    """What became of a place where something is set up."""
    if place == explained.first and explained.error:
        return Outcome.BROKEN, explained.error.message
    if place == explained.first:
        last = place == "ec2"
        return Outcome.WON, "nothing before it is set up" if last else "the first that is set up"
    ended = explained.error is not None
    return Outcome.LOST, "the search ends before it" if ended else "a source before it won"


def _environment_rows(explained: Explained) -> Iterator[Row]:
    facts, keys = explained.facts, environment.VARIABLES
    if not facts.given(*keys):
        outcome, why = Outcome.ABSENT, f"{keys[0]} and {keys[1]} are not set"
    elif facts.searched:
        outcome, why = _outcome(explained, "environment")
    else:
        outcome, why = Outcome.LOST, _by_name(facts)
    where = facts.given(*keys, environment.TOKEN_VARIABLE)
    yield Row("environment", "keys in the environment", outcome, why, where)


def _profile_rows(explained: Explained) -> Iterator[Row]:
    facts = explained.facts
    name, profile = _profile_of(facts, KEYSTEAD)
    named = facts.named(KEYSTEAD) if facts.asked is None else None
    by = named[1] if named else None
    for store in facts.stores:
        found = store.profiles.get(name)
        what, outcome = f"profile `{name}` in the {store.title}", Outcome.LOST
        if found is None:
            given = facts.asked is not None or named is not None
            stops = given and profile is None and explained.first != "environment"
            missing = store is facts.stores[-1] and stops
            outcome = Outcome.BROKEN if missing else Outcome.ABSENT
            why = "there is no such profile"
        elif explained.first == "environment":
            why = "keys in the environment take precedence"
        elif profile is not None and found is not profile:
            first = facts.store_of(profile).title
            why = f"the {first} takes precedence over the {store.title}"
        elif explained.first == "web-identity":
            why = "a web identity in the environment takes precedence over anything but a role"
        elif explained.profile is None or not found.is_set_up:
            outcome = Outcome.BROKEN if facts.asked is not None else Outcome.LOST
            why = "it has no setting that gives credentials"
        else:
            outcome = Outcome.WON
            why = f"{by} names it" if by else "it is asked for" if facts.asked else "the default"
        yield Row("profile", what, outcome, why, (*filter(None, [by]), *_place(found)))
    yield from _unnamed(facts, name)


def _unnamed(facts: Facts, name: str) -> Iterator[Row]:
    """Profiles that another variable names, and `default` where one of another name is meant."""
    first = "a profile is asked for by name" if facts.asked is not None else None
    for variable in facts.given(*KEYSTEAD.profile):
        other = facts.environ[variable]
        if other != name:
            why = first or f"{KEYSTEAD.profile[0]} takes precedence over {variable}"
            yield Row("profile", f"profile `{other}`", Outcome.LOST, why, (variable,))
    if name != DEFAULT_PROFILE and facts.find(DEFAULT_PROFILE, KEYSTEAD):
        why = "another profile is named"
        yield Row("profile", f"profile `{DEFAULT_PROFILE}`", Outcome.LOST, why)


def _other_rows(explained: Explained) -> Iterator[Row]:
    facts = explained.facts
    for source, what, variables in (
        ("web-identity", "web identity in the environment", web_identity.VARIABLES),
        ("container", "the container's endpoint", container.VARIABLES),
    ):
        where = facts.given(*variables)
        if facts.searched and where:
            yield Row(source, what, *_outcome(explained, source), where)
        elif facts.searched:
            yield Row(source, what, Outcome.ABSENT, "its variables are not set")
        elif where:
            yield Row(source, what, Outcome.LOST, _by_name(facts), where)
    if facts.searched:
        outcome, why = Outcome.ABSENT, f"{ec2.DISABLED} switches it off"
        if explained.places.get("ec2"):
            outcome, why = _outcome(explained, "ec2")
        yield Row("ec2", "the EC2 metadata service", outcome, why, facts.given(ec2.DISABLED))


def _place(profile: Profile | None) -> tuple[str, ...]:
    where = profile.where() if profile else None
    return (str(where),) if where else ()
