"""The interface of a protector, which wraps the data key of the encrypted store.

The wrapped key is the protector's record, one line in the header of the store.
"""

from __future__ import annotations

import abc
from collections.abc import Callable

from keystead import crypto
from keystead.errors import Origin
from keystead.system import System
from keystead.system.path import Path
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

RandomBytes = Callable[[int], bytes]
"""Such as `os.urandom`."""


class StoreRef(NamedTuple):
    """The store of a record: the GUID it is bound to, and the file for errors."""

    store_id: str
    path: Path

    @property
    def where(self) -> Origin:
        """The file, for errors."""
        return Origin(str(self.path))


class Protector(abc.ABC):
    """Wraps and unwraps the data key of a store."""

    kind: ClassVar[str]
    """The first word of its records."""

    asks = False
    """Whether opening a record may need a person."""

    proves = False
    """Whether its records prove that the store is this user's, because other users who can write
    the store's folder cannot make them.
    """

    @abc.abstractmethod
    def __init__(self, system: System) -> None: ...

    @abc.abstractmethod
    def wrap(self, data_key: bytes, store: StoreRef) -> str:
        """The record of ``data_key``, bound to this store.

        Raises `StoreUnavailable` or `InteractionRequired`.
        """

    @abc.abstractmethod
    def unwrap(self, record: str, store: StoreRef) -> bytes:
        """The data key of the record.

        Raises `StoreUnavailable` when it cannot be opened (a wrong passphrase), `StoreCorrupt`
        for a record that is malformed or exceeds the limits of work, or `InteractionRequired`.
        """

    def rewrap(self, record: str, data_key: bytes, store: StoreRef) -> str:  # noqa: ARG002  # most do not need the old one
        """A record of a new ``data_key`` with the parameters of ``record``."""
        return self.wrap(data_key, store)

    @abc.abstractmethod
    def describe(self, record: str) -> str:
        """A description for people."""


class RollbackGuard(Protector):
    """A protector that stores a counter outside of the file, to detect an old version of it."""

    @abc.abstractmethod
    def newest(self, record: str, store: StoreRef) -> int | None:
        """The stored counter, None for none. Raises `StoreUnavailable`."""

    @abc.abstractmethod
    def note(self, record: str, store: StoreRef, counter: int) -> None:
        """Stores the counter of the current version. Raises `StoreUnavailable`."""

    @abc.abstractmethod
    def forget(self, record: str, store: StoreRef) -> None:
        """Deletes what is stored for a removed record. Raises `StoreUnavailable`."""


def kind_of(record: str) -> str:
    """The first word of the record, which names the protector."""
    return record.partition(" ")[0]


def binding(store: StoreRef, head: str) -> bytes:
    """The additional authenticated data of a wrapped data key."""
    return crypto.bind(f"keystead/{crypto.FORMAT} data key", store.store_id, head)
