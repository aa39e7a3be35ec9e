"""The shared files as a store: a credentials file and a config file, merged by the SDKs' rules."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial

from keystead.errors import DocumentError, FileProblem, Origin, ProfileInvalid
from keystead.model import validation
from keystead.model.profile import Profile, SettingValue, check_writable
from keystead.model.setting import Group
from keystead.model.settings import KEYS, SETTINGS
from keystead.secret import reveal
from keystead.stores.base import (
    TRIES,
    Changes,
    Follow,
    KeyKeeper,
    ProfileStore,
    already_there,
    overtaken,
)
from keystead.stores.lost_update import by_another_program, is_lost, watch
from keystead.stores.shared_file import SharedFile
from keystead.stores.shared_snapshot import (
    TYPE_NAME,
    Pair,
    SharedSnapshot,
    find_in,
    profiles_of,
    require_in,
)
from keystead.system import System
from keystead.system.file_versions import ChangeToken, FileVersion, change_token, is_settled
from keystead.system.files import Changed, Snapshot, resolve
from keystead.system.path import Path
from keystead.text.dialect import FileKind
from keystead.text.document import Document, Grammar
from keystead.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.undo.history import UndoHistory


class SharedStore(ProfileStore):
    """The profiles of one pair of shared files, neither of which has to exist.

    ``makes_config``: new profiles without keys are written to the config file, as the AWS CLI
    does; else to the credentials file.
    """

    type_name = TYPE_NAME
    title = "shared files"
    read_by_sdks = True
    read_by_dotnet = True

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
        self.paths = (credentials, *([config] if config else []))
        """The credentials file and, if any, the config file."""
        self.location = str(credentials)
        self._last: tuple[ChangeToken, SharedSnapshot] | None = None

    location: str

    @classmethod
    def open(cls, system: System, keeper: KeyKeeper | None = None) -> SharedStore:
        """The files that the environment names, else those in ``~/.aws``."""
        del keeper
        folders = system.folders
        return cls(system, folders.credentials_file, folders.config_file, makes_config=True)

    @classmethod
    def at(cls, system: System, location: str) -> SharedStore:
        """The credentials file at ``location`` with the file ``config`` in the same folder."""
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
                "a location names a credentials file, but this is a config file",
                id="invalid-location",
                hint=f"try {path.with_name('credentials')}; the config file in the same folder is "
                "read with it",
                where=Origin(location),
            )
        return cls(system, path, path.with_name("config"))

    def in_environment(self, system: System) -> SharedStore:
        """The files that the environment of ``system`` names."""
        return self if system is self._system else self.open(system)

    def snapshot(self) -> SharedSnapshot:
        """The current content; the same snapshot while the files do not change."""
        token = self.change_token()
        if self._last and self._last[0] == token:
            return self._last[1]
        made = SharedSnapshot(self._system, self.paths)
        # What a dry run notes changes no version.
        lasts = not self._files.dry and is_settled(token)
        self._last = (token, made) if lasts else None
        return made

    def change_token(self) -> ChangeToken:
        """The versions of both files."""
        return change_token(self.paths)

    def change(self, name: str, changes: Callable[[Profile | None], Changes]) -> None:
        """See `ProfileStore.change`; repeated settings all get the same value."""

        def edited(pair: Pair) -> Pair:
            current = find_in(pair, name)
            wanted = changes(current)
            _check(name, current, wanted)
            keys = any(key.lower() in KEYS for key, value in wanted.items() if value is not None)
            new = self._config if self._makes_config and not keys and current is None else None
            for key, value in wanted.items():
                pair = _changed(pair, name, key, value, new)
            return pair

        self.edit(edited, [name])

    def set_sso_session(self, name: str, settings: Mapping[str, str]) -> None:
        """Sets settings of an ``sso-session`` section of the config file, which is made if needed.

        Raises `ProfileInvalid` for a name that cannot be written.
        """
        validation.check_profile_name(name, shared=True)

        def edited(pair: Pair) -> Pair:
            return tuple(
                file.with_sso_session(name, settings) if file.kind is FileKind.CONFIG else file
                for file in pair
            )

        self.edit(edited, [])

    def unregister(self, name: str) -> None:
        """Removes the profile from both files. Raises `ProfileNotFound`."""

        def edited(pair: Pair) -> Pair:
            require_in(pair, name)
            return tuple(file.removed(name) for file in pair)

        self.edit(edited, [name])

    def rename(
        self, old: str, new: str, *, force: bool = False, follow: Follow | None = None
    ) -> None:
        """Renames the profile in both files, in place."""
        names = {old, new}

        def edited(pair: Pair) -> Pair:
            require_in(pair, old)
            if old == new:
                return pair
            pair = self._make_room(pair, new, force=force)
            if follow:  # the renamed profile may refer to itself
                pair = self._followed(pair, follow, names)
            return tuple(file.renamed(old, new) for file in pair)

        self.edit(edited, names)

    def follow(self, follow: Follow) -> None:
        """Sets the settings that ``follow`` returns, in one write of both files."""
        names: set[str] = set()
        self.edit(lambda pair: self._followed(pair, follow, names), names)

    def _followed(self, pair: Pair, follow: Follow, names: set[str]) -> Pair:
        """Both files with what ``follow`` returns; adds the changed profiles to ``names``."""
        for profile in profiles_of(pair):
            for key, text in follow(profile).items():
                pair = _changed(pair, profile.name, key, text)
                names.add(profile.name)
        return pair

    def copy(self, old: str, new: str, *, force: bool = False) -> None:
        """Copies the profile within both files, comments included."""

        def edited(pair: Pair) -> Pair:
            require_in(pair, old)
            if old == new:
                return pair
            return tuple(f.copied(old, new) for f in self._make_room(pair, new, force=force))

        self.edit(edited, [new])

    def _make_room(self, pair: Pair, new: str, *, force: bool) -> Pair:
        validation.check_profile_name(new, shared=True)
        if find_in(pair, new) is None:
            return pair
        if not force:
            raise already_there(new)
        return tuple(file.removed(new) for file in pair)

    def edit(self, edited: Callable[[Pair], Pair], names: Collection[str]) -> None:
        """Writes what ``edited`` returns for both files; ``names`` are the changed profiles.

        Both may be called and read more than once, ``names`` after each call.
        """
        before, after = self.snapshot().settled(lambda pair: _worked_out(edited, pair, names))
        # Errors are raised here, before any folder or lock file is made.
        touched = {made.path for was, made in zip(before, after, strict=True) if made is not was}
        with self._locks(touched):
            written: dict[Path, SharedFile] = {}
            for _ in range(TRIES):
                snapshot = SharedSnapshot(self._system, self.paths, fresh=True)
                foreign = self._foreign(snapshot.files())
                if not _same(before, snapshot.files()):
                    # For a file that is written already, the former content is used, so that the
                    # change is not applied to half of itself.
                    before, after = snapshot.settled(
                        lambda pair: _worked_out(
                            edited, tuple(written.get(file.path, file) for file in pair), names
                        )
                    )
                    foreign = True
                pairs = zip(before, after, strict=True)
                changed = [(old, new) for old, new in pairs if new.document is not old.document]
                saved: dict[Path, FileVersion | None] = {}
                try:
                    with self._saving(changed, names):
                        for old, new in changed:
                            if new.path not in written:
                                saved[new.path] = self._replace(new)
                                written[new.path] = old
                        if foreign and saved:
                            written.clear()  # if it is lost, the whole change is repeated
                            watch(self._system, saved, partial(self._is_lost, changed))
                except Changed:
                    continue
                return
        raise overtaken(Origin(self.location))

    def _foreign(self, snapshots: Sequence[Snapshot]) -> bool:
        """Whether another program has just written one of the files."""
        versions = zip(self.paths, snapshots, strict=True)
        return by_another_program(self._system, self._undo_history(), versions)

    def _is_lost(self, changed: Sequence[tuple[SharedFile, SharedFile]]) -> bool:
        """Whether another program has overwritten a save of these files, each before and after."""
        for old, new in changed:
            data = self._files.read(new.path).data or b""
            now = replace(new, document=Document(data, "", grammar=Grammar.TOLERANT))
            try:
                if is_lost(old.profiles(), new.profiles(), now.profiles()):
                    return True
            except DocumentError:  # maybe half-written; the next try waits
                return True
        return False

    def _undo_history(self) -> UndoHistory:
        # Imported for changes only, as most commands just read.
        from keystead.stores.encrypted.file import StoreFile
        from keystead.stores.encrypted.undo_key import undo_history

        return undo_history(StoreFile(self._system))

    def _saving(
        self, changed: list[tuple[SharedFile, SharedFile]], names: Collection[str]
    ) -> contextlib.AbstractContextManager[None]:
        if not changed:
            return contextlib.nullcontext()
        from keystead.undo.history import Replaced

        replaced = [
            Replaced(old.path, old.document.data if old.version else None, new.document.data)
            for old, new in changed
        ]
        return self._undo_history().saving(replaced, self._system.clock(), names)

    def _replace(self, file: SharedFile) -> FileVersion | None:
        private = file.kind is FileKind.CREDENTIALS
        data = file.document.data
        return self._files.replace(file.path, data, expect=file.version, private=private)

    @contextlib.contextmanager
    def _locks(self, changed: Collection[Path]) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            # Always in this order, to prevent deadlocks.
            # A config file that does not exist and is not created needs no lock.
            is_used = self._config and (self._config in changed or os.path.exists(self._config))
            config = [self._config] if self._config and is_used else []
            paths = {resolve(path) for path in (self._credentials, *config)}
            for path in sorted(paths):
                stack.enter_context(self._files.lock(path))
            yield


def _worked_out(
    edited: Callable[[Pair], Pair], before: Pair, names: Collection[str]
) -> tuple[Pair, Pair]:
    """Both files before and after an edit that changes these profiles only."""
    after = edited(before)
    for old, new in zip(before, after, strict=True):
        old.document.check()
        if new.document is not old.document:
            new.check_edit(old, names)  # refuses what would not be read back correctly
    return before, after


def _same(pair: Pair, snapshots: list[Snapshot]) -> bool:
    """Whether both files are unchanged."""
    return all(
        file.version == snapshot.version and file.document.data == (snapshot.data or b"")
        for file, snapshot in zip(pair, snapshots, strict=True)
    )


def _check(name: str, current: Profile | None, wanted: Changes) -> None:
    """Raises `ProfileInvalid` for changes with an invalid result."""
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


def _changed(
    pair: Pair, name: str, key: str, value: SettingValue | None, new: Path | None = None
) -> Pair:
    """The pair with one setting set or, for None, removed from both files.

    ``new`` is the path of the file for a new profile.
    """
    if value is None:
        return tuple(file.unset(name, key) for file in pair)
    chosen = _home(pair, name, key)
    if new is not None and not chosen.sections(name):
        chosen = next(file for file in pair if file.path == new)
    return tuple(file.set(name, key, value) if file is chosen else file for file in pair)


def _home(pair: Pair, name: str, key: str) -> SharedFile:
    """The file for a setting: the one that has it; else the credentials file for keys, and for
    other settings the file that has the profile, preferring the config file.
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
