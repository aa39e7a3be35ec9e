"""The protector ``keyring``: the wrapping key is in the keyring of the operating system."""

from __future__ import annotations

import os
import re

from keystead import crypto
from keystead.errors import StoreCorrupt, StoreUnavailable
from keystead.stores.encrypted.protectors.base import RandomBytes, RollbackGuard, StoreRef, binding
from keystead.system import System

_RECORD = re.compile(r"(?P<head>keyring entry=(?P<entry>[0-9a-f]{16})) key=(?P<key>[0-9A-F]+)")
_KEY = re.compile(r"[0-9A-F]{64}")
_COUNTER = re.compile(r"0|[1-9][0-9]{0,17}")


class KeyringProtector(RollbackGuard):
    """Wraps the data key by a random key in the operating system's keyring.

    Each record has a separate entry, which exists before the record is written, and a second entry
    with the counter of the newest version of the file.
    """

    kind = "keyring"
    proves = True

    def __init__(self, system: System, *, random_bytes: RandomBytes = os.urandom) -> None:
        self._keyring = system.keyring
        self._random_bytes = random_bytes

    def wrap(self, data_key: bytes, store: StoreRef) -> str:
        """The record, after a new entry in the keyring was stored and read back."""
        head = f"{self.kind} entry={self._random_bytes(8).hex()}"
        key = self._random_bytes(crypto.KEY_BYTES)
        sealed = crypto.seal(
            key, data_key, binding(store, head), self._random_bytes(crypto.NONCE_BYTES)
        )
        record = f"{head} key={sealed}"
        account = _account(_parts(record, store), store)
        self._keyring.set(account, key.hex().upper())
        if self._keyring.get(account) != key.hex().upper():
            raise StoreUnavailable(
                "the keyring does not return what was stored in it",
                id="keyring-unusable",
                hint="use another protector",
                where=store.where,
            )
        return record

    def unwrap(self, record: str, store: StoreRef) -> bytes:
        """The data key by the key in the keyring."""
        parts = _parts(record, store)
        stored = self._keyring.get(_account(parts, store))
        if stored is None:
            raise StoreUnavailable(
                f"the keyring ({self._keyring.name}) has no key of the encrypted store",
                id="keyring-unusable",
                hint="use another protector, or the system that the keyring was set up on; "
                "`keystead store protectors` lists them",
                where=store.where,
            )
        try:
            key = bytes.fromhex(stored) if _KEY.fullmatch(stored) else b""
            data_key = (
                crypto.unseal(key, parts["key"], binding(store, parts["head"])) if key else b""
            )
        except crypto.IntegrityError:
            data_key = b""
        if len(data_key) != crypto.KEY_BYTES:
            raise StoreUnavailable(
                "the key in the keyring does not open the encrypted store",
                id="keyring-unusable",
                hint="use another protector; `keystead store protectors` lists them",
                where=store.where,
            )
        return data_key

    def describe(self, record: str) -> str:
        """The entry in the keyring."""
        return f"the keyring of the operating system, entry {record.split(' ')[1][6:]}"

    def newest(self, record: str, store: StoreRef) -> int | None:
        """The counter in the keyring; None for an invalid one."""
        counter = self._keyring.get(f"{_account(_parts(record, store), store)} counter")
        return int(counter) if counter and _COUNTER.fullmatch(counter) else None

    def note(self, record: str, store: StoreRef, counter: int) -> None:
        """Stores the counter in the keyring."""
        self._keyring.set(f"{_account(_parts(record, store), store)} counter", str(counter))

    def forget(self, record: str, store: StoreRef) -> None:
        """Deletes both entries from the keyring."""
        account = _account(_parts(record, store), store)
        self._keyring.delete(account)
        self._keyring.delete(f"{account} counter")


def _parts(record: str, store: StoreRef) -> re.Match[str]:
    found = _RECORD.fullmatch(record)
    if not found:
        raise StoreCorrupt("the record of the keyring is malformed", where=store.where)
    return found


def _account(parts: re.Match[str], store: StoreRef) -> str:
    return f"{store.store_id} {parts['entry']}"
