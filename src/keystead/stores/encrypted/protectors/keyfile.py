"""The protector ``keyfile``: the wrapping key is in a file, for unattended machines.

Anybody who can read that file, or a backup of it, can open the store.
"""

from __future__ import annotations

import os
import re
from urllib.parse import quote, unquote

from keystead import crypto
from keystead.errors import FileProblem, Origin, StoreCorrupt, StoreUnavailable, UsageError
from keystead.model.validation import has_control
from keystead.stores.encrypted.protectors.base import Protector, RandomBytes, StoreRef, binding
from keystead.system import System
from keystead.system.files import Changed
from keystead.system.path import Path

VARIABLE = "KEYSTEAD_KEY_FILE"
_CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""The folder of a service's credentials; see systemd.exec(5)."""

LEAST_BYTES = 16
MOST_BYTES = 4096
"""The most bytes of a key file. New ones have 64 random hexadecimal digits."""

_RECORD = re.compile(
    r"(?P<head>keyfile salt=(?P<salt>[0-9A-F]{32}) file=(?P<file>[^ ]+)) key=(?P<key>[0-9A-F]+)"
)
_PLAIN = "/:\\~"  # what `quote` also leaves unescaped in a record's path


class KeyfileProtector(Protector):
    """Wraps the data key by the content of a file: HKDF, then AES-256-GCM.

    ``path`` is the file for new records, by default that of `VARIABLE`; a missing one is created.
    """

    kind = "keyfile"

    def __init__(
        self,
        system: System,
        *,
        path: Path | None = None,
        random_bytes: RandomBytes = os.urandom,
    ) -> None:
        self._system = system
        self._path = path
        self._random_bytes = random_bytes

    def wrap(self, data_key: bytes, store: StoreRef) -> str:
        """The record; a missing file is created first."""
        path = self._path or self._named()
        if path is None:
            raise UsageError(
                "the protector `keyfile` needs the path of its file",
                hint=f"give --key-file PATH, or set {VARIABLE}",
            )
        path = Path(os.path.abspath(path))
        if self._system.folders.within_store_folder(path):
            raise UsageError(
                "the key file may not be in the folder of the encrypted store: users who can write "
                "there would have both",
                hint=f"name a file outside of {store.path.parent}",
            )
        if has_control(str(path)):
            raise UsageError("the name of the key file has a control character")
        return self._record(data_key, store, path, self._read(path) or self._make(path))

    def rewrap(self, record: str, data_key: bytes, store: StoreRef) -> str:
        """The record by the same file."""
        path = _path(_parts(record, store))
        return self._record(data_key, store, path, self._content(path))

    def _record(self, data_key: bytes, store: StoreRef, path: Path, content: bytes) -> str:
        salt = self._random_bytes(16).hex().upper()
        file = quote(str(path), safe=_PLAIN)
        head = f"{self.kind} salt={salt} file={file}"
        nonce = self._random_bytes(crypto.NONCE_BYTES)
        sealed = crypto.seal(_derive(content, salt), data_key, binding(store, head), nonce)
        return f"{head} key={sealed}"

    def unwrap(self, record: str, store: StoreRef) -> bytes:
        """The data key by the content of the file."""
        parts = _parts(record, store)
        content = self._content(_path(parts))
        try:
            data_key = crypto.unseal(
                _derive(content, parts["salt"]), parts["key"], binding(store, parts["head"])
            )
        except crypto.IntegrityError as error:
            raise StoreUnavailable(
                "the key file does not open the encrypted store",
                id="key-file-unusable",
                hint=f"set {VARIABLE} to the file that the store was protected with",
                where=Origin(str(self._present(_path(parts)))),
            ) from error
        if len(data_key) != crypto.KEY_BYTES:
            raise StoreCorrupt("the record of the key file is malformed", where=store.where)
        return data_key

    def describe(self, record: str) -> str:
        """The path of the file."""
        found = _RECORD.fullmatch(record)
        path = unquote(found["file"], errors="replace") if found else "malformed"
        return f"{path}, by file permission only"

    def _named(self) -> Path | None:
        named = self._system.environ.get(VARIABLE)
        return self._system.folders.expand(named) if named else None

    def _present(self, path: Path) -> Path:
        """The current path: that of `VARIABLE` or a service credential, else ``path``."""
        named = self._named()
        if named:
            return named
        folder = self._system.environ.get(_CREDENTIALS)
        handed = Path(folder) / path.name if folder else None
        return handed if handed and self._system.files.read(handed).data is not None else path

    def _content(self, path: Path) -> bytes:
        """The content of the file ``path``, wherever it is now."""
        present = self._present(path)
        if self._system.folders.within_store_folder(present):
            raise StoreUnavailable(
                "the key file is in the folder of the encrypted store, so users who can write "
                "there have both",
                id="key-file-unusable",
                hint=f"move it to another folder and set {VARIABLE} to its new path",
                where=Origin(str(present)),
            )
        content = self._read(present)
        if content is None:
            raise StoreUnavailable(
                "the key file of the encrypted store does not exist",
                id="key-file-unusable",
                hint=f"restore it, or set {VARIABLE} to its path",
                where=Origin(str(present)),
            )
        return content

    def _make(self, path: Path) -> bytes:
        content = self._random_bytes(crypto.KEY_BYTES).hex().upper().encode()
        with self._system.files.lock(path):
            try:
                self._system.files.replace(path, content + b"\n", expect=None, private=True)
            except Changed:  # another keystead has just created it
                return self._content(path)
        return content

    def _read(self, path: Path) -> bytes | None:
        where = Origin(str(path))
        handed = self._system.environ.get(_CREDENTIALS)
        trusted = bool(handed) and path.parent == Path(handed or "")
        try:
            data = self._system.files.read(path, private=not trusted).data
        except FileProblem as error:
            raise StoreUnavailable(
                f"the key file {error.message}",
                id="key-file-unusable",
                hint=error.hint,
                where=where,
            ) from error
        if data is None:
            return None
        content = data.strip(b" \t\r\n")
        if not LEAST_BYTES <= len(content) <= MOST_BYTES:
            raise StoreUnavailable(
                f"the key file has {len(content)} bytes, not {LEAST_BYTES} to {MOST_BYTES}",
                id="key-file-unusable",
                hint="name a file with random content, or a new file, which will be created",
                where=where,
            )
        return content


def _parts(record: str, store: StoreRef) -> re.Match[str]:
    found = _RECORD.fullmatch(record)
    if not found or has_control(str(_path(found))):
        raise StoreCorrupt("the record of the key file is malformed", where=store.where)
    return found


def _path(parts: re.Match[str]) -> Path:
    return Path(unquote(parts["file"]))


def _derive(content: bytes, salt: str) -> bytes:
    return crypto.hkdf(content, bytes.fromhex(salt), f"keystead/{crypto.FORMAT} keyfile")
