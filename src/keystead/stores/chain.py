"""The stores in their search order: the encrypted store, then the shared files.

With a location it is the shared file at that path alone, for looking up and for saving. Without
one, saving goes to the encrypted store. These are the rules of the documentation page's table
for ``-ProfileLocation``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from keystead.errors import ProfileNotFound
from keystead.model.ordinal_case import folded
from keystead.model.profile import Profile, Value
from keystead.model.references import references, renamed
from keystead.stores import base
from keystead.stores.encrypted.store import EncryptedStore
from keystead.stores.shared import SharedStore
from keystead.system import System
from keystead.text.dialect import Skipped


class StoreChain:
    """Profiles by name, wherever they live.

    ``location`` None or empty: the encrypted store, then the shared files; a path: the shared
    file there with the ``config`` beside it. ``encrypted`` hands in an encrypted store that is
    unlocked already.
    """

    def __init__(
        self,
        location: str | os.PathLike[str] | None = None,
        *,
        system: System | None = None,
        encrypted: EncryptedStore | None = None,
    ) -> None:
        system = system or System()
        path = os.fspath(location) if location is not None else ""
        self.location = path or None
        """The path of the one shared file that is searched; None for all stores."""
        self._shared = SharedStore.at(system, path) if path else SharedStore.default(system)
        self.stores: tuple[base.ProfileStore, ...] = (self._shared,)
        self.paths: tuple[Path, ...] = self._shared.paths
        """The files that profiles come from."""
        if not path:
            sealed = encrypted or EncryptedStore(system)
            self.stores = (sealed, self._shared)
            self.paths = (sealed.path, *self._shared.paths)

    def find(self, name: str) -> Profile:
        """The profile of that name in the first store that has it, valid or not.

        Raises `ProfileNotFound` with near names as hint.
        """
        return self.locate(name)[1]

    def locate(self, name: str) -> tuple[base.ProfileStore, Profile]:
        """The first store that has the profile, and the profile."""
        for store in self.stores:
            try:
                return store, store.find(name)
            except ProfileNotFound as error:
                if error.where:  # a section that is skipped may have been meant
                    raise
        place = self.stores[0].location if len(self.stores) == 1 else None
        raise base.not_found(name, (profile.name for profile in self.profiles()), place=place)

    def sso_session(self, name: str) -> Mapping[str, str]:
        """The settings of an ``sso-session`` section of the shared files; empty for none."""
        return self._shared.sso_session(name)

    def services(self, name: str) -> Mapping[str, Value]:
        """The settings of a ``services`` section of the shared files; empty for none."""
        return self._shared.services(name)

    def skipped(self) -> list[Skipped]:
        """The sections of the shared files that may have been meant as profiles and are skipped."""
        return self._shared.skipped()

    def profiles(self) -> list[Profile]:
        """All profiles in search order, invalid ones included, duplicates kept."""
        return [profile for store in self.stores for profile in store.profiles()]

    def dependents(self, store: base.ProfileStore, profile: Profile) -> list[Profile]:
        """The profiles that name ``profile`` of ``store``, as their source or in a command line.

        One of another store that has a profile of that name of its own means that one: other
        tools know no other store.
        """
        return [
            other
            for place in self._seeing(store, profile)
            for other in place.profiles()
            if self._names(store, profile, [other])
        ]

    def rename(
        self, old: str, new: str, *, force: bool = False, keep_references: bool = False
    ) -> list[Profile]:
        """Renames the profile in the first store that has it; returns its `dependents`.

        They follow: what names it is changed with it, unless ``keep_references``. Raises as
        `ProfileStore.rename`.
        """
        store, profile = self.locate(old)
        dependents = self.dependents(store, profile)
        names = self._names(store, profile, dependents)
        follow = partial(renamed, names=names, new=new)
        if keep_references:  # what a profile says of itself is no reference to another one
            itself = profile.is_same
            store.rename(old, new, force=force, follow=lambda p: follow(p) if itself(p) else {})
            return dependents
        store.rename(old, new, force=force, follow=follow if dependents else None)
        for other in self._seeing(store, profile):
            if other is not store and any(d.store_type_name == other.type_name for d in dependents):
                other.follow(follow)
        return dependents

    def _seeing(self, store: base.ProfileStore, profile: Profile) -> Iterator[base.ProfileStore]:
        """The stores in which the profile's name is that of the one in ``store``."""
        for other in self.stores:
            if other is store or not _has(other, profile.name):
                yield other

    def _names(
        self, store: base.ProfileStore, profile: Profile, others: Iterable[Profile]
    ) -> set[str]:
        """The spellings by which ``others`` name the profile."""
        alike = {
            found.name
            for other in others
            for found in references(other)
            if folded(found.name) == folded(profile.name)
        }
        return {name for name in alike if _is_named(store, profile, name)}

    def register(self, profile: Profile) -> None:
        """Saves ``profile`` in the first store. Raises `ProfileInvalid` when it may not be."""
        base.register(self.stores[0], profile)

    def unregister(self, name: str) -> None:
        """Removes the profile from the first store that has it. Raises `ProfileNotFound`."""
        self.locate(name)[0].unregister(name)


def _has(store: base.ProfileStore, name: str) -> bool:
    try:
        store.find(name)
    except ProfileNotFound:
        return False
    return True


def _is_named(store: base.ProfileStore, profile: Profile, name: str) -> bool:
    """Whether ``name`` finds the profile in its store."""
    try:
        return store.find(name).is_same(profile)
    except ProfileNotFound:
        return False
