"""The cache of sessions: temporary credentials at rest, sealed, shared by all processes.

A session is a file of its own, named by the key that stands for everything that it was asked for
with. It is sealed under the data key of the encrypted store when that can be had without asking a
person, and is not kept when it cannot; while there is no store, under a key in a file. Nothing of
the cache is ever an error: what cannot be read or written is not there.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from keystead import crypto
from keystead.errors import FileProblem, KeysteadError
from keystead.model.credentials import Credentials
from keystead.model.session import SHARED, Session
from keystead.outside import parse_json, parse_moment
from keystead.stores.encrypted.file import StoreFile
from keystead.undo.fallback_key import FallbackKey

_BINDING = f"keystead/{crypto.FORMAT} session"


class Kept(NamedTuple):
    """What a session in the cache says of itself without being opened."""

    key: str
    source: str
    """Where the credentials came from, such as ``profile dev > arn:...``."""
    made: datetime
    expires_at: datetime


_QUIET_SECONDS = 1.0
"""How long a command waits for another one before it says so."""

_LOCKS_SECONDS = 24 * 3600
"""How long the file of a lock is left that nobody has taken."""


class SessionCache:
    """The sessions, sealed for the store in ``file``.

    ``part`` is a folder of those that are of use to nobody a minute after they were got.
    """

    def __init__(self, file: StoreFile, part: str = "") -> None:
        self._file = file
        self._files = file.system.files
        self._short = bool(part)
        self._folder = file.system.folders.sessions / part
        self._spare = FallbackKey(file.system, file.system.folders.sessions_key)

    @cached_property
    def flights(self) -> SessionCache:
        """Those that wait for others who asked for the same while they were retrieved."""
        return SessionCache(self._file, "flights")

    def get(self, key: str) -> Session | None:
        """The session that was kept under ``key``; it may have ended."""
        with self._harmless():
            data = self._files.read(self._path(key)).data
            sealing = self._sealing_key() if data else None
            if data and sealing:
                return _opened(key, data, sealing)
        return None

    def put(self, key: str, session: Session) -> None:
        """Keeps the session under ``key``, in place of an earlier one."""
        with self._harmless():
            sealing = self._sealing_key()
            if sealing:
                self._files.put(self._path(key), _sealed(key, session, sealing))
                self._sweep()

    def _sweep(self) -> None:
        """Removes what has ended, and locks that nobody has taken for long.

        Two who hold one lock, as its file was removed in between, call twice: no more than that.
        """
        now = self._file.system.clock()
        for path, kept in self._heads():
            if now > (kept.made + SHARED if self._short else kept.expires_at):
                _unlink(path)
        for path in self._folder.glob(".*.keystead.lock"):
            with contextlib.suppress(OSError):
                if now.timestamp() - os.stat(path).st_mtime > _LOCKS_SECONDS:
                    os.unlink(path)

    def drop(self, key: str) -> None:
        """Forgets the session under ``key``."""
        _unlink(self._path(key))

    @contextlib.contextmanager
    def alone(self, key: str, seconds: float) -> Iterator[None]:
        """Lets one at a time get the session under ``key``; the others wait for it.

        It is the system's lock, so a process that dies lets the next one go on at once. Who has
        waited for ``seconds`` goes on by itself.
        """
        with contextlib.ExitStack() as stack:
            with self._harmless():
                if self._sealing_key():  # else nobody could see what another one got
                    self._take_turn(stack, key, seconds)
            yield

    def _take_turn(self, stack: contextlib.ExitStack, key: str, seconds: float) -> None:
        lock, holder = self._folder / f"{key}.get", self._folder / f"{key}.by"
        try:
            stack.enter_context(self._files.lock(lock, min(_QUIET_SECONDS, seconds)))
        except FileProblem:
            self._tell_of(holder)
            stack.enter_context(self._files.lock(lock, max(0.0, seconds - _QUIET_SECONDS)))
        if self._short:  # its name is not used again
            stack.callback(_unlink, self._folder / f".{key}.get.keystead.lock")
        stack.callback(_unlink, holder)
        who = {"pid": os.getpid(), "terminal": self._file.system.terminal.name()}
        self._files.put(holder, json.dumps(who).encode())

    def _tell_of(self, holder: Path) -> None:
        """Says whom this command waits for, where the question may be on another terminal."""
        terminal = self._file.system.terminal
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

    def all(self) -> list[Kept]:
        """What is cached, the first to end first."""
        return sorted((kept for _, kept in self._heads()), key=lambda kept: kept.expires_at)

    def _heads(self) -> Iterator[tuple[Path, Kept]]:
        for path in self._folder.glob("*.json"):
            with self._harmless():
                head = parse_json(self._files.read(path).data or b"")
                made, ends = (parse_moment(head[name]) for name in ("made", "expires_at"))
                yield path, Kept(path.stem, str(head["source"]), made, ends)

    def clear(self) -> int:
        """Forgets all sessions; how many there were."""
        if not self._short:
            self.flights.clear()
        kept = self.all()
        for name in self._folder.glob("*.json"):
            _unlink(name)
        return len(kept)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _sealing_key(self) -> bytes | None:
        if self._file.system.dpapi is None and self._file.exists():
            key = self._file.key_unasked()
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
