"""The stores in search order, or the shared file at a location alone.

Without a location, profiles are saved in the first store. These are the rules of AWS's
documentation for ``-ProfileLocation``.
"""

from __future__ import annotations

import itertools
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from keystead import caller
from keystead.errors import ProfileInvalid, ProfileNotFound
from keystead.model.ordinal_case import folded
from keystead.model.profile import Profile, ProfileSource, SettingValue
from keystead.model.role_reference import RoleReference
from keystead.stores import base
from keystead.stores.registry import STORES
from keystead.stores.shared import SharedStore
from keystead.system import System
from keystead.system.file_versions import ChangeToken
from keystead.text.dialect import Skipped

Parts = Sequence[tuple[base.ProfileStore, base.StoreSnapshot]]
"""Stores in search order, each with its content."""

Reach = Callable[[str, RoleReference, ProfileSource], Profile]
"""Returns the profile that a name means, by the reference that it has the form of, whose
sso-session the source has. Raises `ProfileNotFound`."""


def _by_id(name: str, reference: RoleReference, source: ProfileSource) -> Profile:
    """`Reach` for accounts that are named by their id."""
    del source
    if not reference.has_account_id:
        raise base.not_found(name, ())
    return reference.profile(name)


class ChainReader(ABC):
    """Profiles by name in all stores."""

    location: str | None
    """The path of the shared file that is searched alone; None for all stores."""
    reach: Reach

    @property
    @abstractmethod
    def parts(self) -> Parts:
        """The stores in search order, each with its content."""

    def find(self, name: str) -> Profile:
        """The profile ``name`` of the first store that has it, else the permission set that
        ``name`` refers to; see `RoleReference`. Raises `ProfileNotFound`.
        """
        try:
            return self.locate(name)[1]
        except ProfileNotFound as error:
            reference = RoleReference.parse(name)
            if not reference or error.where or not self.sso_session(reference.session):
                raise
        return self.reach(name, reference, self)

    def opens_unasked(self, name: str) -> bool:
        """Whether the secrets of the profile can be read without a prompt."""
        found = (store for store, part in self.parts if _has(part, name))
        return all(store.opens_unasked() for store in itertools.islice(found, 1))

    def locate(self, name: str) -> tuple[base.ProfileStore, Profile]:
        """The first store that has the profile, and the profile."""
        for store, part in self.parts:
            try:
                return store, part.find(name)
            except ProfileNotFound as error:
                if error.where:  # a section that is skipped may have been meant
                    raise
        place = self.parts[0][0].location if len(self.parts) == 1 else None
        names = (profile.name for _, part in self.parts for profile in part.profiles())
        raise base.not_found(name, names, place=place)

    def sso_session(self, name: str) -> Mapping[str, str]:
        """The settings of an ``sso-session`` section; empty for no such section."""
        return next(filter(None, (part.sso_session(name) for _, part in self.parts)), {})

    def existing_sso_session(self, name: str) -> Mapping[str, str]:
        """The settings of an ``sso-session`` section. Raises `ProfileInvalid` for no such one."""
        section = self.sso_session(name)
        if not section:
            from keystead.near import did_you_mean, near_names

            near = near_names(name, self.sso_sessions())
            raise ProfileInvalid(
                f"there is no sso-session `{name}`",
                id="section-missing",
                hint=did_you_mean(near)
                if near
                else f"add a section `[sso-session {name}]` with `sso_start_url` and `sso_region` "
                "to the config file",
            )
        return section

    def sso_sessions(self) -> list[str]:
        """The names of all ``sso-session`` sections."""
        names = (name for _, part in self.parts for name in part.sso_sessions())
        return list(dict.fromkeys(names))

    def services(self, name: str) -> Mapping[str, SettingValue]:
        """The settings of a ``services`` section; empty for no such section."""
        return next(filter(None, (part.services(name) for _, part in self.parts)), {})

    def skipped(self) -> list[Skipped]:
        """Sections that may have been meant as profiles and are skipped."""
        return [found for _, part in self.parts for found in part.skipped()]

    def profiles(self) -> list[Profile]:
        """All profiles in search order, including invalid ones and duplicates."""
        return [profile for _, part in self.parts for profile in part.profiles()]

    def dependents(self, store: base.ProfileStore, profile: Profile) -> list[Profile]:
        """The profiles that refer to ``profile`` of ``store``, as source or in a command line.

        A reference in another store with a profile of the same name refers to that one, because
        other tools read that store only.
        """
        return [
            other
            for _, part in _seeing(self.parts, store, profile)
            for other in part.profiles()
            if _spellings(self.parts, store, profile, [other])
        ]


class ChainSnapshot(ChainReader):
    """The profiles at one moment; each store is read once, lazily."""

    def __init__(
        self, stores: Iterable[base.ProfileStore], location: str | None, reach: Reach
    ) -> None:
        self.location = location
        self.reach = reach
        self._parts = [(store, store.snapshot()) for store in stores]

    @property
    def parts(self) -> Parts:
        """The stores in search order, each with its content."""
        return self._parts


class StoreChain(ChainReader):
    """The stores in search order; each call reads their current content.

    With a ``location``: the shared file there with the ``config`` in the same folder. Else
    ``stores``, by default those of the registry.
    """

    def __init__(
        self,
        location: str | os.PathLike[str] | None = None,
        *,
        system: System | None = None,
        stores: Iterable[base.ProfileStore] | None = None,
        reach: Reach = _by_id,
    ) -> None:
        self.reach = reach
        system = system or System()
        path = os.fspath(location) if location is not None else ""
        self.location = path or None
        if path:
            stores = (SharedStore.at(system, path),)
        elif stores is None:
            stores = (row.open(system) for row in STORES)
        self.stores = tuple(stores)

    def snapshot(self) -> ChainSnapshot:
        """The current content of the stores."""
        return ChainSnapshot(self.stores, self.location, self.reach)

    @property
    def parts(self) -> Parts:
        """The stores in search order, each with its current content."""
        return [(store, store.snapshot()) for store in self.stores]

    def change_token(self) -> ChangeToken:
        """A value that differs after each change of a store."""
        return tuple(entry for store in self.stores for entry in store.change_token())

    def rename(
        self, old: str, new: str, *, force: bool = False, keep_references: bool = False
    ) -> list[Profile]:
        """Renames the profile in the first store that has it; returns its `dependents`.

        Their references are updated unless ``keep_references``. Raises as `ProfileStore.rename`.
        """
        from keystead.model.references import renamed

        before = self.snapshot()
        store, profile = before.locate(old)
        dependents = before.dependents(store, profile)
        names = _spellings(before.parts, store, profile, dependents)
        follow = partial(renamed, names=names, new=new)
        if keep_references:  # references of the profile to itself are still updated
            itself = profile.is_same
            store.rename(old, new, force=force, follow=lambda p: follow(p) if itself(p) else {})
            return dependents
        types = {dependent.store_type_name for dependent in dependents}
        seeing = [other for other, _ in _seeing(before.parts, store, profile)]
        others = [other for other in seeing if other is not store and other.type_name in types]
        before_changing([store, *others])
        store.rename(old, new, force=force, follow=follow if dependents else None)
        for other in others:
            other.follow(follow)
        return dependents

    def register(self, profile: Profile) -> None:
        """Saves ``profile`` in the first store. Raises `ProfileInvalid`."""
        base.register(self.stores[0], profile)

    def unregister(self, name: str) -> None:
        """Removes the profile from the first store that has it. Raises `ProfileNotFound`."""
        self.locate(name)[0].unregister(name)


def before_changing(stores: Collection[base.ProfileStore]) -> None:
    """Raises `HandBack` if one of several stores may prompt when another one has been changed."""
    if len(stores) > 1 and not all(store.opens_unasked() for store in stores):
        caller.process.require_own_process()


def _seeing(parts: Parts, store: base.ProfileStore, profile: Profile) -> Parts:
    """The stores whose references to the profile's name mean the one in ``store``."""
    return [row for row in parts if row[0] is store or not _has(row[1], profile.name)]


def _spellings(
    parts: Parts, store: base.ProfileStore, profile: Profile, others: Iterable[Profile]
) -> set[str]:
    """The spellings by which ``others`` refer to the profile of ``store``."""
    from keystead.model.references import references

    own = next(part for place, part in parts if place is store)
    alike = {
        found.name
        for other in others
        for found in references(other)
        if folded(found.name) == folded(profile.name)
    }
    return {name for name in alike if _is_named(own, profile, name)}


def _has(part: base.StoreSnapshot, name: str) -> bool:
    try:
        part.find(name)
    except ProfileNotFound:
        return False
    return True


def _is_named(part: base.StoreSnapshot, profile: Profile, name: str) -> bool:
    """Whether a search for ``name`` finds the profile in its store."""
    try:
        return part.find(name).is_same(profile)
    except ProfileNotFound:
        return False
