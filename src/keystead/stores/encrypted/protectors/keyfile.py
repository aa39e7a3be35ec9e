"""The protector ``keyfile``: the wrapping key is in a file, for machines without a person.

It is what its name says: whoever may read that file opens the store, so all that it protects by
is the permission on the file and the care for where its backups go.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote, unquote

from keystead import crypto
from keystead.errors import FileProblem, Origin, StoreCorrupt, StoreUnavailable, UsageError
from keystead.model.validation import has_control
from keystead.stores.encrypted.protectors.base import Protector, RandomBytes, StoreRef, binding
from keystead.system import System
from keystead.system.files import Changed

VARIABLE = "KEYSTEAD_KEY_FILE"
_CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Where a service manager puts the credentials of a service; see systemd.exec(5)."""

LEAST_BYTES = 16
MOST_BYTES = 4096
"""How long the content of a key file may be. New ones have 64 random hexadecimal digits."""

_RECORD = re.compile(
    r"(?P<head>keyfile salt=(?P<salt>[0-9A-F]{32}) file=(?P<file>[^ ]+)) key=(?P<key>[0-9A-F]+)"
)
_PLAIN = "/:\\~"  # what may stand in a record's path as it is, beside what `quote` leaves alone


class KeyfileProtector(Protector):
    """Wraps the data key under the content of a file: HKDF, then AES-256-GCM.

    ``path`` is the file for new records; None: the one that `VARIABLE` names. One that does not
    exist is made.
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
        """The record; the file is made first when there is none."""
        path = self._path or self._named()
        if path is None:
            raise UsageError(
                "the protector `keyfile` needs the path of its file",
                hint=f"give --key-file PATH, or set {VARIABLE}",
            )
        path = Path(os.path.abspath(path))
        if self._system.folders.within_store_folder(path):
            raise UsageError(
                "the key file may not be in the folder of the encrypted store: whoever can write "
                "there would have both",
                hint=f"name a file outside of {store.path.parent}",
            )
        if has_control(str(path)):
            raise UsageError("the name of the key file has a control character")
        return self._record(data_key, store, path, self._read(path) or self._make(path))

    def rewrap(self, record: str, data_key: bytes, store: StoreRef) -> str:
        """The record under the same file."""
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
        """The data key, by the content of the file."""
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
                hint=f"it is not the file that the store was protected with; set {VARIABLE}",
                where=Origin(str(self._present(_path(parts)))),
            ) from error
        if len(data_key) != crypto.KEY_BYTES:
            raise StoreCorrupt("the record of the key file is malformed", where=store.where)
        return data_key

    def describe(self, record: str) -> str:
        """The file, and what it is worth."""
        found = _RECORD.fullmatch(record)
        path = unquote(found["file"], errors="replace") if found else "malformed"
        return f"{path}, by file permission only"

    def _named(self) -> Path | None:
        named = self._system.environ.get(VARIABLE)
        return self._system.folders.expand(named) if named else None

    def _present(self, path: Path) -> Path:
        """Where the file ``path`` is today: as `VARIABLE` says, among a service's credentials."""
        named = self._named()
        if named:
            return named
        folder = self._system.environ.get(_CREDENTIALS)
        handed = Path(folder) / path.name if folder else None
        return handed if handed and self._system.files.read(handed).data is not None else path

    def _content(self, path: Path) -> bytes:
        """What stands in the file ``path``, wherever that is today."""
        present = self._present(path)
        if self._system.folders.within_store_folder(present):
            raise StoreUnavailable(
                "the key file is in the folder of the encrypted store, where whoever can write "
                "there has both",
                id="key-file-unusable",
                hint=f"move it to another folder, and set {VARIABLE} to where it is then",
                where=Origin(str(present)),
            )
        content = self._read(present)
        if content is None:
            raise StoreUnavailable(
                "the key file of the encrypted store is not there",
                id="key-file-unusable",
                hint=f"restore it, or set {VARIABLE} to where it is now",
                where=Origin(str(present)),
            )
        return content

    def _make(self, path: Path) -> bytes:
        content = self._random_bytes(crypto.KEY_BYTES).hex().upper().encode()
        with self._system.files.lock(path):
            try:
                self._system.files.replace(path, content + b"\n", expect=None, private=True)
            except Changed:  # by another keystead, just now
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
                hint="name a file with random content, or one that does not exist and will be made",
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
