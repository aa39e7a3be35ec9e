"""The last generations of the files that keystead changes, so that a change can be undone.

A generation is what one change replaced: each file with its bytes before and a digest of its
bytes after. It is one file of its owner's alone in keystead's state folder, written whole before
the change is. The bytes before are in an envelope, for a plain-text credentials file holds keys;
only the newest few of each pair of files are kept.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Protocol

from keystead.errors import FileProblem, KeysteadError, Origin, UsageError
from keystead.system.files import Changed, Files

_TIME = "%Y%m%dT%H%M%S.%f"
_TICK = timedelta(microseconds=1)

KEPT = 10
"""How many generations of the same files are kept."""


class Envelope(Protocol):
    """What keeps bytes from everybody but their owner."""

    def seal(self, data: bytes) -> str:
        """``data`` as a line of text that tells nothing of it."""
        ...

    def open(self, text: str) -> bytes:
        """What `seal` was given. May ask a person; raises `KeysteadError`."""
        ...


class Bare:
    """The envelope of what is sealed already: to come back it must not need its own key."""

    WORD = "bare"

    def seal(self, data: bytes) -> str:
        """``data`` in Base64."""
        return f"{self.WORD} {base64.b64encode(data).decode()}"

    def open(self, text: str) -> bytes:
        """What that stands for."""
        return base64.b64decode(text.removeprefix(self.WORD))


class Replaced(NamedTuple):
    """One file of a change: its bytes before (None: there was no file) and after."""

    path: Path
    before: bytes | None
    after: bytes | None


class Generation(NamedTuple):
    """One change as it was kept. ``after`` are SHA-256 digests in hex, None for no file."""

    name: str
    made: datetime
    paths: tuple[Path, ...]
    before: tuple[str | None, ...]
    """What was there, in the envelope; None where no file was."""
    after: tuple[str | None, ...]

    @property
    def bare(self) -> bool:
        """Whether it was kept without an envelope that needs a key."""
        return all(text is None or text.startswith(Bare.WORD) for text in self.before)


class Generations:
    """The generations in ``folder``, written and read by ``files``, closed by ``envelope``."""

    def __init__(self, files: Files, folder: Path, envelope: Envelope) -> None:
        self._files = files
        self._folder = folder
        self._envelope = envelope

    @contextlib.contextmanager
    def keeping(self, replaced: Sequence[Replaced], now: datetime) -> Iterator[None]:
        """Keeps what the change made inside is about to replace, and forgets it if that fails.

        Raises `FileProblem` before the change when it cannot be kept.
        """
        import hashlib

        paths = [os.path.abspath(item.path) for item in replaced]
        group = hashlib.sha256("\0".join(paths).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        try:
            path = self._keep(replaced, paths, group, now)
        except FileProblem as error:
            raise FileProblem(
                f"nothing was changed, as what was there cannot be kept: {error.message}",
                hint="see that this folder can be written, for `keystead undo` needs it",
                where=Origin(str(self._folder)),
            ) from error
        try:
            yield
        except BaseException:
            if not any(map(self._is_made, replaced)):
                with contextlib.suppress(OSError):
                    os.unlink(path)
            raise

    def _keep(
        self, replaced: Sequence[Replaced], paths: Sequence[str], group: str, now: datetime
    ) -> Path:
        with self._files.lock(self._folder / "generations"):
            name = self._folder / f"{self._next(now)}-{group}-{os.urandom(2).hex()}.json"
            entry = {
                "made": now.isoformat(),
                "files": [
                    {
                        "path": path,
                        "before": None if item.before is None else self._envelope.seal(item.before),
                        "after": _digest(item.after),
                    }
                    for path, item in zip(paths, replaced, strict=True)
                ],
            }
            data = json.dumps(entry).encode()
            self._files.replace(name, data, expect=None, private=True)
            for old in sorted(self._folder.glob(f"*-{group}-*.json"))[:-KEPT]:
                with contextlib.suppress(OSError):
                    os.unlink(old)
        return name

    def _next(self, now: datetime) -> str:
        """The time that a new generation's name begins with: later than every other one's.

        The names tell the order, and a clock may stand still or be set back.
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
        """Whether the change of that file happened, although something failed around it."""
        with contextlib.suppress(KeysteadError):
            return self._files.read(item.path).data == item.after
        return False

    def all(self) -> list[Generation]:
        """The generations, the newest first; what cannot be read as one is left out."""
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
        """The generation of that name, or the newest; ``location`` looks at one file's alone.

        Raises `UsageError` when there is none.
        """
        wanted = None if location is None else Path(os.path.abspath(location))
        for generation in self._newest_first():
            if name in (None, generation.name) and (wanted is None or wanted in generation.paths):
                return generation
        raise UsageError(
            "there is no such change to undo" if name else "there is nothing to undo",
            hint="`keystead undo --list` shows what there is",
        )

    def forget(self) -> None:
        """Removes every generation."""
        with self._files.lock(self._folder / "generations"):
            for path in self._folder.glob("*.json"):
                with contextlib.suppress(OSError):
                    os.unlink(path)

    def restore(self, generation: Generation, now: datetime, *, force: bool) -> None:
        """Puts the files back as they were before that change, and keeps that as a change too.

        Raises `FileProblem` when a file is not as the change left it, unless ``force``.
        """
        envelope = Bare() if generation.bare else self._envelope
        # Before the locks are taken, as a person may have to be asked.
        before = [None if text is None else envelope.open(text) for text in generation.before]
        with contextlib.ExitStack() as stack:
            for path in sorted(generation.paths):
                stack.enter_context(self._files.lock(path))
            current = [self._files.read(path) for path in generation.paths]
            for path, snapshot, after in zip(
                generation.paths, current, generation.after, strict=True
            ):
                if _digest(snapshot.data) != after and not force:
                    raise FileProblem(
                        "the file was changed again since",
                        hint="--force puts the old file back all the same; "
                        "what is there now can be had back by `keystead undo`",
                        where=Origin(str(path)),
                    )
            replaced = [
                Replaced(path, snapshot.data, data)
                for path, snapshot, data in zip(generation.paths, current, before, strict=True)
            ]
            again = Generations(self._files, self._folder, envelope)
            stack.enter_context(again.keeping(replaced, now))
            for (path, _, data), snapshot in zip(replaced, current, strict=True):
                try:
                    if data is None:
                        self._files.remove(path, expect=snapshot.stamp)
                    else:
                        self._files.replace(path, data, expect=snapshot.stamp, private=False)
                except Changed:
                    raise FileProblem(
                        "another program wrote the file meanwhile", where=Origin(str(path))
                    ) from None


def _stamp(moment: datetime) -> str:
    return moment.strftime(_TIME)


def _digest(data: bytes | None) -> str | None:
    import hashlib

    return None if data is None else hashlib.sha256(data).hexdigest()


def _read(name: str, data: bytes) -> Generation:
    entry = json.loads(data)
    files = entry["files"]
    return Generation(
        name,
        datetime.fromisoformat(entry["made"]),
        tuple(Path(item["path"]) for item in files),
        tuple(item["before"] for item in files),
        tuple(item["after"] for item in files),
    )
