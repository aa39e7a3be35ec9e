"""The shared files as a store: the credentials file and the config file that goes with it.

Reading merges both by the SDKs' rules. Every change is made under the writers' locks of both
files, worked out from what stands there at that moment, and touches only the lines it names.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from keystead.errors import FileProblem, Origin, ProfileInvalid
from keystead.model import rules
from keystead.model.profile import Profile, Value, check_writable
from keystead.model.settings import SETTINGS, Group
from keystead.secret import reveal
from keystead.stores.base import Changes, already_there, not_found
from keystead.stores.sharedfile import SharedFile
from keystead.system import System
from keystead.system.files import Changed, resolve
from keystead.system.generations import Replaced
from keystead.text.dialect import FileKind, Reading, Settings, interpret, merge
from keystead.text.document import Document

TRIES = 5
"""How often a change is worked out anew because a foreign program wrote in between."""


class SharedStore:
    """The profiles of one pair of shared files.

    ``credentials`` and ``config`` are their paths; ``config`` None means that there is none.
    Neither has to exist. Nothing is kept between calls: each one reads the files anew.
    """

    type_name = "SharedCredentialsFile"

    def __init__(self, system: System, credentials: Path, config: Path | None) -> None:
        self._system = system
        self._files = system.files
        self._credentials = credentials
        self._config = config

    @classmethod
    def default(cls, system: System) -> SharedStore:
        """The files that the environment names, else those in ``~/.aws``."""
        return cls(system, system.folders.credentials_file, system.folders.config_file)

    @classmethod
    def at(cls, system: System, location: str) -> SharedStore:
        """The credentials file at ``location`` with the file ``config`` beside it."""
        if not location or "\0" in location:
            raise FileProblem("a location is the path of a file", hint="name a credentials file")
        path = system.folders.expand(location)
        if path.name in ("", ".."):
            raise FileProblem("a location is the path of a file", where=Origin(location))
        if path.name == "config":
            raise FileProblem(
                "a location names a credentials file, and this is a config file",
                hint=f"try {path.with_name('credentials')}; the config beside it is read with it",
                where=Origin(location),
            )
        return cls(system, path, path.with_name("config"))

    @property
    def location(self) -> str:
        """The path of the credentials file."""
        return str(self._credentials)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that make up the store."""
        return (self._credentials, *([self._config] if self._config else []))

    def reading(self) -> Reading:
        """Both files merged, with the warnings that reading them gave."""
        return self._readings()[1]

    def find(self, name: str) -> Profile:
        """The profile of that name. Raises `ProfileNotFound`."""
        profiles = self.reading().profiles
        if name not in profiles:
            raise not_found(name, profiles, place=self.location)
        return self._profile(name, profiles[name])

    def profiles(self) -> list[Profile]:
        """All profiles: those of the credentials file, then those only in the config file."""
        credentials, merged = self._readings()
        names = [
            *credentials.profiles,
            *(n for n in merged.profiles if n not in credentials.profiles),
        ]
        return [self._profile(name, merged.profiles[name]) for name in names]

    def change(self, name: str, changes: Callable[[Profile | None], Changes]) -> None:
        """Applies what ``changes`` makes of the profile as it stands under the lock."""

        def edited(pair: tuple[SharedFile, ...]) -> tuple[SharedFile, ...]:
            current = self._current(pair, name)
            wanted = changes(current)
            _check(name, current, wanted)
            for key, value in wanted.items():
                pair = _changed(pair, name, key, value)
            return pair

        self._write(edited)

    def unregister(self, name: str) -> None:
        """Removes the profile from both files. Raises `ProfileNotFound`."""

        def edited(pair: tuple[SharedFile, ...]) -> tuple[SharedFile, ...]:
            self._require(pair, name)
            return tuple(file.removed(name) for file in pair)

        self._write(edited)

    def rename(self, old: str, new: str, *, force: bool = False) -> None:
        """Renames the profile in both files, in place."""

        def edited(pair: tuple[SharedFile, ...]) -> tuple[SharedFile, ...]:
            self._require(pair, old)
            if old == new:
                return pair
            return tuple(f.renamed(old, new) for f in self._make_room(pair, new, force=force))

        self._write(edited)

    def copy(self, old: str, new: str, *, force: bool = False) -> None:
        """Copies the profile within both files, comments included."""

        def edited(pair: tuple[SharedFile, ...]) -> tuple[SharedFile, ...]:
            self._require(pair, old)
            if old == new:
                return pair
            return tuple(f.copied(old, new) for f in self._make_room(pair, new, force=force))

        self._write(edited)

    def _load(self) -> tuple[SharedFile, ...]:
        kinds = (FileKind.CREDENTIALS, FileKind.CONFIG)
        return tuple(self._read(path, kind) for path, kind in zip(self.paths, kinds, strict=False))

    def _readings(self) -> tuple[Reading, Reading]:
        """What the credentials file says on its own, and both files merged."""
        pair = self._load()
        credentials = interpret(pair[0].document, FileKind.CREDENTIALS)
        if len(pair) == 1:
            return credentials, credentials
        return credentials, merge(interpret(pair[1].document, FileKind.CONFIG), credentials)

    def _read(self, path: Path, kind: FileKind) -> SharedFile:
        snapshot = self._files.read(path)
        return SharedFile(path, kind, Document(snapshot.data or b"", str(path)), snapshot.stamp)

    def _profile(self, name: str, settings: Settings) -> Profile:
        values: dict[str, Value] = {key: entry.value for key, entry in settings.items()}
        origins = {key: entry.where for key, entry in settings.items()}
        return Profile(name, values, self.type_name, self.location, origins)

    def _current(self, pair: tuple[SharedFile, ...], name: str) -> Profile | None:
        settings: Settings = {}
        for file in reversed(pair):  # the credentials file's settings win
            file.document.check()
            settings.update(file.settings(name))
        there = any(file.sections(name) for file in pair)
        return self._profile(name, settings) if there else None

    def _require(self, pair: tuple[SharedFile, ...], name: str) -> None:
        if self._current(pair, name) is None:
            raise not_found(name, self.reading().profiles, place=self.location)

    def _make_room(
        self, pair: tuple[SharedFile, ...], new: str, *, force: bool
    ) -> tuple[SharedFile, ...]:
        rules.check_profile_name(new, shared=True)
        if self._current(pair, new) is None:
            return pair
        if not force:
            raise already_there(new)
        return tuple(file.removed(new) for file in pair)

    def _write(self, edited: Callable[[tuple[SharedFile, ...]], tuple[SharedFile, ...]]) -> None:
        edited(self._load())  # what is refused makes no folder and no lock file
        with self._locks():
            before = self._load()
            written: set[Path] = set()
            for _ in range(TRIES):
                pairs = zip(before, edited(before), strict=True)
                changed = [(old, new) for old, new in pairs if new.document is not old.document]
                try:
                    with self._keeping(changed):
                        for _, new in changed:
                            if new.path not in written:
                                self._replace(new)
                                written.add(new.path)
                except Changed:
                    # A file that is written already still counts as it was: the rest of the
                    # same change is worked out anew, not a change on top of half of it.
                    now = self._load()
                    before = tuple(
                        old if old.path in written else new
                        for old, new in zip(before, now, strict=True)
                    )
                    continue
                return
        raise FileProblem(
            f"another program wrote the file {TRIES} times while it was to be changed",
            hint="try again when the other program is done",
            where=Origin(self.location),
        )

    def _keeping(
        self, changed: list[tuple[SharedFile, SharedFile]]
    ) -> contextlib.AbstractContextManager[None]:
        if not changed:
            return contextlib.nullcontext()
        replaced = [
            Replaced(old.path, old.document.render() if old.stamp else None, new.document.render())
            for old, new in changed
        ]
        return self._system.generations.keeping(replaced, self._system.clock())

    def _replace(self, file: SharedFile) -> None:
        file.document.check()  # what cannot be read back is not written
        private = file.kind is FileKind.CREDENTIALS
        self._files.replace(file.path, file.document.render(), expect=file.stamp, private=private)

    @contextlib.contextmanager
    def _locks(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            # In one order for everybody, so that two writers never wait for each other.
            # A config file that is not there is never made, so it needs no lock.
            config = [self._config] if self._config and os.path.exists(self._config) else []
            paths = {resolve(path) for path in (self._credentials, *config)}
            for path in sorted(paths):
                stack.enter_context(self._files.lock(path))
            yield


def _check(name: str, current: Profile | None, wanted: Changes) -> None:
    """Refuses changes whose outcome may not be stored."""
    if current is None:
        rules.check_profile_name(name, shared=True)
    settings = dict(current.settings) if current else {}
    for key, value in wanted.items():
        if value is None:
            settings.pop(key.lower(), None)
            continue
        block = key.partition(".")[0].lower()
        if current and key.lower() not in settings and block != key.lower() and current.text(block):
            raise ProfileInvalid(
                f"`{key}` cannot be set: `{block}` has a value and so no settings of its own",
                hint=f"unset `{block}` first",
            )
        nested = value if isinstance(value, Mapping) else {}
        for inner, text in nested.items():
            rules.check_setting(inner, text)
        rules.check_setting(key, "" if isinstance(value, Mapping) else reveal(value))
        settings[key.lower()] = value
    check_writable(Profile(name, settings))


def _changed(
    pair: tuple[SharedFile, ...], name: str, key: str, value: Value | None
) -> tuple[SharedFile, ...]:
    """The pair with one setting set or, for None, gone from both files."""
    if value is None:
        return tuple(file.unset(name, key) for file in pair)
    chosen = _home(pair, name, key)
    return tuple(file.set(name, key, value) if file is chosen else file for file in pair)


def _home(pair: tuple[SharedFile, ...], name: str, key: str) -> SharedFile:
    """The file that a setting belongs in.

    Where it stands already; else keys in the credentials file, and the rest where the profile
    lives, in the config file before the credentials file.
    """
    for wanted in (key.lower(), key.partition(".")[0].lower()):
        for file in pair:
            if wanted in file.settings(name):
                return file
    row = SETTINGS.get(key.lower())
    if row and row.group is Group.KEYS:
        return pair[0]
    return next((file for file in reversed(pair) if file.sections(name)), pair[0])
