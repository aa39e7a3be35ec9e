"""Listing, adding, removing and renewing the protectors of the encrypted store."""

from __future__ import annotations

from collections.abc import Sequence

from keystead import crypto
from keystead.errors import StoreUnavailable, UsageError
from keystead.stores.base import TRIES, overtaken
from keystead.stores.encrypted.file import StoreFile, Unlocked
from keystead.stores.encrypted.layout import Accounts, Entry, is_sealed
from keystead.stores.encrypted.protectors import (
    Protector,
    StoreRef,
    kind_of,
    protector_of,
    require_bounded,
)
from keystead.stores.encrypted.value_cipher import DataKeyCipher
from keystead.value import NamedTuple


class Enrolled(NamedTuple):
    """One protector of the store; numbers begin at 1."""

    number: int
    kind: str
    about: str
    """The description of its record."""


class Enrolment:
    """The protectors of a store.

    Every method raises `StoreUnavailable` without a store and `UsageError` for the .NET SDK's
    file, which has no protectors.
    """

    def __init__(self, file: StoreFile) -> None:
        self._file = file

    def list(self, *, foreign: bool = False) -> list[Enrolled]:
        """The protectors; with ``foreign`` also of a store that is not the known one."""
        accounts = self._present(foreign=foreign)
        found = [(r, protector_of(r, self._file.system)) for r in accounts.protectors]
        return [
            Enrolled(n, kind_of(record), p.describe(record) if p else "not known to this keystead")
            for n, (record, p) in enumerate(found, 1)
        ]

    def add(self, protector: Protector) -> None:
        """Adds a protector; an existing one unlocks the store."""
        accounts = self._present()
        key = self._data_key(accounts)
        store = self._file.ref(accounts)
        record = protector.wrap(key.raw, store)
        records = [*accounts.protectors, record]
        with self._file.cleaning(accounts, [record]):
            require_bounded(records, store)
            self._reprotect(accounts, key, records)

    def remove(self, number: int) -> None:
        """Removes the protector ``number`` and what it stores outside of the file.

        It still opens old copies of the file, whose data key only `rekey` replaces. Raises
        `UsageError` for an unknown number and for the last protector.
        """
        accounts = self._present()
        records = list(accounts.protectors)
        if not 1 <= number <= len(records):
            raise UsageError(
                f"the encrypted store has no protector {number}",
                id="unknown-protector",
                hint="`keystead store protectors` lists them",
            )
        if len(records) == 1:
            raise UsageError(
                "it is the only protector of the encrypted store",
                id="last-protector",
                hint="add another one first: `keystead store protectors add`",
            )
        key = self._data_key(accounts)
        with self._file.cleaning(accounts, [records.pop(number - 1)]):
            self._reprotect(accounts, key, records)

    def rekey(self) -> None:
        """Replaces the data key: encrypts every value and wraps the key by every protector again.

        Undo copies are removed: they are encrypted with the old key.
        """
        accounts = self._present()
        old = self._data_key(accounts)
        new = self._file.new_key()
        store = StoreRef(new.store_id, self._file.path)
        records: list[str] = []
        with (
            self._file.cleaning(accounts, accounts.protectors),
            self._file.cleaning(accounts.protected(new, ()), records),
        ):
            for record in accounts.protectors:
                protector = protector_of(record, self._file.system)
                if protector is None:
                    raise StoreUnavailable(
                        f"this keystead does not know the protector `{kind_of(record)}` and so "
                        "cannot give it the new key",
                        id="protector-not-known",
                        hint="remove it first: `keystead store protectors remove`",
                        where=self._file.where,
                    )
                records.append(protector.rewrap(record, new.raw, store))
            self._reprotect(accounts, old, records, new)
        self._file.undo_history.forget()

    def changes(self) -> Sequence[str]:
        """The differences between this file and the known store, for people."""
        return self._file.known.changes(self._current(foreign=True))

    def accept(self, store_id: str | None = None) -> bool:
        """Accepts the current file as the newest version of this user's store.

        With ``store_id`` only a store that has proved this id, by its key or its protector.
        Returns whether it can be recorded as known.
        """
        accounts = self._current(foreign=True)
        if accounts.header is None and store_id is None:
            self._file.known.remember(accounts)
            return True
        self._file.accept(self._present(foreign=True), store_id)
        return not self._file.known.remembers_nothing

    def restored(self) -> None:
        """`accept` for a file that ``undo`` restored, if it is of a known store.

        A file of another store is not accepted: undo copies can be replaced too.
        """
        accounts = self._file.read(foreign=True).accounts
        if accounts is None or accounts.header is None:
            return
        if self._file.known.changes(accounts) or any(
            map(self._file.remembers, accounts.protectors)
        ):
            self._file.accept_restored(accounts)

    def _current(self, *, foreign: bool = False) -> Accounts:
        accounts = self._file.read(foreign=foreign).accounts
        if accounts is None:
            raise StoreUnavailable(
                "there is no encrypted store",
                id="no-encrypted-store",
                hint="`keystead store init` makes it",
            )
        return accounts

    def _present(self, *, foreign: bool = False) -> Accounts:
        accounts = self._current(foreign=foreign)
        if accounts.header is None:
            raise UsageError(
                "the encrypted store is the .NET SDK's file, which Windows protects",
                id="store-of-windows",
                hint="set KEYSTEAD_HOME to use a separate store with other protectors",
                where=self._file.where,
            )
        return accounts

    def _data_key(self, accounts: Accounts) -> crypto.DataKey:
        cipher = self._file.cipher(accounts)
        assert isinstance(cipher, DataKeyCipher)  # noqa: S101  # as the file has a header
        return cipher.key

    def _reprotect(
        self,
        seen: Accounts,
        old: crypto.DataKey,
        records: Sequence[str],
        new: crypto.DataKey | None = None,
    ) -> None:
        """Writes the store with these protector records, encrypted again for a ``new`` key.

        Raises `FileProblem` when the protectors have changed since ``seen``.
        """
        key = new or old
        cipher = DataKeyCipher(key, self._file.random_bytes)
        with self._file.system.files.lock(self._file.path):
            for _ in range(TRIES):
                version = self._file.read(fresh=True)
                current = version.accounts
                if current is None or current.protectors != seen.protectors:
                    break
                self._file.cipher(current)
                entries = self._resealed(current, cipher) if new else current.entries
                following = cipher.signed(current.next(entries).protected(key, records))
                opened = self._file.record
                record = opened if opened and opened in records else records[0]
                if self._file.put(version, following, Unlocked(record, key)):
                    return
        raise overtaken(self._file.where)

    def _resealed(self, accounts: Accounts, cipher: DataKeyCipher) -> dict[str, Entry]:
        return {
            guid: {
                key: cipher.seal(guid, key, self._file.open_value(accounts, guid, key))
                if is_sealed(key) and text
                else text
                for key, text in entry.items()
            }
            for guid, entry in accounts.entries.items()
        }
