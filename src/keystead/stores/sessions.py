"""The cache of temporary credentials: encrypted files that all processes share.

Each session is one file, named by the digest of its request. It is encrypted with the data key of
the encrypted store, and not cached if that needs a prompt; without a store, with a key in a file.
Errors of reading or writing the cache are ignored.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property

from keystead import caller, crypto
from keystead.errors import FileProblem, KeysteadError
from keystead.model.credentials import Credentials
from keystead.model.session import SHARED, Session
from keystead.outside import parse_json, parse_moment
from keystead.system import System
from keystead.system.file_lock import NotNeeded
from keystead.system.path import Path
from keystead.undo.fallback_key import FallbackKey
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.stores.encrypted.file import StoreFile

_BINDING = f"keystead/{crypto.FORMAT} session"


class CachedSession(NamedTuple):
    """The unencrypted description of a cached session."""

    key: str
    source: str
    """The source of the credentials, such as ``profile dev > arn:...``."""
    made: datetime
    expires_at: datetime


_QUIET_SECONDS = 1.0
"""How long a command waits for another one before it shows a message."""

_SWEEP_SECONDS = 60
"""How often expired sessions are removed at most, as that reads thousands of files."""

_LOCKS_SECONDS = 24 * 3600
"""The age at which unused lock files are removed."""


class SessionCache:
    """The sessions, encrypted for the store in the file that ``store_file`` returns, if any.

    ``part`` is a subfolder of sessions that are of no use after a minute.
    """

    def __init__(
        self, system: System, store_file: Callable[[], StoreFile | None], part: str = ""
    ) -> None:
        self._system = system
        self._store_file = store_file
        self._files = system.files
        self._short = bool(part)
        self._folder = system.folders.sessions / part
        self._spare = FallbackKey(system, system.folders.sessions_key)

    @cached_property
    def flights(self) -> SessionCache:
        """The cache by which concurrent requests for the same credentials share one retrieval."""
        return SessionCache(self._system, self._store_file, "flights")

    def get(self, key: str) -> Session | None:
        """The session cached under ``key``; it may have expired."""
        with self._harmless():
            data = self._files.read(self._path(key)).data
            sealing = self._sealing_key() if data else None
            if data and sealing:
                return _opened(key, data, sealing)
        return None

    def put(self, key: str, session: Session) -> None:
        """Caches the session under ``key``."""
        with self._harmless():
            sealing = self._sealing_key()
            if sealing:
                self._files.put(self._path(key), _sealed(key, session, sealing))
                self._sweep()

    def _sweep(self) -> None:
        """Removes expired sessions and old lock files, now and then.

        If a lock file is removed while in use, the worst that happens is a second call.
        """
        now = self._system.clock()
        mark = self._folder / ".swept"
        with contextlib.suppress(OSError):
            if abs(now.timestamp() - os.stat(mark).st_mtime) < _SWEEP_SECONDS:
                return
        self._files.put(mark, b"")
        for path, cached in self._heads():
            if now > (cached.made + SHARED if self._short else cached.expires_at):
                _unlink(path)
        for path in self._folder.glob(".*.keystead.lock"):
            with contextlib.suppress(OSError):
                if now.timestamp() - os.stat(path).st_mtime > _LOCKS_SECONDS:
                    os.unlink(path)

    def drop(self, key: str) -> None:
        """Removes the session under ``key``."""
        _unlink(self._path(key))

    @contextlib.contextmanager
    def alone(self, key: str, seconds: float) -> Iterator[bool]:
        """Serialises retrieving the session under ``key``, by a lock of the operating system.

        False: no longer, as another process has just cached one, which all that wait may read at
        once. After ``seconds`` the caller proceeds without the lock.
        """
        with contextlib.ExitStack() as stack:
            is_turn = True
            with self._harmless():
                if self._sealing_key():  # else processes could not read each other's result
                    try:
                        self._take_turn(stack, key, seconds)
                    except NotNeeded:
                        is_turn = False
            yield is_turn

    def _take_turn(self, stack: contextlib.ExitStack, key: str, seconds: float) -> None:
        lock, holder = self._folder / f"{key}.get", self._folder / f"{key}.by"
        before = self._version(key)

        def is_cached() -> bool:
            return self._version(key) not in (None, before)

        def wait(seconds: float) -> None:
            stack.enter_context(self._files.lock(lock, max(0.0, seconds), is_cached))

        try:
            wait(min(_QUIET_SECONDS, seconds))
        except FileProblem:
            self._tell_of(holder)
            wait(seconds - _QUIET_SECONDS)
        if self._short:  # its name is not used again
            stack.callback(_unlink, self._folder / f".{key}.get.keystead.lock")
        stack.callback(_unlink, holder)
        who = {"pid": caller.process.pid, "terminal": self._system.terminal.name()}
        self._files.put(holder, json.dumps(who).encode())

    def _version(self, key: str) -> tuple[int, int] | None:
        with contextlib.suppress(OSError):
            found = os.stat(self._path(key))
            return found.st_ino, found.st_mtime_ns
        return None

    def _tell_of(self, holder: Path) -> None:
        """Shows the process this command waits for, which may be asking on another terminal."""
        terminal = self._system.terminal
        try:
            who = parse_json(self._files.read(holder).data or b"{}")
        except ValueError:
            return
        there = who.get("terminal") if isinstance(who, dict) else None
        if there and there != terminal.name():
            terminal.tell(
                f"keystead: waiting for process {who.get('pid')} on {there}, which is getting the "
                "same credentials and may be asking there"
            )

    def all(self) -> list[CachedSession]:
        """All cached sessions, by expiry."""
        return sorted((cached for _, cached in self._heads()), key=lambda cached: cached.expires_at)

    def _heads(self) -> Iterator[tuple[Path, CachedSession]]:
        for path in self._folder.glob("*.json"):
            with self._harmless():
                head = parse_json(self._files.read(path).data or b"")
                made, ends = (parse_moment(head[name]) for name in ("made", "expires_at"))
                yield path, CachedSession(path.stem, str(head["source"]), made, ends)

    def clear(self) -> int:
        """Removes all sessions; returns how many there were."""
        if not self._short:
            self.flights.clear()
        cached = self.all()
        for name in self._folder.glob("*.json"):
            _unlink(name)
        return len(cached)

    def drop_from(self, source: str) -> list[CachedSession]:
        """Removes and returns the sessions whose source begins with ``source``."""
        dropped = [found for found in self._heads() if found[1].source.startswith(source)]
        for path, _ in dropped:
            _unlink(path)
        return [cached for _, cached in dropped]

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _sealing_key(self) -> bytes | None:
        file = None if self._system.dpapi else self._store_file()
        if file:
            key = file.key_unasked()
            return key.sessions_key if key else None
        return self._spare.get()

    @contextlib.contextmanager
    def _harmless(self) -> Iterator[None]:
        try:
            yield
        except (KeysteadError, OSError, ValueError, KeyError, TypeError) as error:
            import logging

            log = logging.getLogger("keystead")
            log.debug("the cache of sessions cannot be used: %s", type(error).__name__)


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


def _sealed(key: str, session: Session, sealing: bytes) -> bytes:
    found = session.credentials
    head = {
        "source": found.source,
        "made": session.made.isoformat(),
        "expires_at": session.expires_at.isoformat(),
    }
    secret = {
        "access_key_id": found.access_key_id,
        "secret_access_key": found.secret_access_key,
        "session_token": found.session_token,
        "account_id": found.account_id,
        "lasts": session.has_expiry,
        "uptime": session.uptime,
    }
    binding = crypto.bind(_BINDING, key, *head.values())
    nonce = os.urandom(crypto.NONCE_BYTES)
    text = crypto.seal(sealing, json.dumps(secret).encode(), binding, nonce)
    return json.dumps({**head, "sealed": text}, indent=2).encode() + b"\n"


def _opened(key: str, data: bytes, sealing: bytes) -> Session | None:
    whole = parse_json(data)
    head = [whole[name] for name in ("source", "made", "expires_at")]
    try:
        secret = parse_json(
            crypto.unseal(sealing, whole["sealed"], crypto.bind(_BINDING, key, *head))
        )
    except crypto.IntegrityError:
        return None
    source, made, ends = head[0], *map(parse_moment, head[1:])
    uptime, lasts = secret.pop("uptime"), secret.pop("lasts")
    found = Credentials(**secret, expires_at=ends if lasts else None, source=source)
    return Session(found, made, uptime)
