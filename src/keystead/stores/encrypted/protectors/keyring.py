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
    """Wraps the data key under a random key that the operating system's keyring keeps.

    Each enrolment has an entry of its own there, so that a new one is complete before the file
    names it, and a second entry with the counter of the newest version of the file.
    """

    kind = "keyring"
    proves = True

    def __init__(self, system: System, *, random_bytes: RandomBytes = os.urandom) -> None:
        self._keyring = system.keyring
        self._random_bytes = random_bytes

    def wrap(self, data_key: bytes, store: StoreRef) -> str:
        """The record, with a new entry in the keyring that is read back before it is trusted."""
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
        """The data key, by the key in the keyring."""
        parts = _parts(record, store)
        kept = self._keyring.get(_account(parts, store))
        if kept is None:
            raise StoreUnavailable(
                f"the keyring ({self._keyring.name}) has no key of the encrypted store",
                id="keyring-unusable",
                hint="open it by another protector, or on the system that set it up; "
                "`keystead store protectors` lists them",
                where=store.where,
            )
        try:
            key = bytes.fromhex(kept) if _KEY.fullmatch(kept) else b""
            data_key = (
                crypto.unseal(key, parts["key"], binding(store, parts["head"])) if key else b""
            )
        except crypto.IntegrityError:
            data_key = b""
        if len(data_key) != crypto.KEY_BYTES:
            raise StoreUnavailable(
                "the key in the keyring does not open the encrypted store",
                id="keyring-unusable",
                hint="open it by another protector; `keystead store protectors` lists them",
                where=store.where,
            )
        return data_key

    def describe(self, record: str) -> str:
        """Where the keyring's own program shows the entry."""
        return f"the keyring of the operating system, entry {record.split(' ')[1][6:]}"

    def newest(self, record: str, store: StoreRef) -> int | None:
        """The counter in the keyring; an entry that is no number counts as none."""
        kept = self._keyring.get(f"{_account(_parts(record, store), store)} counter")
        return int(kept) if kept and _COUNTER.fullmatch(kept) else None

    def note(self, record: str, store: StoreRef, counter: int) -> None:
        """Writes the counter into the keyring."""
        self._keyring.set(f"{_account(_parts(record, store), store)} counter", str(counter))

    def forget(self, record: str, store: StoreRef) -> None:
        """Removes both entries from the keyring."""
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
