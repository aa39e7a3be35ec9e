"""What a store is, and what every store does the same way.

A store reads profiles and changes them by one primitive, `ProfileStore.change`: the changes are
worked out from the profile as it stands under the writers' lock, checked, and written whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from keystead.errors import FileProblem, Origin, ProfileInvalid, ProfileNotFound
from keystead.model.profile import Profile, Value
from keystead.model.settings import DECIDING
from keystead.near import did_you_mean, near_names
from keystead.secret import quoted
from keystead.text.dialect import Skipped

TRIES = 20
"""How often a change is worked out again because a foreign program wrote in between."""

Changes = Mapping[str, Value | None]
"""Settings to set, by name; None unsets one."""


Follow = Callable[[Profile], Mapping[str, str]]
"""The settings to set in a profile because another one got another name; none for most."""


class ProfileStore(Protocol):
    """A place where profiles live; `keystead.testing.StoreContract` is the suite it must pass."""

    @property
    def type_name(self) -> str:
        """The store's name in lists, as the .NET SDK has it."""
        ...

    @property
    def location(self) -> str | None:
        """The path shown in lists; None where none is shown."""
        ...

    def find(self, name: str) -> Profile:
        """The profile of that name, valid or not. Raises `ProfileNotFound`."""
        ...

    def profiles(self) -> list[Profile]:
        """All profiles in the order of the store, invalid ones included."""
        ...

    def change(self, name: str, changes: Callable[[Profile | None], Changes]) -> None:
        """Applies what ``changes`` makes of the profile as it stands (None: not there yet).

        Raises `ProfileInvalid` when the outcome may not be stored; then nothing is written.
        """
        ...

    def unregister(self, name: str) -> None:
        """Removes the profile. Raises `ProfileNotFound`."""
        ...

    def rename(
        self, old: str, new: str, *, force: bool = False, follow: Follow | None = None
    ) -> None:
        """Renames a profile; ``force`` replaces one that has the new name. Same name: nothing.

        ``follow`` gives what other profiles, and this one, change with it: what names it. Raises
        `ProfileNotFound`, or `ProfileInvalid` when ``new`` exists.
        """
        ...

    def follow(self, follow: Follow) -> None:
        """Changes in each profile what ``follow`` gives, whatever its type is."""
        ...

    def copy(self, old: str, new: str, *, force: bool = False) -> None:
        """Copies a profile with all it has but its unique key; otherwise as `rename`."""
        ...


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
