"""What a store is, and what every store does the same way.

A store reads profiles and changes them by one primitive, `ProfileStore.change`: the changes are
worked out from the profile as it stands under the writers' lock, checked, and written whole.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from keystead.errors import FileProblem, Origin, ProfileInvalid, ProfileNotFound
from keystead.model.profile import Profile, Value
from keystead.model.settings import DECIDING
from keystead.near import did_you_mean, near_names
from keystead.secret import quoted
from keystead.system import System
from keystead.system.file_versions import ChangeToken
from keystead.text.dialect import Skipped


class KeyKeeper(Protocol):
    """What holds opened data keys for other processes: the agent."""

    def key(self, store_id: str) -> tuple[str, bytes] | None:
        """The data key of a store, after the record that gave it; None: it is not held."""
        ...

    def keep_key(self, store_id: str, record: str, raw: bytes, *, start: bool) -> None:
        """Holds it from now on, if it can; ``start``: a person had to be asked for it."""
        ...


TRIES = 20
"""How often a change is worked out again because a foreign program wrote in between."""

Changes = Mapping[str, Value | None]
"""Settings to set, by name; None unsets one."""


Follow = Callable[[Profile], Mapping[str, str]]
"""The settings to set in a profile because another one got another name; none for most."""


class StoreSnapshot(ABC):
    """The profiles of a store at one moment: what it reads, it reads once, when it is needed."""

    @abstractmethod
    def find(self, name: str) -> Profile:
        """The profile of that name, valid or not. Raises `ProfileNotFound`."""

    @abstractmethod
    def profiles(self) -> list[Profile]:
        """All profiles in the order of the store, invalid ones included."""

    def sso_session(self, name: str) -> Mapping[str, str]:
        """The settings of an ``sso-session`` section; empty when there is none of that name."""
        del name
        return {}

    def services(self, name: str) -> Mapping[str, Value]:
        """The settings of a ``services`` section; empty when there is none of that name."""
        del name
        return {}

    def skipped(self) -> list[Skipped]:
        """What may have been meant as a profile and is none."""
        return []


class ProfileStore(ABC):
    """A place where profiles live; `keystead.testing.StoreContract` is the suite it must pass.

    A row of `keystead.stores.registry.STORES` makes it known to all commands.
    """

    type_name: str
    """The store's name in lists, as the .NET SDK has it."""
    title: str
    """What a sentence calls it, after "the"."""
    ignores_case = False
    """Whether names that differ by letter case alone are one in it."""
    location: str | None = None
    """The path shown in lists; None where none is shown."""
    read_by_sdks = False
    """Whether the AWS SDKs and the AWS CLI read it too, so that a name has to suit them."""
    read_by_dotnet = False
    """Whether the AWS SDK for .NET reads it."""

    @classmethod
    @abstractmethod
    def open(cls, system: System, keeper: KeyKeeper | None = None) -> ProfileStore:
        """The store that is searched where no location is given.

        ``keeper`` holds opened keys for other processes, for a store that needs one.
        """

    @abstractmethod
    def snapshot(self) -> StoreSnapshot:
        """What it holds now."""

    @abstractmethod
    def change_token(self) -> ChangeToken:
        """What is another value after each change of the store, whoever makes it.

        It costs little: an endpoint compares it at each request, and the agent before each answer.
        """

    @abstractmethod
    def change(self, name: str, changes: Callable[[Profile | None], Changes]) -> None:
        """Applies what ``changes`` makes of the profile as it is then (None: not there yet).

        Raises `ProfileInvalid` when the outcome may not be stored; then nothing is written. No
        method writes outside of ``system.files`` where these are `dry`.
        """

    @abstractmethod
    def unregister(self, name: str) -> None:
        """Removes the profile. Raises `ProfileNotFound`."""

    @abstractmethod
    def rename(
        self, old: str, new: str, *, force: bool = False, follow: Follow | None = None
    ) -> None:
        """Renames a profile; ``force`` replaces one that has the new name. Same name: nothing.

        ``follow`` gives what other profiles, and this one, change with it: what names it. Raises
        `ProfileNotFound`, or `ProfileInvalid` when ``new`` exists.
        """

    @abstractmethod
    def follow(self, follow: Follow) -> None:
        """Changes in each profile what ``follow`` gives, whatever its type is."""

    @abstractmethod
    def copy(self, old: str, new: str, *, force: bool = False) -> None:
        """Copies a profile with all it has but its unique key; otherwise as `rename`."""

    def find(self, name: str) -> Profile:
        """The profile as it is now. Raises `ProfileNotFound`."""
        return self.snapshot().find(name)

    def profiles(self) -> list[Profile]:
        """All profiles as they are now."""
        return self.snapshot().profiles()

    def opens_unasked(self) -> bool:
        """Whether secrets in it can be read without asking a person. Raises `KeysteadError`."""
        return True

    def describe_location(self) -> str:
        """Where it is, as a message says it."""
        return self.location or self.type_name

    def in_environment(self, system: System) -> ProfileStore:
        """The same store where the environment is that of ``system``."""
        del system
        return self


def register(store: ProfileStore, profile: Profile) -> None:
    """Saves ``profile``: its type becomes the stored one's, settings of other types go.

    Settings that decide no type (a region, unknown ones) stay unless ``profile`` sets them. A
    profile without any deciding setting changes just the others, as the .NET SDK does it.
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
    """The error for a profile that is not there, with near names as its hint.

    A search that finds it elsewhere never reads the hint, and near ones of thousands take long.
    ``skipped`` is a section that may have been meant as this profile.
    """
    names = list(known)

    def hint() -> str:
        if names:
            otherwise = "`keystead list` shows the profiles there are"
        else:
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
    """The error when foreign programs wrote the file each of `TRIES` times."""
    return FileProblem(
        f"another program changed the file {TRIES} times in the meantime",
        id="file-changed",
        hint="try again when the other program has finished",
        where=where,
    )


def already_there(name: str) -> ProfileInvalid:
    """The error for a name that is taken."""
    return ProfileInvalid(
        f"a profile {_shown(name)} exists already",
        id="profile-exists",
        hint="use --force to replace it",
    )


def _shown(name: str) -> str:
    return quoted(name, "of that name, which is not shown as it may be a secret key")
