"""The protector ``dpapi``: Windows' data protection for the user who is logged on."""

from __future__ import annotations

import os
import re

from keystead import crypto
from keystead.errors import StoreCorrupt, StoreUnavailable
from keystead.stores.encrypted.protectors.base import Protector, RandomBytes, StoreRef, binding
from keystead.system import Dpapi, System

_RECORD = re.compile(
    r"(?P<head>dpapi wrapping=(?P<wrapping>(?:[0-9A-F]{2})+)) key=(?P<key>[0-9A-F]+)"
)


class DpapiProtector(Protector):
    """Wraps the data key by a random key that Windows encrypts for the user."""

    kind = "dpapi"
    proves = True

    def __init__(self, system: System, *, random_bytes: RandomBytes = os.urandom) -> None:
        self._system = system
        self._random_bytes = random_bytes

    def wrap(self, data_key: bytes, store: StoreRef) -> str:
        """The record, for this Windows user."""
        key = self._random_bytes(crypto.KEY_BYTES)
        head = f"{self.kind} wrapping={self._dpapi(store).protect(key).hex().upper()}"
        nonce = self._random_bytes(crypto.NONCE_BYTES)
        return f"{head} key={crypto.seal(key, data_key, binding(store, head), nonce)}"

    def unwrap(self, record: str, store: StoreRef) -> bytes:
        """The data key, for the same Windows user."""
        found = _RECORD.fullmatch(record)
        if not found:
            raise StoreCorrupt("the record of dpapi is malformed", where=store.where)
        key = self._dpapi(store).unprotect(bytes.fromhex(found["wrapping"]))
        try:
            if len(key) != crypto.KEY_BYTES:
                raise crypto.IntegrityError
            return crypto.unseal(key, found["key"], binding(store, found["head"]))
        except crypto.IntegrityError as error:
            raise StoreCorrupt("the record of dpapi was changed", where=store.where) from error

    def describe(self, record: str) -> str:  # noqa: ARG002  # all are alike
        """A fixed text."""
        return "the Windows user who is logged on"

    def _dpapi(self, store: StoreRef) -> Dpapi:
        if self._system.dpapi is None:
            raise StoreUnavailable(
                "the protector `dpapi` opens on Windows only",
                id="dpapi-refused",
                hint="use another protector here",
                where=store.where,
            )
        return self._system.dpapi
