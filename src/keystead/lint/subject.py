"""The input of the rules on profiles, and helpers for their messages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping

from keystead.errors import KeysteadError
from keystead.lint.finding import Checks, Problem
from keystead.lint.view import View
from keystead.model.ordinal_case import NameSet
from keystead.model.profile import Profile
from keystead.model.settings import SETTINGS
from keystead.near import near_names
from keystead.text.dialect import FileKind, Reading, Settings, merge
from keystead.value import NamedTuple

KEY = "aws_access_key_id"
SECRET = "aws_secret_access_key"  # noqa: S105  # the name of a setting
TOKEN = "aws_session_token"  # noqa: S105  # the name of a setting

_SEARCHES = 50
"""For how many missing names similar ones are looked for."""

# The words of such a name are shorter than any secret.
_ORDINARY = re.compile(r"[a-z][a-z0-9]{0,15}(?:_[a-z0-9]{1,15})*")


class OtherStore(NamedTuple):
    """A store that takes precedence over the shared files."""

    title: str
    profiles: Collection[Profile]
    ignores_case: bool = False


class Looked(NamedTuple):
    """The input of all rules: ``views`` of the shared files and their context.

    ``environment_key`` is the environment's access key id, ``missing`` are requested files that do
    not exist, and ``unreadable`` are files with their errors.
    """

    views: Collection[View] = ()
    others: Collection[OtherStore] = ()
    environment_key: str | None = None
    missing: Collection[str] = ()
    unreadable: Collection[tuple[str, KeysteadError]] = ()


class Shared(NamedTuple):
    """The contents of the shared files: each file's profiles by name; ``profiles`` merges both.

    ``sso_sessions`` are ``sso-session`` sections as profiles, ``services`` the names of
    ``services`` sections, ``elsewhere`` the names of profiles in other stores. ``days`` is the
    number of days since each file was written, ``users`` the names of profiles by their settings.
    """

    looked: Looked
    config: Mapping[str, Profile]
    credentials: Mapping[str, Profile]
    profiles: Mapping[str, Profile]
    sso_sessions: Mapping[str, Profile]
    services: Collection[str]
    elsewhere: Collection[str]
    days: Mapping[str, int]
    users: Mapping[str, Collection[str]]

    @classmethod
    def of(cls, looked: Looked) -> Shared:
        """Interpret the files."""
        readings = {kind: Reading() for kind in FileKind}
        readings.update((view.kind, view.reading()) for view in looked.views)
        config, credentials = readings[FileKind.CONFIG], readings[FileKind.CREDENTIALS]
        merged = merge(config, credentials)
        users: dict[str, list[str]] = {}
        for name, settings in merged.profiles.items():
            for setting in settings:
                users.setdefault(setting, []).append(name)
        return cls(
            looked,
            _profiles(config.profiles),
            _profiles(credentials.profiles),
            _profiles(merged.profiles),
            _profiles(merged.sso_sessions),
            set(merged.services),
            NameSet(profile.name for other in looked.others for profile in other.profiles),
            {view.file: view.days for view in looked.views},
            users,
        )

    def having(self, *settings: str) -> Iterator[tuple[str, Profile]]:
        """The profiles that have one of ``settings``, empty or not, in order."""
        names = {name for setting in settings for name in self.users.get(setting, ())}
        profiles = self.profiles.items() if names else ()
        return ((name, profile) for name, profile in profiles if name in names)

    def sections(self) -> Iterator[tuple[Profile, str | None]]:
        """Each section of a file with the name of its profile, None for an SSO session."""
        for profiles in (self.config, self.credentials):
            yield from ((profile, name) for name, profile in profiles.items())
        yield from ((session, None) for session in self.sso_sessions.values())


CHECKS = Checks[Shared]()
rule = CHECKS.rule
"""`Checks.rule` for a function that checks a `Shared`."""


def _profiles(sections: Mapping[str, Settings]) -> dict[str, Profile]:
    return {
        name: Profile(
            name,
            {key: entry.value for key, entry in entries.items()},
            origins={key: entry.where for key, entry in entries.items()},
        )
        for name, entries in sections.items()
    }


class NearNames:
    """The ``known`` names that are similar to a missing one, for the first missing ones.

    A search takes milliseconds, and thousands of profiles may name what is missing.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = list(known)
        self._found: dict[str, list[str]] = {}

    def of(self, name: str) -> list[str]:
        """The names similar to ``name``, the most similar first."""
        if name not in self._found:
            few = len(self._found) < _SEARCHES
            self._found[name] = near_names(name, self._known) if few else []
        return self._found[name]


def found(profile: Profile, key: str, message: str, fix: str = "") -> Problem:
    """A problem with a setting of the profile."""
    return Problem(profile.origins[key], message, fix, profile.name)


def shown(key: str) -> str:
    """A key in messages, hidden if it may be a secret without its key."""
    lowered = key.lower()
    return f"`{key}`" if lowered in SETTINGS or _ORDINARY.fullmatch(lowered) else "a setting"


def rename_command(name: str) -> str:
    """The `keystead rename` command for the profile."""
    return f"`{shlex.join(['keystead', 'rename', name])} NEW`"


def set_command(name: str, *words: str) -> str:
    """The `keystead set` command that prompts for ``words``."""
    return f"`{shlex.join(['keystead', 'set', name, *words])}`"
