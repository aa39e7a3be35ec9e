"""The sealed documents of logins: access and refresh tokens, and registrations of clients.

Each is a file, named by the digest of its login and encrypted with the data key of the encrypted
store; without a store, with a key in a file, as cached sessions are. Unlike these they cannot be
made again without a person, so that opening one may prompt, and each says which key sealed it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress

from keystead import crypto
from keystead.errors import KeysteadError, Origin, StoreUnavailable
from keystead.model.login_state import LoginState
from keystead.outside import parse_json, text_in
from keystead.stores.encrypted.file import StoreFile
from keystead.stores.encrypted.value_cipher import DataKeyCipher
from keystead.system.file_versions import FileVersion
from keystead.system.files import LOCK_SECONDS, Snapshot
from keystead.system.path import Path
from keystead.undo.fallback_key import FallbackKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BINDING = f"keystead/{crypto.FORMAT} login"
_KEY_FILE = "key file"


class SealedLogins:
    """The documents in the state folder, sealed for the encrypted store in ``file``."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file
        self.files = file.system.files
        self.folder = file.system.folders.logins
        self._spare = FallbackKey(file.system, file.system.folders.logins_key)

    def at(self, name: str, title: str) -> SealedFile:
        """The document of the login ``name``; ``title`` is stored unencrypted."""
        import hashlib

        digest = hashlib.sha256(name.encode()).hexdigest()[:40]
        return SealedFile(self, self.folder / f"{digest}.json", title)

    def all(self) -> Iterator[SealedFile]:
        """The documents that there are, without decrypting them."""
        for path in sorted(self.folder.glob("*.json")):
            with suppress(KeysteadError, ValueError, KeyError, TypeError):
                head = parse_json(self.files.read(path).data or b"")
                yield SealedFile(self, path, text_in(head["login"]))

    def seal(self, plain: bytes, *bound: str) -> tuple[str, str]:
        """The name of the current key, and ``plain`` encrypted with it. May prompt."""
        name, key = self._current_key()
        binding = crypto.bind(_BINDING, name, *bound)
        return name, crypto.seal(key, plain, binding, os.urandom(crypto.NONCE_BYTES))

    def open(self, name: str, sealed: str, *bound: str) -> bytes:
        """Decrypts with the key ``name``. May prompt. Raises `StoreUnavailable`."""
        spare = self._spare.find() if name == _KEY_FILE else None
        current, key = (name, spare) if spare else self._current_key()
        try:
            if current != name:
                raise crypto.IntegrityError
            return crypto.unseal(key, sealed, crypto.bind(_BINDING, name, *bound))
        except crypto.IntegrityError:
            raise StoreUnavailable(
                "the login was encrypted with a key that no longer exists",
                id="login-sealed-otherwise",
                hint="sign in again",
            ) from None

    def _current_key(self) -> tuple[str, bytes]:
        if self._file.system.dpapi is None and self._file.exists():
            accounts = self._file.read().accounts
            cipher = self._file.cipher(accounts) if accounts else None
            if isinstance(cipher, DataKeyCipher):
                return f"store {cipher.key.store_id}", cipher.key.logins_key
        return _KEY_FILE, self._spare.get()


class SealedFile:
    """One document: a `keystead.resolve.sso.place.Place`."""

    def __init__(self, logins: SealedLogins, path: Path, title: str) -> None:
        self._logins = logins
        self.path = path
        self.title = title

    def __repr__(self) -> str:
        return f"SealedFile({str(self.path)!r})"

    def read(self) -> Snapshot:
        """The decrypted document. Raises `FileProblem` and `StoreUnavailable`."""
        snapshot = self._logins.files.read(self.path)
        if snapshot.data is None:
            return snapshot
        try:
            head = parse_json(snapshot.data)
            *bound, key, sealed = (text_in(head[n]) for n in ("login", "id", "key", "sealed"))
        except (ValueError, KeyError, TypeError):
            raise StoreUnavailable(
                "the login's file is damaged",
                id="login-sealed-otherwise",
                hint="sign in again",
                where=Origin(str(self.path)),
            ) from None
        return snapshot._replace(data=self._logins.open(key, sealed, self.path.stem, *bound))

    def require_writable(self, size: int) -> None:
        """As `Place.require_writable`."""
        self._logins.files.require_writable(self.path, len(self._sealed(bytes(size))))

    def replace(self, data: bytes, *, expect: FileVersion | None, renewed: bool) -> None:
        """As `Place.replace`. Raises as `read`."""
        sealed = self._sealed(data, self.identity() if renewed else "")
        self._logins.files.replace(self.path, sealed, expect=expect, private=True)

    def identity(self) -> str:
        """The random id of the login, made with it."""
        try:
            return text_in(self._head()["id"])
        except (ValueError, KeyError):
            return ""

    def state(self) -> LoginState | None:
        """As `Place.state`; it is not authenticated, so it is for display alone."""
        return LoginState.in_head(self._head())

    def _head(self) -> dict[str, Any]:
        """The unencrypted part; empty without a login."""
        return _members(self._logins.files.read(self.path).data or b"")

    def remove(self) -> None:
        """As `Place.remove`."""
        self._logins.files.remove_any(self.path)

    def lock(
        self, seconds: float = LOCK_SECONDS, until: Callable[[], bool] = bool
    ) -> AbstractContextManager[None]:
        """As `Place.lock`."""
        return self._logins.files.lock(self.path, seconds, until)

    def _sealed(self, data: bytes, identity: str = "") -> bytes:
        identity = identity or os.urandom(16).hex()
        key, sealed = self._logins.seal(data, self.path.stem, self.title, identity)
        state = LoginState.of(_members(data))
        head = {"login": self.title, "id": identity, **(state.head() if state else {})}
        whole = {**head, "key": key, "sealed": sealed}
        return json.dumps(whole, indent=2).encode() + b"\n"


def _members(data: bytes) -> dict[str, Any]:
    """The members of a JSON object; empty where it is not one."""
    try:
        found = parse_json(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
