"""What the rules on profiles look at, and how they name and place what they find."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from keystead.lint.finding import Finding
from keystead.lint.table import finding
from keystead.model.profile import Profile
from keystead.model.settings import SETTINGS

KEY = "aws_access_key_id"
SECRET = "aws_secret_access_key"  # noqa: S105  # the name of a setting
TOKEN = "aws_session_token"  # noqa: S105  # the name of a setting

# The words of such a name are shorter than a secret.
_ORDINARY = re.compile(r"[a-z][a-z0-9]{0,15}(?:_[a-z0-9]{1,15})*")


class Shared(NamedTuple):
    """What the shared files say: each file's profiles by name, and ``profiles``, both merged.

    ``sso_sessions`` are the sections of that kind, as if they were profiles; ``services`` the
    names of theirs. ``elsewhere`` are the profiles that another store has. ``days`` says how many
    days ago each file was last written; ``environment_key`` is the environment's access key id.
    """

    config: Mapping[str, Profile]
    credentials: Mapping[str, Profile]
    profiles: Mapping[str, Profile]
    sso_sessions: Mapping[str, Profile]
    services: Collection[str]
    elsewhere: Collection[str]
    days: Mapping[str, int] = MappingProxyType({})
    environment_key: str | None = None

    def sections(self) -> Iterator[tuple[Profile, str | None]]:
        """Each section that stands in a file, and the name of the profile that it is."""
        for profiles in (self.config, self.credentials):
            yield from ((profile, name) for name, profile in profiles.items())
        yield from ((session, None) for session in self.sso_sessions.values())


def found(rule: str, profile: Profile, key: str, message: str, fix: str) -> Finding:
    """The finding of that rule on a setting that the profile has."""
    return finding(rule, profile.origins[key], message, fix=fix, profile=profile.name)


def shown(key: str) -> str:
    """How a key is named in messages: not at all where it may be a secret without its key."""
    lowered = key.lower()
    return f"`{key}`" if lowered in SETTINGS or _ORDINARY.fullmatch(lowered) else "a setting"


def either(names: Iterable[str]) -> str:
    """The names as a choice."""
    return " or ".join(f"`{name}`" for name in names)


def rename_command(name: str) -> str:
    """The `keystead rename` of that profile."""
    return f"`{shlex.join(['keystead', 'rename', name])} NEW`"


def set_command(name: str, *words: str) -> str:
    """The `keystead set` that asks for what ``words`` name."""
    return f"`{shlex.join(['keystead', 'set', name, *words])}`"
