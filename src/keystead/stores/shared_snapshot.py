"""The content of the shared files at one moment, and their profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from keystead.errors import DocumentError, Origin, ProfileNotFound
from keystead.model.profile import Profile, SettingValue, deciding_in, depends_on_file
from keystead.model.search import choose_source
from keystead.stores.base import StoreSnapshot, TypeRow, not_found, uncollected
from keystead.stores.lost_update import just_written
from keystead.stores.shared_file import ProfileOrigins, SharedFile
from keystead.system import System
from keystead.system.files import Snapshot
from keystead.system.path import Path
from keystead.text.dialect import FileKind, Reading, Skipped, interpret, merge
from keystead.text.document import Document, Grammar
from keystead.text.pieces import Values
from keystead.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    _Used = TypeVar("_Used")

KINDS = (FileKind.CREDENTIALS, FileKind.CONFIG)
"""The kinds of the files of a snapshot, in order."""

TYPE_NAME = "SharedCredentialsFile"

PAUSES = (0.002, 0.005, 0.01, 0.02, 0.04, 0.08)
"""Seconds to wait before each retry of reading a file that may be half-written."""

CHECKED = 256 * 1024
"""Files up to this size are checked whole when a profile is looked up, in about a millisecond."""

Pair = tuple[SharedFile, ...]
"""The credentials file and, if there is one, the config file."""


class SharedSnapshot(StoreSnapshot):
    """The content of both files, each read once, lazily.

    A program that writes in place leaves its file empty or half-written for a moment. So if a file
    was just written and is empty, is broken or lacks a profile, both are read again a few times.
    ``fresh``: they are opened even if they are unchanged.
    """

    def __init__(self, system: System, paths: tuple[Path, ...], *, fresh: bool = False) -> None:
        self.paths = paths
        """The credentials file and, if there is one, the config file."""
        self._system = system
        self._open = system.files.read if fresh else system.files.current
        self._read: dict[Path, Snapshot] = {}
        self._pair: Pair | None = None

    def read(self, path: Path) -> Snapshot:
        """The bytes of a file. Raises `FileProblem`."""
        if path not in self._read:
            self._read[path] = self._open(path)
        return self._read[path]

    def read_again(self, seconds: float) -> None:
        """Pauses, and clears what was read."""
        self._system.sleep(seconds)
        self._open = self._system.files.read
        self._read.clear()
        self._pair = None

    def files(self) -> list[Snapshot]:
        """The bytes of each file."""
        return [self.read(path) for path in self.paths]

    def pair(self, grammar: Grammar = Grammar.TOLERANT) -> Pair:
        """Both files. Raises `FileProblem`, `DocumentError`."""
        if self._pair is not None and grammar is Grammar.TOLERANT:
            return self._pair
        pair = tuple(
            SharedFile(path, kind, Document(data or b"", str(path), grammar=grammar), version)
            for path, kind, (data, version) in zip(self.paths, KINDS, self.files(), strict=False)
        )
        if grammar is Grammar.TOLERANT:
            self._pair = pair
        return pair

    def settled(self, use: Callable[[Pair], _Used], grammar: Grammar = Grammar.TOLERANT) -> _Used:
        """Calls ``use`` with both files, again while another program may be writing them."""
        for pause in PAUSES:
            snapshots = self.files()
            empty = any(snapshot.data == b"" for snapshot in snapshots)
            try:
                if not empty or not self._is_being_written(snapshots):
                    pair = self.pair(grammar)
                    used = use(pair)
                    broken = any(file.document.broken for file in pair)
                    if not broken or not self._is_being_written(snapshots):
                        return used
            except (DocumentError, ProfileNotFound):
                if not self._is_being_written(snapshots):
                    raise
            self.read_again(pause)
        return use(self.pair(grammar))

    def _is_being_written(self, snapshots: Iterable[Snapshot]) -> bool:
        """Whether another program may be in the middle of writing one of the files."""
        wrote = self._system.files.wrote
        foreign = [s for path, s in zip(self.paths, snapshots, strict=True) if not wrote(path, s)]
        return just_written(self._system, foreign)

    def reading(self, grammar: Grammar = Grammar.STRICT) -> Reading:
        """Both files merged, with warnings; in the strict grammar a broken line is an error."""
        return self.settled(merged, grammar)

    def skipped(self) -> list[Skipped]:
        """The skipped sections that may have been meant as profiles.

        A broken line above the first section counts as one without a title.
        """

        def found(pair: Pair) -> list[Skipped]:
            for file in pair:
                file.document.check()
            lines = [error for file in pair for error in file.document.broken_above()]
            return [
                *(one for file in pair for one in file.skipped()),
                *(Skipped("", e.where or Origin(str(self.paths[0])), e.message) for e in lines),
            ]

        return self.settled(found)

    def find(self, name: str) -> Profile:
        """The profile ``name``. Raises `ProfileNotFound`.

        In files above `CHECKED` only that profile is read, so broken lines elsewhere are ignored.
        """

        def found(pair: Pair) -> Profile:
            for file in pair:
                if len(file.document.data) <= CHECKED:
                    file.document.check()
            return require_in(pair, name)

        return self.settled(found)

    def sso_session(self, name: str) -> Mapping[str, str]:
        """The settings of an ``sso-session`` section; empty for no such section."""
        found: dict[str, str] = {}
        for file in self.pair():
            values = file.other("sso-session", name)
            found |= {key: text for key, text in values.items() if isinstance(text, str)}
        return found

    def sso_sessions(self) -> list[str]:
        """The names of the ``sso-session`` sections, in order."""
        headers = (header for file in self.pair() for header in file.headers("sso-session"))
        return list(dict.fromkeys(header.name for header in headers))

    def services(self, name: str) -> Mapping[str, SettingValue]:
        """The settings of a ``services`` section; empty for no such section."""
        found: dict[str, SettingValue] = {}
        for file in self.pair():
            found |= file.other("services", name)
        return found

    def first_names(self, count: int) -> list[str]:
        """As `StoreSnapshot.first_names`; reads no other header, and no settings."""
        names = (name for file in self.pair() for name in file.names())
        found: dict[str, None] = {}
        while len(found) < count and (name := next(names, None)) is not None:
            found[name] = None
        return [*found]

    def profiles(self) -> list[Profile]:
        """All profiles: those of the credentials file, then those only in the config file."""
        with uncollected():
            return self.settled(profiles_of)

    def types(self) -> list[TypeRow]:
        """As `StoreSnapshot.types`."""
        with uncollected():
            return self.settled(types_of)


def profiles_of(pair: Pair) -> list[Profile]:
    """All profiles of both files, including broken ones."""
    merged, first, broken = _merged_values(pair)
    found = [profile_of(pair, name, values, first.get(name)) for name, values in merged.items()]
    if broken:
        return [_judged(profile, broken.get(profile.name)) for profile in found]
    return found


def types_of(pair: Pair) -> list[TypeRow]:
    """Name, type and problem of `profiles_of`; makes few profiles."""
    merged, first, broken = _merged_values(pair)
    found: list[TypeRow] = []
    for name, values in merged.items():
        given = deciding_in(values)
        if name in broken or depends_on_file(given):
            profile = _judged(profile_of(pair, name, values, first.get(name)), broken.get(name))
            found.append((name, profile.type, profile.problem()))
        else:
            choice = choose_source(given, keys_last=False)
            found.append((name, choice.type, choice.why))
    return found


def _merged_values(
    pair: Pair,
) -> tuple[dict[str, Values], dict[str, Values], dict[str, DocumentError]]:
    """The settings of all profiles, those in the first file, and the broken profiles."""
    broken: dict[str, DocumentError] = {}
    merged, *others = [file.profiles(broken) for file in pair]
    first = dict(merged)
    for config in others:  # the credentials file takes precedence
        for name, values in config.items():
            values.update(first.get(name, ()))
        merged |= config
    for name, error in broken.items():
        merged[name] = {}
        if error.where and error.where.file == str(pair[0].path):
            first[name] = {}
    return merged, first, broken


def _judged(profile: Profile, error: DocumentError | None) -> Profile:
    return replace(profile, refused=str(error)) if error else profile


def profile_of(pair: Pair, name: str, values: Values, first: Values | None) -> Profile:
    """The profile with these values; ``first`` are those in the first file, if it is in that."""
    return Profile(name, values, TYPE_NAME, str(pair[0].path), ProfileOrigins(pair, name, first))


def find_in(pair: Pair, name: str) -> Profile | None:
    """The profile ``name``, None where there is none."""
    found = [file.values(name) for file in pair]
    if all(values is None for values in found):
        return None
    merged: Values = {}
    for values in reversed(found):  # the credentials file takes precedence
        merged |= values or {}
    return profile_of(pair, name, merged, found[0])


def require_in(pair: Pair, name: str) -> Profile:
    """The profile ``name``.

    Raises `ProfileNotFound`, or `DocumentError` for a broken line that may be its header.
    """
    profile = find_in(pair, name)
    if profile is None:
        skipped = [note for file in pair for note in file.skipped(name)]
        for file in pair:
            # A broken line outside of any section may be the header of this one.
            if not skipped and file.document.stray_error:
                raise file.document.stray_error
        names = (other for file in reversed(pair) for other in file.profiles())
        raise not_found(name, names, place=str(pair[0].path), skipped=next(iter(skipped), None))
    return profile


def merged(pair: Pair) -> Reading:
    """Both files merged."""
    readings = [interpret(file.document, file.kind) for file in pair]
    return merge(readings[1], readings[0]) if len(readings) > 1 else readings[0]
