"""The interface of a store, and what all stores share."""

from __future__ import annotations

import contextlib
import gc
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

from keystead.errors import FileProblem, KeysteadError, Origin, ProfileInvalid, ProfileNotFound
from keystead.model.profile import Profile, SettingValue
from keystead.model.settings import DECIDING
from keystead.near import did_you_mean, near_names
from keystead.secret import quoted
from keystead.system import System
from keystead.system.file_versions import ChangeToken
from keystead.text.dialect import Skipped
from keystead.value import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.model.profile_type import ProfileType


class KeyKeeper(Protocol):
    """Caches opened data keys for other processes: the agent."""

    def key(self, store_id: str) -> tuple[str, bytes] | None:
        """The record of the protector and the data key it gave; None if not cached."""

    def keep_key(self, store_id: str, record: str, raw: bytes, *, start: bool) -> None:
        """Caches the key if possible; ``start``: it is worth starting an agent for it."""


TRIES = 20
"""How often a change is tried again when another program wrote the file meanwhile."""

Changes = Mapping[str, SettingValue | None]
"""Settings to set, by name; None unsets one."""


Follow = Callable[[Profile], Mapping[str, str]]
"""Returns the settings to change in a profile because another one was renamed."""


TypeRow = tuple[str, "ProfileType | None", str | None]
"""The name of a profile, its type, and why it has none."""


class StoreSnapshot(ABC):
    """The profiles of a store at one moment; files are read once, lazily."""

    @abstractmethod
    def find(self, name: str) -> Profile:
        """The profile ``name``, valid or not. Raises `ProfileNotFound`."""

    @abstractmethod
    def profiles(self) -> list[Profile]:
        """All profiles in the order of the store, invalid ones included."""

    def types(self) -> list[TypeRow]:
        """Name, type and problem of all profiles in the order of the store."""
        return [(each.name, each.type, each.problem()) for each in self.profiles()]

    def first_names(self, count: int) -> list[str]:
        """The names of the first ``count`` profiles, in order, each once."""
        names = dict.fromkeys(profile.name for profile in self.profiles())
        return [*names][:count]

    def sso_session(self, name: str) -> Mapping[str, str]:
        """The settings of an ``sso-session`` section; empty for no such section."""
        del name
        return {}

    def sso_sessions(self) -> Iterable[str]:
        """The names of all ``sso-session`` sections."""
        return ()

    def services(self, name: str) -> Mapping[str, SettingValue]:
        """The settings of a ``services`` section; empty for no such section."""
        del name
        return {}

    def skipped(self) -> list[Skipped]:
        """Sections that may have been meant as profiles and are skipped."""
        return []


class ProfileStore(ABC):
    """A store of profiles, tested by `keystead.testing.StoreContract`.

    A row of `keystead.stores.registry.STORES` adds it to all commands.
    """

    type_name: str
    """The store's name in lists, as the .NET SDK has it."""
    title: str
    """What a sentence calls it, after "the"."""
    ignores_case = False
    """Whether names that differ by letter case alone are one in it."""
    location: str | None = None
    """The path shown in lists, if any."""
    read_by_sdks = False
    """Whether the AWS SDKs and the AWS CLI read it too."""
    read_by_dotnet = False
    """Whether the AWS SDK for .NET reads it."""

    @classmethod
    @abstractmethod
    def open(cls, system: System, keeper: KeyKeeper | None = None) -> ProfileStore:
        """The store that is searched without a location; ``keeper`` caches its opened keys."""

    @abstractmethod
    def snapshot(self) -> StoreSnapshot:
        """The current content."""

    @abstractmethod
    def change_token(self) -> ChangeToken:
        """A value that differs after each change of the store by any program.

        It is cheap: endpoints compare it at each request.
        """

    @abstractmethod
    def change(self, name: str, changes: Callable[[Profile | None], Changes]) -> None:
        """Applies the changes that ``changes`` returns for the current profile (None: a new one).

        It is called under the writers' lock, maybe more than once. Raises `ProfileInvalid` when
        the result is not valid; then nothing is written. No method writes outside of
        ``system.files`` where these are `dry`.
        """

    @abstractmethod
    def unregister(self, name: str) -> None:
        """Removes the profile. Raises `ProfileNotFound`."""

    @abstractmethod
    def rename(
        self, old: str, new: str, *, force: bool = False, follow: Follow | None = None
    ) -> None:
        """Renames a profile; ``force`` replaces an existing profile ``new``.

        ``follow`` updates the references in all profiles. Raises `ProfileNotFound`, or
        `ProfileInvalid` when ``new`` exists.
        """

    @abstractmethod
    def follow(self, follow: Follow) -> None:
        """Sets in each profile the settings that ``follow`` returns."""

    @abstractmethod
    def copy(self, old: str, new: str, *, force: bool = False) -> None:
        """Copies a profile without its unique key; otherwise as `rename`."""

    def find(self, name: str) -> Profile:
        """The current profile. Raises `ProfileNotFound`."""
        return self.snapshot().find(name)

    def profiles(self) -> list[Profile]:
        """All current profiles."""
        return self.snapshot().profiles()

    def opens_unasked(self) -> bool:
        """Whether its secrets can be read without a prompt. Raises `KeysteadError`."""
        return True

    def describe_location(self) -> str:
        """Where it is, for messages."""
        return self.location or self.type_name

    def in_environment(self, system: System) -> ProfileStore:
        """The same store for the environment of ``system``."""
        del system
        return self


def register(store: ProfileStore, profile: Profile) -> None:
    """Saves ``profile``, merged with a stored one, as the .NET SDK does.

    If ``profile`` has a type, the stored settings of other types are removed; settings that decide
    no type (a region, unknown ones) stay.
    """
    given = {key: value for key, value in profile.settings.items() if profile.has(key)}
    retyping = any(key in DECIDING for key in given)

    def changes(current: Profile | None) -> Changes:
        stale = [key for key in current.settings if key in DECIDING] if current and retyping else []
        return {**dict.fromkeys(stale), **given}

    store.change(profile.name, changes)


def not_found(
    name: str,
    known: Iterable[str],
    *,
    place: str | None = None,
    skipped: Skipped | None = None,
) -> ProfileNotFound:
    """The error for a missing profile; ``known`` is iterated over when its hint is read.

    ``skipped`` is a section that may have been meant as this profile.
    """

    @cache
    def hint() -> str:
        otherwise = "`keystead list` shows the profiles there are"
        try:
            names = list(known)
        except KeysteadError:  # this one is reported
            return otherwise
        if not names:
            otherwise = "there are no profiles yet; `keystead set NAME` makes one"
        return did_you_mean(near_names(name, names), otherwise=otherwise)

    if skipped:
        return ProfileNotFound(
            f"there is no profile {_shown(name)}: {skipped.why}",
            hint="`keystead lint` says how to write the header so that all read it",
            where=skipped.where,
        )
    return ProfileNotFound(
        f"there is no profile {_shown(name)}" + (f" in {place}" if place else ""), hint=hint
    )


def overtaken(where: Origin) -> FileProblem:
    """The error when other programs wrote the file in each of `TRIES` tries."""
    return FileProblem(
        f"another program changed the file during each of {TRIES} tries",
        id="file-changed",
        hint="try again when the other program has finished",
        where=where,
    )


def already_there(name: str) -> ProfileInvalid:
    """The error for a name that is in use."""
    return ProfileInvalid(
        f"a profile {_shown(name)} exists already",
        id="profile-exists",
        hint="use --force to replace it",
    )


def _shown(name: str) -> str:
    return quoted(name, "of that name, which is not shown as it may be a secret key")


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Disable the garbage collector while building objects that all stay alive."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
