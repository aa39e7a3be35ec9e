"""What a protector is: one way to keep the data key of the encrypted store.

A protector writes one line of text, its record, into the header of the store and gets the data
key back from it. This module knows nothing of profiles and of the store's file.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, NamedTuple

from keystead import crypto
from keystead.errors import Origin
from keystead.system import System

RandomBytes = Callable[[int], bytes]
"""That many random bytes, as `os.urandom` gives them."""


class StoreRef(NamedTuple):
    """Which store a record belongs to: the GUID it is bound to, and the file to name in errors."""

    store_id: str
    path: Path

    @property
    def where(self) -> Origin:
        """The file, for errors."""
        return Origin(str(self.path))


class Protector(abc.ABC):
    """One way to keep the data key of a store."""

    kind: ClassVar[str]
    """The first word of its records."""

    asks = False
    """Whether opening a record may need a person."""

    proves = False
    """Whether a record that it opens shows that the store is this user's: whoever can write the
    store's folder cannot make one.
    """

    @abc.abstractmethod
    def __init__(self, system: System) -> None: ...

    @abc.abstractmethod
    def wrap(self, data_key: bytes, store: StoreRef) -> str:
        """The record that keeps ``data_key``, for this store only.

        Raises `StoreUnavailable`, and `InteractionRequired` when nobody can be asked.
        """

    @abc.abstractmethod
    def unwrap(self, record: str, store: StoreRef) -> bytes:
        """The data key that `wrap` was given.

        Raises `StoreUnavailable` when it cannot be opened (a wrong passphrase), `StoreCorrupt`
        for a record that is malformed or asks for work beyond the bounds, and
        `InteractionRequired` when nobody can be asked.
        """

    def rewrap(self, record: str, data_key: bytes, store: StoreRef) -> str:  # noqa: ARG002  # most do not need the old one
        """A record that keeps a new ``data_key`` in the way ``record`` keeps the old one."""
        return self.wrap(data_key, store)

    @abc.abstractmethod
    def describe(self, record: str) -> str:
        """What the record says of itself, for people."""


class RollbackGuard(Protector):
    """One that keeps something outside of the file, and so knows an old version of it."""

    @abc.abstractmethod
    def newest(self, record: str, store: StoreRef) -> int | None:
        """The counter that was last noted, None for none. Raises `StoreUnavailable`."""

    @abc.abstractmethod
    def note(self, record: str, store: StoreRef, counter: int) -> None:
        """Remembers the counter of the version that counts now. Raises `StoreUnavailable`."""

    @abc.abstractmethod
    def forget(self, record: str, store: StoreRef) -> None:
        """Removes what is kept for a record that is no more. Raises `StoreUnavailable`."""


def kind_of(record: str) -> str:
    """The kind of protector that wrote the record."""
    return record.partition(" ")[0]


def binding(store: StoreRef, head: str) -> bytes:
    """The additional data under which a record's data key is sealed."""
    return crypto.bind(f"keystead/{crypto.FORMAT} data key", store.store_id, head)
