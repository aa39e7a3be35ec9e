"""A store without a file: profiles in the memory of the process, known by one row.

``python -m tests.memory_store`` runs the command lines of a JSON array in its argument, each with
the text that is its standard input, in one process that has the row.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping

from keystead.model import validation
from keystead.model.profile import Profile, SettingValue, check_writable
from keystead.model.settings import is_secret
from keystead.secret import Secret, reveal
from keystead.stores import registry
from keystead.stores.base import (
    Changes,
    Follow,
    KeyKeeper,
    ProfileStore,
    StoreSnapshot,
    already_there,
    not_found,
)
from keystead.system import System
from keystead.system.file_versions import ChangeToken

Profiles = dict[str, dict[str, SettingValue]]


class MemorySnapshot(StoreSnapshot):
    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles

    def find(self, name: str) -> Profile:
        if name not in self._profiles:
            raise not_found(name, self._profiles)
        return Profile(name, self._profiles[name], MemoryStore.type_name)

    def profiles(self) -> list[Profile]:
        return [self.find(name) for name in self._profiles]


class MemoryStore(ProfileStore):
    type_name = "Memory"
    title = "memory store"

    def __init__(self, profiles: Profiles | None = None) -> None:
        self._profiles = profiles or {}
        self._version = 0
        self._lock = threading.Lock()

    @classmethod
    def open(cls, system: System, keeper: KeyKeeper | None = None) -> MemoryStore:
        del keeper
        return cls(STORE._profiles) if system.files.dry else STORE

    def snapshot(self) -> MemorySnapshot:
        return MemorySnapshot(self._profiles)

    def change_token(self) -> ChangeToken:
        return ((f"{ROW.name}:profiles", (self._version,)),)

    def change(self, name: str, changes: Callable[[Profile | None], Changes]) -> None:
        def edited(profiles: Profiles) -> Profiles:
            current = self.find(name) if name in profiles else None
            wanted = changes(current)
            settings = dict(profiles.get(name, {}))
            for key, value in wanted.items():
                settings.pop(key.lower(), None)
                if value:
                    settings[key.lower()] = _checked(key, value)
            if current is None:
                validation.check_profile_name(name, shared=False)
            check_writable(Profile(name, settings))
            return {**profiles, name: settings} if settings or current else profiles

        self._write(edited)

    def unregister(self, name: str) -> None:
        self._write(lambda profiles: _without(profiles, self.find(name).name))

    def rename(
        self, old: str, new: str, *, force: bool = False, follow: Follow | None = None
    ) -> None:
        def edited(profiles: Profiles) -> Profiles:
            self.find(old)
            if old == new:
                return profiles
            made = _room(profiles, new, force=force)
            followed = self._followed(made, follow) if follow else made
            return {new if name == old else name: found for name, found in followed.items()}

        self._write(edited)

    def follow(self, follow: Follow) -> None:
        self._write(lambda profiles: self._followed(profiles, follow))

    def copy(self, old: str, new: str, *, force: bool = False) -> None:
        def edited(profiles: Profiles) -> Profiles:
            settings = self.find(old).settings
            return (
                profiles if old == new else {**_room(profiles, new, force=force), new: {**settings}}
            )

        self._write(edited)

    def _followed(self, profiles: Profiles, follow: Follow) -> Profiles:
        return {name: {**found, **follow(self.find(name))} for name, found in profiles.items()}

    def _write(self, edited: Callable[[Profiles], Profiles]) -> None:
        with self._lock:
            self._profiles = edited(self._profiles)
            self._version += 1


def _checked(key: str, value: SettingValue) -> SettingValue:
    if isinstance(value, Mapping):
        return value
    validation.check_setting(key, reveal(value))
    return Secret(reveal(value)) if is_secret(key) else reveal(value)


def _room(profiles: Profiles, new: str, *, force: bool) -> Profiles:
    validation.check_profile_name(new, shared=False)
    if new in profiles and not force:
        raise already_there(new)
    return _without(profiles, new)


def _without(profiles: Profiles, name: str) -> Profiles:
    return {other: settings for other, settings in profiles.items() if other != name}


STORE = MemoryStore()
ROW = registry.StoreRow("memory", "tests.memory_store:MemoryStore")
ROWS = (ROW, *registry.STORES)


def main() -> None:
    registry.STORES = ROWS
    lines = json.loads(sys.argv[1])
    from keystead.cli.main import main as keystead

    for words, text in lines:
        source, sink = os.pipe()
        os.write(sink, text.encode())
        os.close(sink)
        os.dup2(source, 0)
        keystead(words)
        print(end="\f" if words is not lines[-1][0] else "", flush=True)


if __name__ == "__main__":
    from tests import memory_store  # the one module that the row names, not this one

    memory_store.main()
