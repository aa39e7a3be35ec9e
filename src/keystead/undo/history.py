"""Undo copies of the files that keystead changes.

A generation is the undo copy of one command: each file's content before the command, encrypted,
and a digest of its content after each change. It is a private file in keystead's state folder,
written before each change. Only the newest few of each pair of files are stored.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from keystead import caller
from keystead.errors import FileProblem, KeysteadError, Origin, UsageError
from keystead.outside import parse_json, parse_moment
from keystead.system.files import Changed, Files
from keystead.system.path import Path
from keystead.undo.current import CURRENT, OneGeneration
from keystead.undo.envelope import Envelope, PlainEnvelope
from keystead.undo.fallback_key import FallbackKey
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TIME = "%Y%m%dT%H%M%S.%f"
_TICK = timedelta(microseconds=1)

MOST = 10
"""The maximum number of generations of the same files."""


class Replaced(NamedTuple):
    """One file of a change: its bytes before (None: there was no file) and after."""

    path: Path
    before: bytes | None
    after: bytes | None


class Generation(NamedTuple):
    """The undo copy of one command. Digests are SHA-256 in hex, None for no file."""

    name: str
    made: datetime
    paths: tuple[Path, ...]
    before: tuple[str | None, ...]
    """The encrypted content of each file; None where there was no file."""
    after: tuple[str | None, ...]
    """The digest of each file after the last change."""
    between: tuple[tuple[str | None, ...], ...]
    """The digests of each file after the earlier changes."""
    foreign: tuple[bool, ...]
    """Whether another program wrote the file between two changes of the command."""
    command: str | None
    """The command line, without secrets; None for a change by the library."""
    profiles: tuple[str, ...]
    """The names of the changed profiles."""


class UndoHistory:
    """The generations in ``folder``, encrypted by ``envelope``.

    ``key`` signs them; otherwise write access to the folder would allow replacing any file.
    ``sealed`` are files that are encrypted already.
    """

    def __init__(
        self,
        files: Files,
        folder: Path,
        envelope: Envelope,
        key: FallbackKey,
        sealed: Collection[Path] = (),
    ) -> None:
        self._files = files
        self._key = key
        self._folder = folder
        self._envelope = envelope
        self._sealed = {os.path.abspath(path) for path in sealed}

    @contextlib.contextmanager
    def saving(
        self, replaced: Sequence[Replaced], now: datetime, profiles: Collection[str] = ()
    ) -> Iterator[None]:
        """Save an undo copy before the change made inside, and discard it if that fails.

        ``profiles`` are the names of the changed profiles. Inside `OneGeneration` the copy becomes
        part of that generation. Raises `FileProblem` before the change if it cannot be saved.
        """
        if not self._files.dry:
            caller.process.commit()
        command = CURRENT.get()
        try:
            path, earlier = self._store(replaced, now, command, profiles)
        except FileProblem as error:
            raise FileProblem(
                "nothing was changed, because no copy for `keystead undo` can be saved: "
                f"{error.message}",
                id="undo-copy-not-saved",
                hint=error.hint or "make this folder writable",
                where=Origin(str(self._folder)),
            ) from error
        try:
            yield
        except BaseException:
            if not any(map(self._is_made, replaced)):
                self._discard(path, earlier, command)
            raise

    def _store(
        self,
        replaced: Sequence[Replaced],
        now: datetime,
        command: OneGeneration | None,
        profiles: Collection[str],
    ) -> tuple[Path, bytes | None]:
        """The file of the copy, and its former content: the command's earlier changes."""
        import hashlib

        paths = [os.path.abspath(item.path) for item in replaced]
        group = hashlib.sha256("\0".join(paths).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        with self._files.lock(self._folder / "generations"):
            key = self._signing_key()
            name = command.stored if command else None
            data, version = self._files.read(name) if name else (None, None)
            if name is None or data is None:
                name = self._folder / f"{self._next(now)}-{group}-{os.urandom(2).hex()}.json"
            entry = json.loads(data) if data else _entry(now, command)
            known = {item["path"]: item for item in entry["files"]}
            for path, item in zip(paths, replaced, strict=True):
                if path in known:
                    _continue(known[path], item)
                else:
                    entry["files"].append(self._first(path, item))
            entry["profiles"] = list(dict.fromkeys([*entry["profiles"], *sorted(profiles)]))
            self._files.replace(name, _signed(name, entry, key), expect=version, private=True)
            for old in sorted(self._folder.glob(f"*-{group}-*.json"))[:-MOST]:
                with contextlib.suppress(OSError):
                    os.unlink(old)
        if command:
            command.stored = name
        return name, data

    def _signing_key(self) -> bytes:
        """The key; a new key signs the copies of earlier versions, which are unsigned."""
        key = b"dry" if self._files.dry else self._key.find()
        if key:
            return key
        key = self._key.get()
        for path in self._folder.glob("*.json"):
            with contextlib.suppress(KeysteadError, ValueError, TypeError):
                data, version = self._files.read(path)
                signed = _signed(path, parse_json(data or b""), key)
                self._files.replace(path, signed, expect=version, private=True)
        return key

    def _require_own(self, generation: Generation) -> None:
        """Raise `FileProblem` unless keystead made the copy."""
        key = self._key.find()
        path = self._folder / f"{generation.name}.json"
        try:
            data = self._files.read(path).data or b""
            entry = parse_json(data)
            own = _mac(path, _unsigned(entry), key) == entry["mac"] if key else True
            own = own and _read(generation.name, data) == generation
        except (ValueError, KeyError, TypeError):
            own = False
        if not own:
            raise FileProblem(
                "nothing proves that keystead made this copy",
                hint="look at what it would restore with `keystead undo --list`; "
                "--force restores it anyway",
                where=Origin(str(path)),
            )

    def _first(self, path: str, item: Replaced) -> dict[str, Any]:
        envelope = PlainEnvelope() if path in self._sealed else self._envelope
        before = None if item.before is None else envelope.seal(item.before)
        return {"path": path, "before": before, "after": _digest(item.after)}

    def _discard(self, path: Path, earlier: bytes | None, command: OneGeneration | None) -> None:
        """Remove a change that was not made from the copy."""
        if earlier is not None:
            with contextlib.suppress(KeysteadError):
                version = self._files.read(path).version
                self._files.replace(path, earlier, expect=version, private=True)
            return
        if command:
            command.stored = None
        with contextlib.suppress(OSError):
            os.unlink(path)

    def _next(self, now: datetime) -> str:
        """The timestamp of a new generation's name, later than all others.

        The names give the order, and the clock may be stopped or set back.
        """
        newest = max(
            (path.name[: len(_stamp(now))] for path in self._folder.glob("*.json")), default=""
        )
        try:
            after = datetime.strptime(newest, _TIME).replace(tzinfo=now.tzinfo) + _TICK
        except ValueError:
            return _stamp(now)
        return _stamp(max(now, after))

    def _is_made(self, item: Replaced) -> bool:
        """Whether the file was changed although an error was raised."""
        with contextlib.suppress(KeysteadError):
            return self._files.read(item.path).data == item.after
        return False

    def all(self) -> list[Generation]:
        """The readable generations, the newest first."""
        return list(self._newest_first())

    def _newest_first(self) -> Iterator[Generation]:
        for path in sorted(self._folder.glob("*.json"), reverse=True):
            try:
                yield _read(path.stem, self._files.read(path).data or b"")
            except (KeysteadError, ValueError, KeyError, TypeError):
                continue

    def wrote(self, path: Path, data: bytes | None) -> bool:
        """Whether the last recorded change of ``path`` left ``data`` in it."""
        wanted = Path(os.path.abspath(path))
        for generation in self._newest_first():
            if wanted in generation.paths:
                return generation.after[generation.paths.index(wanted)] == _digest(data)
        return False

    def find(self, name: str | None, location: Path | None) -> Generation:
        """The generation of that name, or the newest; only those of the file ``location``, if set.

        Raises `UsageError` if there is none.
        """
        wanted = None if location is None else Path(os.path.abspath(location))
        for generation in self._newest_first():
            if name in (None, generation.name) and (wanted is None or wanted in generation.paths):
                return generation
        raise UsageError(
            "there is no such change to undo" if name else "there is nothing to undo",
            id="nothing-to-undo",
            hint="`keystead undo --list` shows what there is",
        )

    def forget(self) -> None:
        """Remove every generation."""
        with self._files.lock(self._folder / "generations"):
            for path in self._folder.glob("*.json"):
                with contextlib.suppress(OSError):
                    os.unlink(path)

    def restore(self, generation: Generation, now: datetime, *, force: bool) -> None:
        """Restore the files to their content before that command; this can be undone too.

        Raises `FileProblem` unless ``force`` if a file's content is not from before the command or
        after one of its changes, or the signature is not valid.
        """
        if not force:
            self._require_own(generation)
        # Before taking the locks, as it may prompt.
        before = [None if text is None else self._envelope.open(text) for text in generation.before]
        with contextlib.ExitStack() as stack:
            for path in sorted(generation.paths):
                stack.enter_context(self._files.lock(path))
            current = [self._files.read(path) for path in generation.paths]
            for number, (path, snapshot) in enumerate(zip(generation.paths, current, strict=True)):
                ours = (
                    _digest(before[number]),
                    *generation.between[number],
                    generation.after[number],
                )
                changed = generation.foreign[number] or _digest(snapshot.data) not in ours
                if changed and not force:
                    raise FileProblem(
                        "the file was changed again since",
                        id="file-changed",
                        hint="--force restores the old file anyway; `keystead undo` then "
                        "brings back the current one",
                        where=Origin(str(path)),
                    )
            replaced = [
                Replaced(path, snapshot.data, data)
                for path, snapshot, data in zip(generation.paths, current, before, strict=True)
            ]
            stack.enter_context(self.saving(replaced, now, generation.profiles))
            for (path, was, data), snapshot in zip(replaced, current, strict=True):
                if data == was:
                    continue
                try:
                    if data is None:
                        self._files.remove(path, expect=snapshot.version)
                    else:
                        self._files.replace(path, data, expect=snapshot.version, private=False)
                except Changed:
                    raise FileProblem(
                        "another program wrote the file meanwhile",
                        id="file-changed",
                        where=Origin(str(path)),
                    ) from None


def _stamp(moment: datetime) -> str:
    return moment.strftime(_TIME)


def _digest(data: bytes | None) -> str | None:
    import hashlib

    return None if data is None else hashlib.sha256(data).hexdigest()


def _entry(now: datetime, command: OneGeneration | None) -> dict[str, Any]:
    line = command.line() if command else None
    return {"made": now.isoformat(), "command": line, "profiles": [], "files": []}


def _unsigned(entry: dict[str, Any]) -> str:
    """The text of an entry that its HMAC covers."""
    content = {name: value for name, value in entry.items() if name != "mac"}
    return json.dumps(content, sort_keys=True)


def _mac(path: Path, text: str, key: bytes) -> str:
    """The HMAC of the file ``path`` with the entry ``text``."""
    import hmac

    return hmac.digest(key, f"[{json.dumps(path.name)}, {text}]".encode(), "sha256").hex()


def _signed(path: Path, entry: dict[str, Any], key: bytes) -> bytes:
    """The content of the file ``path``: the entry with its HMAC under ``key``."""
    text = _unsigned(entry)
    return f'{text[:-1]}, "mac": "{_mac(path, text, key)}"}}'.encode()


def _continue(entry: dict[str, Any], item: Replaced) -> None:
    """Add another change of a file to its item."""
    if _digest(item.before) not in (entry["after"], *entry.get("between", ())):
        entry["foreign"] = True
    entry["between"] = [*entry.get("between", ()), entry["after"]]
    entry["after"] = _digest(item.after)


def _read(name: str, data: bytes) -> Generation:
    # Earlier versions wrote one for each change, without command and profiles.
    entry = parse_json(data)
    files = entry["files"]
    return Generation(
        name,
        parse_moment(entry["made"]),
        tuple(Path(item["path"]) for item in files),
        tuple(item["before"] for item in files),
        tuple(item["after"] for item in files),
        tuple(tuple(item.get("between", ())) for item in files),
        tuple(bool(item.get("foreign")) for item in files),
        entry.get("command"),
        tuple(entry.get("profiles", ())),
    )
