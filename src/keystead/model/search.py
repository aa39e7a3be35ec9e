"""The one choice among sources of credentials: in a profile, and where no profile is named.

What is not set up is ignored; what is set up and broken ends the search. A `Recorder` gets
every place, also those that the search does not reach: that is `keystead explain`. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from keystead.errors import KeysteadError, NotConfigured, ProfileNotFound
from keystead.model.assume_role import IN_PROFILE, OPTIONS, AssumeRoleStep
from keystead.model.profile_type import ProfileType
from keystead.model.sources import Source
from keystead.model.sources.container import Container
from keystead.model.sources.ec2 import Ec2
from keystead.model.sources.environment import Environment, has_keys
from keystead.model.sources.kind import Kind, Offer
from keystead.model.sources.static import Static
from keystead.model.sources.web_identity import WebIdentity
from keystead.model.variables import profile_in_effect
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.model.profile import Profile, ProfileSource

DEFAULT_PROFILE = "default"


AFTER_KEYS = tuple(
    key
    for kind in IN_PROFILE[IN_PROFILE.index(Static) + 1 :]
    for row in kind.types
    for group in row.deciding
    for key in group
)
"""The settings of the sources over which keys in the credentials file take precedence."""


class SourceChoice(NamedTuple):
    """The sources that settings name, the chosen one, and the resulting type.

    ``kinds`` are all kinds in the order of the search. Where the settings make no type, ``why``
    says so and ``setting`` is the one to look at.
    """

    kinds: tuple[type[Kind], ...]
    offers: tuple[Offer, ...]
    chosen: Offer | None
    type: ProfileType | None
    why: str | None = None
    setting: str | None = None


@lru_cache
def choose_source(given: frozenset[str], *, keys_last: bool) -> SourceChoice:
    """The choice among the sources that the settings ``given`` name, in order of precedence.

    The first that decides the type counts, and half of it is an error; others in part count for
    nothing. ``keys_last``: keys are in the config file, where all other sources take precedence.
    """
    kinds = tuple(sorted(IN_PROFILE, key=lambda kind: keys_last and kind is Static))
    offers = tuple(offer for kind in kinds if (offer := kind.offer(given)))
    chosen = next((offer for offer in offers if offer.type), None)
    if chosen is None or chosen.type is None:
        option = next((key for key in OPTIONS if key in given), None)
        if option:
            return SourceChoice(kinds, offers, None, None, f"`{option}` without `role_arn`", option)
        part = offers[0] if offers else None
        why = part.lacks if part else "no setting that gives credentials"
        return SourceChoice(kinds, offers, None, None, why, part.settings[0] if part else None)
    if chosen.is_typed:
        return SourceChoice(kinds, offers, chosen, chosen.type)
    why, setting = chosen.lacks, chosen.settings[0]
    if chosen.kind is AssumeRoleStep:
        setting = chosen.settings[-1]
    else:
        needs = " and ".join(f"`{key}`" for key in chosen.type.required)
        why = f"{why}: a profile of type {chosen.type.name} needs {needs}"
    return SourceChoice(kinds, offers, chosen, None, why, setting)


class Search:
    """A search in an environment and the profiles that it may name."""

    def __init__(self, environ: Mapping[str, str], source: ProfileSource) -> None:
        self.environ = environ
        self._source = source

    @property
    def profile(self) -> Profile | None:
        """The profile that the environment names, else ``default``; None when that does not exist.

        Raises `ProfileNotFound` when the environment names one that does not exist.
        """
        in_effect = profile_in_effect(self.environ)
        if in_effect:
            variable, named = in_effect
            try:
                return self._source.find(named)
            except ProfileNotFound as error:
                raise ProfileNotFound(
                    f"`{variable}` names the profile `{named}`, which does not exist",
                    hint=error.hint,
                ) from error
        try:
            return self._source.find(DEFAULT_PROFILE)
        except ProfileNotFound:
            return None

    def role_profile(self) -> Profile | None:
        """The profile, if it assumes a role over another source."""
        profile = self.profile
        chosen = profile.choice.chosen if profile and profile.type else None
        return profile if chosen and chosen.kind is AssumeRoleStep else None

    def profile_set_up(self) -> Profile | None:
        """The profile, if its settings name a source, be it in part."""
        profile = self.profile
        return profile if profile and profile.is_set_up else None


class Place(NamedTuple):
    """A place of the search: what it finds there; None where nothing is set up."""

    name: str
    look: Callable[[Search], Source | Profile | None]


PLACES = (
    Place("environment", lambda search: Environment.from_environment(search.environ)),
    Place("role", Search.role_profile),
    Place("web-identity", lambda search: WebIdentity.from_environment(search.environ)),
    Place("profile", Search.profile_set_up),
    Place("container", lambda search: Container.from_environment(search.environ)),
    Place("ec2", lambda search: Ec2.from_environment(search.environ)),
)
"""Where credentials are looked for when no profile is named: botocore's order."""

Recorder = Callable[[str, "Source | Profile | KeysteadError | None"], None]
"""Takes the name of each place and what is there: None for nothing, or why it is broken."""


def search(
    environ: Mapping[str, str], source: ProfileSource, record: Recorder | None = None
) -> Source | Profile:
    """What the search finds first.

    Raises `NotConfigured` when it finds nothing, `ProfileNotFound` when the environment names a
    profile that does not exist, and `ProfileInvalid` for half a source in the environment.
    """
    world = Search(environ, source)
    first: Source | Profile | KeysteadError | None = None
    for place in PLACES:
        found: Source | Profile | KeysteadError | None
        try:
            found = place.look(world)
        except KeysteadError as error:
            found = error
        if record:
            record(place.name, found)
        first = first or found
        if first and not record:
            break
    if isinstance(first, KeysteadError):
        raise first
    if first is None:
        raise nothing_configured()
    return first


def default_profile(environ: Mapping[str, str], source: ProfileSource) -> Profile | None:
    """As `Search.profile`."""
    return Search(environ, source).profile


def settings_profile(environ: Mapping[str, str], source: ProfileSource) -> Profile | None:
    """The profile whose region and addresses apply when no profile is named; None for none.

    Keys in the environment need no profile, so with them a missing one is not an error. Otherwise
    raises as `default_profile`.
    """
    try:
        return default_profile(environ, source)
    except ProfileNotFound:
        if has_keys(environ):
            return None
        raise


def nothing_configured() -> NotConfigured:
    """The error for a search that found nothing."""
    return NotConfigured(
        "no credentials: the environment has none and there is no profile `default` with any",
        hint="name a profile, set AWS_PROFILE, or make `default` with `keystead set default`",
    )
