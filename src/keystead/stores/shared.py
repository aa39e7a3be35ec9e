"""The shared files as a store: the credentials file and the config file that goes with it.

Reading merges both by the SDKs' rules. Every change is made under the writers' locks of both
files, worked out from what stands there at that moment, and touches only the lines it names.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from keystead.errors import DocumentError, FileProblem, Origin, ProfileInvalid, ProfileNotFound
from keystead.model import validation
from keystead.model.profile import Profile, Value, check_writable
from keystead.model.setting import Group
from keystead.model.settings import KEYS, SETTINGS
from keystead.secret import reveal
from keystead.stores.base import TRIES, Changes, Follow, already_there, not_found, overtaken
from keystead.stores.lost_update import by_another_program, is_lost, just_written, watch
from keystead.stores.shared_file import Origins, SharedFile
from keystead.system import System
from keystead.system.file_versions import FileVersion
from keystead.system.files import Changed, Snapshot, resolve
from keystead.text.dialect import FileKind, Reading, Skipped, interpret, merge
from keystead.text.document import Document, Grammar
from keystead.undo.history import Replaced, UndoHistory

PAUSES = (0.002, 0.005, 0.01, 0.02, 0.04, 0.08)
"""Seconds to wait before each new look at what may be half-written."""

CHECKED = 256 * 1024
"""Files up to so many bytes are checked whole by a look-up; it takes about a millisecond."""

Pair = tuple[SharedFile, ...]
"""The credentials file and, if there is one, the config file."""

_Used = TypeVar("_Used")


class SharedStore:
    """The profiles of one pair of shared files.

    ``credentials`` and ``config`` are their paths; ``config`` None means that there is none.
    Neither has to exist. Nothing is kept between calls: each one reads the files anew.
    ``location`` is the path of the credentials file. ``makes_config``: a new profile without keys
    goes to the config file, as the AWS CLI has it; else to the credentials file.
    """

    type_name = "SharedCredentialsFile"

    def __init__(
        self,
        system: System,
        credentials: Path,
        config: Path | None,
        *,
        makes_config: bool = False,
    ) -> None:
        self._makes_config = makes_config
        self._system = system
        self._files = system.files
        self._credentials = credentials
        self._config = config
        self.location = str(credentials)

    @classmethod
    def default(cls, system: System) -> SharedStore:
        """The files that the environment names, else those in ``~/.aws``."""
        folders = system.folders
        return cls(system, folders.credentials_file, folders.config_file, makes_config=True)

    @classmethod
    def at(cls, system: System, location: str) -> SharedStore:
        """The credentials file at ``location`` with the file ``config`` beside it."""
        if not location or "\0" in location:
            raise FileProblem(
                "a location is the path of a file",
                id="invalid-location",
                hint="name a credentials file",
            )
        path = system.folders.expand(location)
        if path.name in ("", ".."):
            raise FileProblem(
                "a location is the path of a file", id="invalid-location", where=Origin(location)
            )
        if path.name == "config":
            raise FileProblem(
                "a location names a credentials file, and this is a config file",
                id="invalid-location",
                hint=f"try {path.with_name('credentials')}; the config file in the same folder is "
                "read with it",
                where=Origin(location),
            )
        return cls(system, path, path.with_name("config"))

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that make up the store."""
        return (self._credentials, *([self._config] if self._config else []))

    def reading(self, grammar: Grammar = Grammar.STRICT) -> Reading:
        """Both files merged, with the warnings that reading them gave.

        In the strict grammar, which no other method uses, a broken line refuses the file.
        """
        return self._settled(_merged, grammar)

    def skipped(self) -> list[Skipped]:
        """The sections that may have been meant as profiles and are skipped.

        A broken line above the first section counts as one, without a title.
        """

        def found(pair: Pair) -> list[Skipped]:
            for file in pair:
                file.document.check()
            lines = [error for file in pair for error in file.document.broken_above()]
            return [
                *(one for file in pair for one in file.skipped()),
                *(Skipped("", e.where or Origin(self.location), e.message) for e in lines),
            ]

        return self._settled(found)

    def find(self, name: str) -> Profile:
        """The profile of that name. Raises `ProfileNotFound`.

        Of files above `CHECKED` it reads no more than that profile, so a broken line elsewhere
        in them is left to those who read or write the whole file.
        """

        def found(pair: Pair) -> Profile:
            for file in pair:
                if len(file.document.data) <= CHECKED:
                    file.document.check()
            return self._require(pair, name)

        return self._settled(found)

    def sso_session(self, name: str) -> Mapping[str, str]:
        """The settings of an ``sso-session`` section; empty when there is none of that name."""
        found: dict[str, str] = {}
        for file in self._pair(self._snapshots()):
            values = file.other("sso-session", name)
            found |= {key: text for key, text in values.items() if isinstance(text, str)}
        return found

    def services(self, name: str) -> Mapping[str, Value]:
        """The settings of a ``services`` section; empty when there is none of that name."""
        found: dict[str, Value] = {}
        for file in self._pair(self._snapshots()):
            found |= file.other("services", name)
        return found

    def profiles(self) -> list[Profile]:
        """All profiles: those of the credentials file, then those only in the config file."""
        with _uncollected():
            return self._settled(self._profiles)

    def _profiles(self, pair: Pair) -> list[Profile]:
        broken: dict[str, DocumentError] = {}
        merged, *others = [file.profiles(broken) for file in pair]
        for config in others:  # the credentials file comes first, and what it sets wins
            for name, values in config.items():
                values.update(merged.get(name, ()))
            merged |= config
        for name in broken:
            merged[name] = {}
        found = [self._profile(pair, name, values) for name, values in merged.items()]
        if broken:
            return [_judged(profile, broken.get(profile.name)) for profile in found]
        return found

    def change(self, name: str, changes: Callable[[Profile | None], Changes]) -> None:
        """Applies what ``changes`` makes of the profile as it stands under the lock.

        Where several sections or lines set it, all of them get the same value.
        """

        def edited(pair: Pair) -> Pair:
            current = self._current(pair, name)
            wanted = changes(current)
            _check(name, current, wanted)
            keys = any(key.lower() in KEYS for key, value in wanted.items() if value is not None)
            new = self._config if self._makes_config and not keys and current is None else None
            for key, value in wanted.items():
                pair = _changed(pair, name, key, value, new)
            return pair

        self._write(edited, [name])

    def unregister(self, name: str) -> None:
        """Removes the profile from both files. Raises `ProfileNotFound`."""

        def edited(pair: Pair) -> Pair:
            self._require(pair, name)
            return tuple(file.removed(name) for file in pair)

        self._write(edited, [name])

    def rename(
        self, old: str, new: str, *, force: bool = False, follow: Follow | None = None
    ) -> None:
        """Renames the profile in both files, in place."""
        names = {old, new}

        def edited(pair: Pair) -> Pair:
            self._require(pair, old)
            if old == new:
                return pair
            pair = self._make_room(pair, new, force=force)
            if follow:  # the profile that is renamed may name itself
                pair = self._followed(pair, follow, names)
            return tuple(file.renamed(old, new) for file in pair)

        self._write(edited, names)

    def follow(self, follow: Follow) -> None:
        """Changes what ``follow`` gives, in one version of both files."""
        names: set[str] = set()
        self._write(lambda pair: self._followed(pair, follow, names), names)

    def _followed(self, pair: Pair, follow: Follow, names: set[str]) -> Pair:
        """Both files with what ``follow`` gives; ``names`` gets those of the changed profiles."""
        for profile in self._profiles(pair):
            for key, text in follow(profile).items():
                pair = _changed(pair, profile.name, key, text)
                names.add(profile.name)
        return pair

    def copy(self, old: str, new: str, *, force: bool = False) -> None:
        """Copies the profile within both files, comments included."""

        def edited(pair: Pair) -> Pair:
            self._require(pair, old)
            if old == new:
                return pair
            return tuple(f.copied(old, new) for f in self._make_room(pair, new, force=force))

        self._write(edited, [new])

    def _settled(self, use: Callable[[Pair], _Used], grammar: Grammar = Grammar.TOLERANT) -> _Used:
        """What ``use`` makes of both files, which another program may be writing just now.

        A program that writes in place shows its file empty and then half-written. So where a
        file was written a moment ago and is empty, is broken or lacks a profile, both are read
        again, a few times, before that counts.
        """
        for pause in PAUSES:
            snapshots = self._snapshots()
            empty = any(snapshot.data == b"" for snapshot in snapshots)
            try:
                if not empty or not just_written(self._system, snapshots):
                    pair = self._pair(snapshots, grammar)
                    used = use(pair)
                    broken = any(file.document.broken for file in pair)
                    if not broken or not just_written(self._system, snapshots):
                        return used
            except (DocumentError, ProfileNotFound):
                if not just_written(self._system, snapshots):
                    raise
            self._system.sleep(pause)
        return use(self._pair(self._snapshots(), grammar))

    def _snapshots(self) -> list[Snapshot]:
        return [self._files.read(path) for path in self.paths]

    def _pair(self, snapshots: list[Snapshot], grammar: Grammar = Grammar.TOLERANT) -> Pair:
        kinds = (FileKind.CREDENTIALS, FileKind.CONFIG)
        return tuple(
            SharedFile(path, kind, Document(data or b"", str(path), grammar=grammar), version)
            for path, kind, (data, version) in zip(self.paths, kinds, snapshots, strict=False)
        )

    def _profile(self, pair: Pair, name: str, values: Mapping[str, Value]) -> Profile:
        return Profile(name, values, self.type_name, self.location, Origins(pair, name))

    def _current(self, pair: Pair, name: str) -> Profile | None:
        found = [file.values(name) for file in reversed(pair)]  # the credentials file's win
        if all(values is None for values in found):
            return None
        merged: dict[str, Value] = {}
        for values in found:
            merged |= values or {}
        return self._profile(pair, name, merged)

    def _require(self, pair: Pair, name: str) -> Profile:
        profile = self._current(pair, name)
        if profile is None:
            skipped = [note for file in pair for note in file.skipped(name)]
            for file in pair:
                # A line that no section holds may have been meant to begin this one.
                if not skipped and file.document.stray_error:
                    raise file.document.stray_error
            names = dict.fromkeys(other for file in reversed(pair) for other in file.profiles())
            raise not_found(name, names, place=self.location, skipped=next(iter(skipped), None))
        return profile

    def _make_room(self, pair: Pair, new: str, *, force: bool) -> Pair:
        validation.check_profile_name(new, shared=True)
        if self._current(pair, new) is None:
            return pair
        if not force:
            raise already_there(new)
        return tuple(file.removed(new) for file in pair)

    def _write(self, edited: Callable[[Pair], Pair], names: Collection[str]) -> None:
        """Writes what ``edited`` makes of both files; ``names`` are the profiles it changes."""
        before, after = self._settled(lambda pair: _worked_out(edited, pair, names))
        # What is refused has made no folder and no lock file by now.
        touched = {made.path for was, made in zip(before, after, strict=True) if made is not was}
        with self._locks(touched):
            written: dict[Path, SharedFile] = {}
            for _ in range(TRIES):
                snapshots = self._snapshots()
                foreign = self._foreign(snapshots)
                if not _same(before, snapshots):
                    # A file that is written already still counts as it was: the rest of the
                    # same change is worked out again, not a change on top of half of it.
                    before, after = self._settled(
                        lambda pair: _worked_out(
                            edited, tuple(written.get(file.path, file) for file in pair), names
                        )
                    )
                    foreign = True
                pairs = zip(before, after, strict=True)
                changed = [(old, new) for old, new in pairs if new.document is not old.document]
                saved: dict[Path, FileVersion | None] = {}
                try:
                    with self._keeping(changed, names):
                        for old, new in changed:
                            if new.path not in written:
                                saved[new.path] = self._replace(new)
                                written[new.path] = old
                        if foreign and saved:
                            written.clear()  # if it is lost, all of it is worked out again
                            watch(self._system, saved, partial(self._is_lost, changed))
                except Changed:
                    continue
                return
        raise overtaken(Origin(self.location))

    def _foreign(self, snapshots: Sequence[Snapshot]) -> bool:
        """Whether another program than keystead has just written one of the files."""
        versions = zip(self.paths, snapshots, strict=True)
        return by_another_program(self._system, self._generations(), versions)

    def _is_lost(self, changed: Sequence[tuple[SharedFile, SharedFile]]) -> bool:
        """Whether a save of these files, each before and after, is gone from them."""
        for old, new in changed:
            data = self._files.read(new.path).data or b""
            now = replace(new, document=Document(data, "", grammar=Grammar.TOLERANT))
            try:
                if is_lost(old.profiles(), new.profiles(), now.profiles()):
                    return True
            except DocumentError:  # half-written; the next try waits for the whole of it
                return True
        return False

    def _generations(self) -> UndoHistory:
        # Of use to changes alone, and reading is what most commands do.
        from keystead.stores.encrypted.file import StoreFile
        from keystead.stores.encrypted.undo_key import generations

        return generations(StoreFile(self._system))

    def _keeping(
        self, changed: list[tuple[SharedFile, SharedFile]], names: Collection[str]
    ) -> contextlib.AbstractContextManager[None]:
        if not changed:
            return contextlib.nullcontext()
        replaced = [
            Replaced(old.path, old.document.data if old.version else None, new.document.data)
            for old, new in changed
        ]
        return self._generations().keeping(replaced, self._system.clock(), names)

    def _replace(self, file: SharedFile) -> FileVersion | None:
        private = file.kind is FileKind.CREDENTIALS
        data = file.document.data
        return self._files.replace(file.path, data, expect=file.version, private=private)

    @contextlib.contextmanager
    def _locks(self, changed: Collection[Path]) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            # In one order for everybody, so that two writers never wait for each other.
            # A config file that is not there and is not to be made needs no lock.
            is_used = self._config and (self._config in changed or os.path.exists(self._config))
            config = [self._config] if self._config and is_used else []
            paths = {resolve(path) for path in (self._credentials, *config)}
            for path in sorted(paths):
                stack.enter_context(self._files.lock(path))
            yield


def _judged(profile: Profile, error: DocumentError | None) -> Profile:
    return replace(profile, refused=str(error)) if error else profile


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Puts off the search for garbage, which is lost time where all that is made stays."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _worked_out(
    edited: Callable[[Pair], Pair], before: Pair, names: Collection[str]
) -> tuple[Pair, Pair]:
    """Both files before and after an edit, which changed what these profiles have alone."""
    after = edited(before)
    for old, new in zip(before, after, strict=True):
        old.document.check()
        if new.document is not old.document:
            new.check_edit(old, names)  # what is not read back as it was meant is not written
    return before, after


def _same(pair: Pair, snapshots: list[Snapshot]) -> bool:
    """Whether both files still are as they were read."""
    return all(
        file.version == snapshot.version and file.document.data == (snapshot.data or b"")
        for file, snapshot in zip(pair, snapshots, strict=True)
    )


def _merged(pair: Pair) -> Reading:
    readings = [interpret(file.document, file.kind) for file in pair]
    return merge(readings[1], readings[0]) if len(readings) > 1 else readings[0]


def _check(name: str, current: Profile | None, wanted: Changes) -> None:
    """Refuses changes whose outcome may not be stored."""
    adds = any(value is not None for value in wanted.values())
    if current is None or (adds and validation.other_meaning(name)):
        validation.check_profile_name(name, shared=True)
    settings = dict(current.settings) if current else {}
    for key, value in wanted.items():
        if value is None:
            settings.pop(key.lower(), None)
            continue
        validation.check_may_lie_open(key)
        block = key.partition(".")[0].lower()
        if current and key.lower() not in settings and block != key.lower() and current.text(block):
            raise ProfileInvalid(
                f"`{key}` cannot be set: `{block}` has a value, so it cannot have nested settings",
                id="nested-settings-not-possible",
                hint=f"unset `{block}` first",
            )
        nested = value if isinstance(value, Mapping) else {}
        for inner, text in nested.items():
            validation.check_setting(inner, text)
        validation.check_setting(key, "" if isinstance(value, Mapping) else reveal(value))
        settings[key.lower()] = value
    check_writable(Profile(name, settings))


def _changed(pair: Pair, name: str, key: str, value: Value | None, new: Path | None = None) -> Pair:
    """The pair with one setting set or, for None, gone from both files.

    ``new`` is the path of the file for a profile that neither has.
    """
    if value is None:
        return tuple(file.unset(name, key) for file in pair)
    chosen = _home(pair, name, key)
    if new is not None and not chosen.sections(name):
        chosen = next(file for file in pair if file.path == new)
    return tuple(file.set(name, key, value) if file is chosen else file for file in pair)


def _home(pair: Pair, name: str, key: str) -> SharedFile:
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
    homes = [file for file in reversed(pair) if file.sections(name)]
    return next((file for file in homes if file.reads_alike(name)), (homes or pair)[0])
