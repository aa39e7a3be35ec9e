"""The input of the rules on profiles, and helpers for their messages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property

from keystead.errors import KeysteadError, Origin
from keystead.lint.finding import Checks, Problem
from keystead.lint.view import View
from keystead.model.ordinal_case import NameSet
from keystead.model.profile import Profile
from keystead.model.settings import SETTINGS
from keystead.near import near_names
from keystead.text.dialect import FileKind, Origins, Reading, Settings, merge
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


class Sections(Mapping[str, Profile]):
    """Profiles or SSO sessions by name; each is made of its ``settings`` when it is read."""

    def __init__(self, settings: Mapping[str, Settings]) -> None:
        self.settings = settings
        self._made: dict[str, Profile] = {}

    def __getitem__(self, name: str) -> Profile:
        if name not in self._made:
            entries = self.settings[name]
            values = {key: entry.value for key, entry in entries.items()}
            self._made[name] = Profile(name, values, origins=Origins(entries))
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self.settings

    def __iter__(self) -> Iterator[str]:
        return iter(self.settings)

    def __len__(self) -> int:
        return len(self.settings)

    @cached_property
    def by_setting(self) -> Mapping[str, Sequence[str]]:
        """The names of those that have a setting, empty or not, in order."""
        found: dict[str, list[str]] = {}
        for name, entries in self.settings.items():
            for key in entries:
                found.setdefault(key, []).append(name)
        return found

    def having(self, *keys: str) -> Iterator[tuple[str, Profile]]:
        """Those that have one of these settings, empty or not, in order."""
        found = [self.by_setting[key] for key in keys if key in self.by_setting]
        names: Iterable[str] = found[0] if found else ()
        if len(found) > 1:
            names = filter(set().union(*found).__contains__, self.settings)
        return ((name, self[name]) for name in names)

    def texts(self, key: str, wanted: Callable[[str], object]) -> Iterator[tuple[str, str, Origin]]:
        """The name, text and origin of each setting ``key`` whose text is ``wanted``.

        ``wanted`` is called once for each distinct text.
        """
        wanted = cache(wanted)
        for name in self.by_setting.get(key, ()):
            entry = self.settings[name][key]
            if entry.value and isinstance(entry.value, str) and wanted(entry.value):
                yield name, entry.value, entry.where


class Shared(NamedTuple):
    """The contents of the shared files: the profiles of each; ``profiles`` merges both.

    ``services`` are the names of ``services`` sections, ``elsewhere`` the names of profiles in
    other stores. ``days`` is the number of days since each file was written.
    """

    looked: Looked
    config: Sections
    credentials: Sections
    profiles: Sections
    sso_sessions: Sections
    services: Collection[str]
    elsewhere: Collection[str]
    days: Mapping[str, int]

    @classmethod
    def of(cls, looked: Looked) -> Shared:
        """Interpret the files."""
        readings = {kind: Reading() for kind in FileKind}
        readings.update((view.kind, view.reading()) for view in looked.views)
        config, credentials = readings[FileKind.CONFIG], readings[FileKind.CREDENTIALS]
        merged = merge(config, credentials)
        return cls(
            looked,
            Sections(config.profiles),
            Sections(credentials.profiles),
            Sections(merged.profiles),
            Sections(merged.sso_sessions),
            set(merged.services),
            NameSet(profile.name for other in looked.others for profile in other.profiles),
            {view.file: view.days for view in looked.views},
        )

    def having(self, *settings: str) -> Iterator[tuple[str, Profile]]:
        """The profiles that have one of ``settings``, empty or not, in order."""
        return self.profiles.having(*settings)

    def of_files(self) -> Sequence[tuple[Sections, bool]]:
        """The sections as they are in the files, and whether they are profiles."""
        return (self.config, True), (self.credentials, True), (self.sso_sessions, False)


CHECKS = Checks[Shared]()
rule = CHECKS.rule
"""`Checks.rule` for a function that checks a `Shared`."""


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
    """The `keystead set` command that prompts for ``words``, which need no quotes."""
    return f"`keystead set {shlex.quote(name)} {' '.join(words)}`"
