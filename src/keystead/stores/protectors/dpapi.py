"""The protector ``dpapi``: the data key is under Windows' data protection, for this user."""

from __future__ import annotations

import re

from keystead.errors import StoreCorrupt, StoreUnavailable
from keystead.stores import seal
from keystead.stores.protectors.base import Protector, StoreRef
from keystead.system import Dpapi, System

_RECORD = re.compile(r"dpapi key=((?:[0-9A-F]{2})+)")


class DpapiProtector(Protector):
    """Keeps the data key as Windows seals it for the user who is logged on."""

    kind = "dpapi"

    def __init__(self, system: System) -> None:
        self._system = system

    def wrap(self, data_key: bytes, store: StoreRef) -> str:
        """The record, for this Windows user alone."""
        return f"{self.kind} key={self._dpapi(store).protect(data_key).hex().upper()}"

    def unwrap(self, record: str, store: StoreRef) -> bytes:
        """The data key, if this is that user."""
        found = _RECORD.fullmatch(record)
        if not found:
            raise StoreCorrupt("the record of dpapi is malformed", where=store.where)
        data_key = self._dpapi(store).unprotect(bytes.fromhex(found[1]))
        if len(data_key) != seal.KEY_BYTES:
            raise StoreCorrupt("the record of dpapi is malformed", where=store.where)
        return data_key

    def describe(self, record: str) -> str:  # noqa: ARG002  # it says nothing of itself
        """Whom it opens for."""
        return "the Windows user who is logged on"

    def _dpapi(self, store: StoreRef) -> Dpapi:
        if self._system.dpapi is None:
            raise StoreUnavailable(
                "the protector `dpapi` opens on Windows alone",
                hint="use another protector here",
                where=store.where,
            )
        return self._system.dpapi
