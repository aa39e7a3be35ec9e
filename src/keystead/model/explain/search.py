"""What is looked at for credentials when none or a profile is named, and who looks elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from keystead.model.explain.answer import Answer, Choice, Outcome, Row, grouped
from keystead.model.explain.reading import Reading
from keystead.model.explain.tools import KEYSTEAD, TOOLS, Tool
from keystead.model.profile import Profile

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
TOKEN = "AWS_SESSION_TOKEN"  # noqa: S105  # a variable's name
TOKEN_FILE = "AWS_WEB_IDENTITY_TOKEN_FILE"  # noqa: S105  # a variable's name
ROLE = "AWS_ROLE_ARN"
WEB_IDENTITY = (TOKEN_FILE, ROLE)
CONTAINER = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
NO_METADATA = "AWS_EC2_METADATA_DISABLED"
DEFAULT = "default"


@dataclass(frozen=True)
class Facts:
    """What was gathered: the environment, and of both stores the profiles of `names`.

    ``asked`` is the profile that was named, ``located`` whether one file alone is looked at, and
    ``windows`` whether the encrypted store is the .NET SDK's own.
    """

    environ: Mapping[str, str]
    encrypted: Mapping[str, Profile]
    shared: Mapping[str, Profile]
    asked: str | None = None
    located: bool = False
    windows: bool = False

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
        seen = tool is KEYSTEAD or (self.windows and tool.encrypted)
        if seen and not self.located and name in self.encrypted:
            return self.encrypted[name]
        return self.shared.get(name)

    @property
    def searched(self) -> bool:
        """Whether anything but a profile may win: neither one nor a file is asked for."""
        return self.asked is None and not self.located

    @property
    def metadata(self) -> bool:
        """Whether the EC2 metadata service may be asked."""
        return self.environ.get(NO_METADATA, "").lower() != "true"


def names(environ: Mapping[str, str], asked: str | None) -> list[str]:
    """The profiles that matter for an explanation, wherever they are."""
    variables = (environ.get(name) for name in KEYSTEAD.profile)
    others = (name for tool in TOOLS for name in tool.defaults)
    return list(dict.fromkeys(name for name in (asked, *variables, *others) if name is not None))


def chosen(facts: Facts, tool: Tool) -> Choice:
    """What the tool's search comes to."""
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
    """The profile that the tool takes its settings from, whether or not keys go before it."""
    return _profile_of(facts, tool)[1]


def _profile_of(facts: Facts, tool: Tool) -> tuple[str, Profile | None]:
    if facts.asked is not None:
        return facts.asked, facts.find(facts.asked, tool)
    named = facts.named(tool)
    if named:
        return named[0], facts.find(named[0], tool)
    there = (name for name in tool.defaults if facts.find(name, tool))
    name = next(there, DEFAULT)
    return name, facts.find(name, tool)


def _environment(facts: Facts, tool: Tool, _notes: list[str]) -> Choice | None:
    if not facts.searched:
        return None
    given = facts.given(*KEYS)
    if len(given) == len(KEYS):
        return Choice("environment", "the keys in the environment")
    if given and ("key" if given[0] == KEYS[0] else "secret") in tool.strict:
        missing = next(name for name in KEYS if name not in given)
        return Choice("error", "an error", f"`{given[0]}` is set without `{missing}`")
    return None


def _environment_unless_named(facts: Facts, tool: Tool, notes: list[str]) -> Choice | None:
    named = facts.named(tool)
    if named is None:
        return _environment(facts, tool, notes)
    if _environment(facts, tool, notes):
        notes.append(f"{named[1]} goes before keys in the environment")
    return None


def _web_identity(facts: Facts, tool: Tool, _notes: list[str]) -> Choice | None:
    given = facts.given(*WEB_IDENTITY)
    if not facts.searched:
        return None
    if given == WEB_IDENTITY:
        return Choice("web-identity", "the web identity in the environment")
    if given == (TOKEN_FILE,) and "token" in tool.strict:
        return Choice("error", "an error", f"`{TOKEN_FILE}` is set without `{ROLE}`")
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
    if not Reading(profile).found and facts.asked is None:
        notes.append(f"profile `{name}` has no setting that gives credentials")
        return None
    place = "encrypted" if profile.location is None else "shared"
    words = f"profile `{name}`"
    if name in facts.encrypted and name in facts.shared and not facts.located:
        store = "encrypted store" if place == "encrypted" else "shared files"
        words = f"profile `{name}` of the {store}"
    return Choice(f"profile {place} {name}", words)


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
    elif found is not None and found.location is None and found is not profile:
        yield "it does not read the encrypted store"


def _container(facts: Facts, _tool: Tool, _notes: list[str]) -> Choice | None:
    if facts.searched and facts.given(*CONTAINER):
        return Choice("container", "the container's endpoint")
    return None


def _ec2(facts: Facts, _tool: Tool, _notes: list[str]) -> Choice | None:
    if facts.searched and facts.metadata:
        return Choice("ec2", "the EC2 metadata service, where there is one")
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


def explain_search(facts: Facts) -> Answer:
    """The answer to where credentials come from."""
    ours = chosen(facts, KEYSTEAD)
    rows = (*_environment_rows(facts, ours), *_profile_rows(facts, ours), *_other_rows(facts, ours))
    return Answer(rows, grouped(ours, [(tool.name, chosen(facts, tool)) for tool in TOOLS]))


def _environment_rows(facts: Facts, ours: Choice) -> Iterator[Row]:
    what, where = "keys in the environment", facts.given(*KEYS, TOKEN)
    if not facts.given(*KEYS):
        outcome, why = Outcome.ABSENT, f"{KEYS[0]} and {KEYS[1]} are not set"
    elif facts.asked is not None:
        outcome, why = Outcome.LOST, "a profile is asked for by name"
    elif facts.located:
        outcome, why = Outcome.LOST, "one file is asked for by --location"
    elif ours.key == "environment":
        outcome, why = Outcome.WON, "the first that is set up"
    else:
        outcome, why = Outcome.BROKEN, ours.why
    yield Row("environment", what, outcome, why, where)


def _profile_rows(facts: Facts, ours: Choice) -> Iterator[Row]:
    name, profile = _profile_of(facts, KEYSTEAD)
    named = facts.named(KEYSTEAD) if facts.asked is None else None
    by = named[1] if named else None
    stores = (("encrypted store", facts.encrypted), ("shared files", facts.shared))
    for store, profiles in stores[facts.located :]:
        found = profiles.get(name)
        what, outcome = f"profile `{name}` in the {store}", Outcome.LOST
        if found is None:
            missing = store == "shared files" and profile is None and _stops(facts)
            outcome = Outcome.BROKEN if missing else Outcome.ABSENT
            why = "there is no such profile"
        elif _environment(facts, KEYSTEAD, []):
            why = "keys in the environment go before it"
        elif found is not profile:
            why = "the encrypted store goes before the shared files"
        elif ours.key == "web-identity":
            why = "a web identity in the environment goes before what is no role"
        elif not Reading(found).found:
            outcome = Outcome.BROKEN if facts.asked is not None else Outcome.LOST
            why = "it has no setting that gives credentials"
        else:
            outcome = Outcome.WON
            why = f"{by} names it" if by else "it is asked for" if facts.asked else "the default"
        yield Row("profile", what, outcome, why, (*filter(None, [by]), *_place(found)))
    yield from _unnamed(facts, name)


def _stops(facts: Facts) -> bool:
    """Whether it is the missing profile that ends the search."""
    given = facts.asked is not None or facts.named(KEYSTEAD) is not None
    return given and _environment(facts, KEYSTEAD, []) is None


def _unnamed(facts: Facts, name: str) -> Iterator[Row]:
    """Profiles that another variable names, and `default` where one of another name is meant."""
    first = "a profile is asked for by name" if facts.asked is not None else None
    for variable in facts.given(*KEYSTEAD.profile):
        other = facts.environ[variable]
        if other != name:
            why = first or f"{KEYSTEAD.profile[0]} goes before {variable}"
            yield Row("profile", f"profile `{other}`", Outcome.LOST, why, (variable,))
    if name != DEFAULT and facts.find(DEFAULT, KEYSTEAD):
        why = "another profile is named"
        yield Row("profile", "profile `default`", Outcome.LOST, why)


def _other_rows(facts: Facts, ours: Choice) -> Iterator[Row]:
    shown = (
        ("web-identity", "web identity in the environment", facts.given(*WEB_IDENTITY)),
        ("container", "the container's endpoint", facts.given(*CONTAINER)),
    )
    if not facts.searched:
        by_name = facts.asked is not None
        why = "a profile is asked for by name" if by_name else "one file is asked for by --location"
        yield from (Row(s, what, Outcome.LOST, why, where) for s, what, where in shown if where)
        return
    ended = ours.key == "error"
    before = "the search ends before it" if ended else "a source before it won"
    for source, what, where in shown:
        if not where:
            outcome, why = Outcome.ABSENT, "its variables are not set"
        elif ours.key == source:
            outcome, why = Outcome.WON, "the first that is set up"
        elif ours.key == "error" and TOKEN_FILE in where and TOKEN_FILE in ours.why:
            outcome, why = Outcome.BROKEN, ours.why
        else:
            outcome, why = Outcome.LOST, before
        yield Row(source, what, outcome, why, where)
    if not facts.metadata:
        outcome, why = Outcome.ABSENT, f"{NO_METADATA} switches it off"
    elif ours.key == "ec2":
        outcome, why = Outcome.WON, "nothing before it is set up"
    else:
        outcome, why = Outcome.LOST, before
    yield Row("ec2", "the EC2 metadata service", outcome, why, facts.given(NO_METADATA))


def _place(profile: Profile | None) -> tuple[str, ...]:
    where = profile.where() if profile else None
    return (str(where),) if where else ()
