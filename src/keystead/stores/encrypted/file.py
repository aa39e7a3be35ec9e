"""Reading, unlocking, verifying and writing the file of the encrypted store."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property, partial

from keystead import crypto
from keystead.errors import (
    FileProblem,
    InteractionRequired,
    KeysteadError,
    Origin,
    StoreCorrupt,
    StoreUnavailable,
)
from keystead.stores.base import KeyKeeper
from keystead.stores.encrypted.known_store import KnownStore
from keystead.stores.encrypted.layout import (
    Accounts,
    Entry,
    is_sealed,
    make_guid,
    parse,
    store_id_of,
)
from keystead.stores.encrypted.protectors import (
    PassphraseProtector,
    Protector,
    RandomBytes,
    RollbackGuard,
    StoreRef,
    open_data_key,
    protector_of,
)
from keystead.stores.encrypted.value_cipher import DataKeyCipher, DpapiCipher, ValueCipher
from keystead.stores.lost_update import by_another_program, is_lost, watch
from keystead.system import System
from keystead.system.file_versions import FileVersion
from keystead.system.files import Changed, Snapshot
from keystead.system.fork_lock import ForkLock
from keystead.system.path import Path
from keystead.system.private import Exposed
from keystead.undo.envelope import PlainEnvelope
from keystead.undo.fallback_key import FallbackKey
from keystead.undo.history import Replaced, UndoHistory
from keystead.value import NamedTuple

_EMPTY = (b"", b"null")
"""Content that the .NET SDK reads as no profiles."""


class Version(NamedTuple):
    """The file at one moment; all None for no file, ``accounts`` None for an empty one."""

    accounts: Accounts | None = None
    file_version: FileVersion | None = None
    data: bytes | None = None


class Unlocked(NamedTuple):
    """A data key, its protector record, and the counter its protector has stored."""

    record: str
    key: crypto.DataKey
    newest: int | None = None
    """The counter of the newest version; None where it is not known."""


class StoreFile:
    """``RegisteredAccounts.json``, which stays unlocked while this object exists.

    ``keeper`` is asked for the data key before the protectors, and caches one they gave.
    """

    def __init__(
        self,
        system: System,
        random_bytes: RandomBytes = os.urandom,
        keeper: KeyKeeper | None = None,
    ) -> None:
        self.system = system
        self.random_bytes = random_bytes
        self._keeper = keeper
        self._unlocked: Unlocked | None = None
        self._verified: Accounts | None = None
        self._parsed: tuple[bytes, Accounts] | None = None
        self.known = KnownStore(system, self.path)
        self._opening = ForkLock()  # so that there is one prompt, not one for each thread

    @cached_property
    def path(self) -> Path:
        """The file of the store."""
        return self.system.folders.accounts_file

    @cached_property
    def where(self) -> Origin:
        """The file, for errors."""
        return Origin(str(self.path))

    def exists(self) -> bool:
        """Whether there is a file."""
        return self.system.files.current(self.path, private=True).data is not None

    @property
    def undo_history(self) -> UndoHistory:
        """The undo copies of the file, which are already encrypted."""
        folders = self.system.folders
        key = FallbackKey(self.system, folders.undo_key)
        return UndoHistory(self.system.files, folders.undo_copies, PlainEnvelope(), key)

    def read(self, *, foreign: bool = False, fresh: bool = False) -> Version:
        """The current file; its MAC is checked if the store is unlocked.

        ``fresh``: it is opened even if it is unchanged. Raises `ForeignStore` where another store
        is known, unless ``foreign``.
        """
        files = self.system.files
        try:
            data, version = (files.read if fresh else files.current)(self.path, private=True)
        except Exposed as error:
            raise StoreUnavailable(
                f"the encrypted store {error.message}", hint=error.hint, where=self.where
            ) from None
        if data is None:
            return Version()
        native = self.system.dpapi is not None
        if native and data.strip() in _EMPTY:
            return Version(None, version, data)
        parsed = self._parsed
        if parsed is None or parsed[0] != data:
            self._parsed = parsed = data, parse(data, str(self.path), native=native)
        accounts = parsed[1]
        if not foreign:
            self.known.require_same(accounts)
        if self.is_unlocked(accounts):
            self.cipher(accounts)
        return Version(accounts, version, data)

    def ref(self, accounts: Accounts) -> StoreRef:
        """The store that its protector records are bound to."""
        return StoreRef(accounts.store_id, self.path)

    def new_guid(self) -> str:
        """A new GUID."""
        return make_guid(self.random_bytes(16))

    def new_key(self) -> crypto.DataKey:
        """A new data key, with the id of its store."""
        raw = self.random_bytes(crypto.KEY_BYTES)
        return crypto.DataKey(store_id_of(raw), raw)

    def new(self, protector: Protector | None) -> tuple[Accounts, ValueCipher]:
        """An unwritten version without entries, and its cipher.

        Without a ``protector`` it is the .NET SDK's file on Windows, else protected by a
        passphrase.
        """
        if protector is None and self.system.dpapi is not None:
            return Accounts(None, {}), DpapiCipher(self.system.dpapi)
        protector = protector or PassphraseProtector(self.system)
        self.known.require_new()
        key = self.new_key()
        record = protector.wrap(key.raw, StoreRef(key.store_id, self.path))
        self._unlocked = Unlocked(record, key)
        accounts = Accounts.new(key.store_id, key.recipient, record)
        return accounts, DataKeyCipher(key, self.random_bytes)

    def is_unlocked(self, accounts: Accounts) -> bool:
        """Whether its data key is known already."""
        opened = self._unlocked
        return (
            accounts.header is not None
            and opened is not None
            and opened.key.store_id == accounts.store_id
            and opened.record in accounts.protectors
        )

    def cipher(self, accounts: Accounts) -> ValueCipher:
        """The cipher of the store, after verifying this version."""
        if accounts.header is None:
            assert self.system.dpapi is not None  # noqa: S101  # else the file was refused
            return DpapiCipher(self.system.dpapi)
        with self._opening:
            if self._unlocked is None or not self.is_unlocked(accounts):
                self._unlocked = self._unlock(accounts)
                self._verified = accounts
            cipher = DataKeyCipher(self._unlocked.key, self.random_bytes)
            if self._verified is not accounts:
                self._check(accounts, cipher, self._unlocked.newest)
                self._verified = accounts
            return cipher

    def key_unasked(self) -> crypto.DataKey | None:
        """The data key, if it is available without a prompt. Raises `StoreCorrupt`."""
        accounts = self.read().accounts
        if accounts is None or accounts.header is None:
            return None
        with self._opening:
            if not self.is_unlocked(accounts):
                try:
                    self._unlocked = self._unlock(accounts, unattended=True)
                except (StoreUnavailable, InteractionRequired):
                    return None
                self._verified = accounts
            cipher = self.cipher(accounts)
        return cipher.key if isinstance(cipher, DataKeyCipher) else None

    def open_value(self, accounts: Accounts, guid: str, key: str) -> str:
        """Decrypts ``key`` of an entry. Raises `StoreCorrupt`, and what unlocking raises."""
        cipher = self.cipher(accounts)
        try:
            return cipher.open(guid, key, accounts.entries[guid][key])
        except crypto.IntegrityError as error:
            raise StoreCorrupt(
                f"the value of `{key}` in the profile {guid} is not encrypted for it",
                id="store-value-damaged",
                hint="remove the profile and save it again",
                where=self.where,
            ) from error

    def put(
        self,
        before: Version,
        following: Accounts,
        unlocked: Unlocked | None = None,
        names: Collection[str] = (),
    ) -> bool:
        """Writes the version after ``before``; False when another program has changed the file.

        ``unlocked`` is given for a new data key; ``names`` are the changed profiles.
        """
        data = following.render()
        replaced = Replaced(self.path, before.data, data)
        new = before.accounts is None or unlocked is not None
        if new:
            self.known.expect(following)
        try:
            # No other program writes keystead's format.
            snapshot = Snapshot(before.data, before.file_version)
            versions = [] if following.header else [(self.path, snapshot)]
            foreign = by_another_program(self.system, self.undo_history, versions)
            with self.undo_history.saving([replaced], self.system.clock(), names):
                version = self.system.files.replace(
                    self.path, data, expect=before.file_version, private=True
                )
                if foreign:
                    lost = partial(self._is_lost, before.accounts, following)
                    watch(self.system, {self.path: version}, lost)
        except Changed:
            return False
        self._unlocked = unlocked or self._unlocked
        if following.header and self._unlocked:  # what was just signed need not be verified
            self._parsed, self._verified = (data, following), following
        self._note(following)
        if new:
            with contextlib.suppress(FileProblem):  # it is known already
                self.known.remember(following)
        if new and self._unlocked and self.path.exists():  # a dry run writes none
            self._tell_keeper(following.store_id, self._unlocked.record, self._unlocked.key.raw)
        return True

    def note(self, accounts: Accounts | None, entries: Mapping[str, Entry]) -> None:
        """Records the write of these entries in a dry run, without unlocking."""
        if accounts is None:
            native = self.system.dpapi is not None
            made = Accounts.new(self.new_guid(), bytes(crypto.KEY_BYTES), "none").signed("none")
            accounts = Accounts(None, {}) if native else made
        data = accounts.next(entries).render()
        self.system.files.replace(self.path, data, expect=None, private=True)

    def _is_lost(self, before: Accounts | None, after: Accounts) -> bool:
        """Whether another program has overwritten a save of the .NET SDK's file."""
        try:
            now = self.read(fresh=True).accounts
        except StoreCorrupt:  # maybe half-written; the next try decides
            return True
        was, made, found = (self._opened(accounts) for accounts in (before, after, now))
        return is_lost(was, made, found)

    def _opened(self, accounts: Accounts | None) -> dict[str, dict[str, str]]:
        """All entries decrypted, as the SDK encrypts every value again at each write."""
        if accounts is None:
            return {}
        cipher = self.cipher(accounts)
        found: dict[str, dict[str, str]] = {}
        for guid, entry in accounts.entries.items():
            found[guid] = dict(entry)
            for key in filter(is_sealed, entry):
                with contextlib.suppress(KeysteadError, crypto.IntegrityError):
                    found[guid][key] = cipher.open(guid, key, entry[key])
        return found

    def accept(self, accounts: Accounts, store_id: str | None = None) -> None:
        """Unlocks the version and records it as the newest one of this user's store.

        With ``store_id``, raises `ForeignStore` for another store.
        """
        self.known.require_named(accounts)
        unlocked = self._opened_afresh(accounts)
        if store_id is not None:
            proven = self._proves(unlocked.record)
            self.known.require_id(accounts, unlocked.key, store_id, proven=proven)
        self._take(accounts, unlocked)

    def accept_restored(self, accounts: Accounts) -> None:
        """`accept` for a restored version, if its key is that of a known store."""
        unlocked = self._opened_afresh(accounts)
        if not self.known.changes(accounts) or self.known.has_key(unlocked.key):
            self._take(accounts, unlocked)

    def _opened_afresh(self, accounts: Accounts) -> Unlocked:
        store = self.ref(accounts)
        record, raw = open_data_key(accounts.protectors, store, self.system)
        unlocked = Unlocked(record, crypto.DataKey(store.store_id, raw))
        self._check(accounts, DataKeyCipher(unlocked.key, self.random_bytes), None)
        return unlocked

    def _take(self, accounts: Accounts, unlocked: Unlocked) -> None:
        self._unlocked, self._verified = unlocked, accounts
        self.known.remember(accounts)
        self._note(accounts)

    @property
    def record(self) -> str | None:
        """The record of the protector that opened the file."""
        return self._unlocked.record if self._unlocked else None

    def remembers(self, record: str) -> RollbackGuard | None:
        """The protector of the record, if it can detect an old version."""
        protector = protector_of(record, self.system)
        return protector if isinstance(protector, RollbackGuard) else None

    @contextlib.contextmanager
    def cleaning(self, accounts: Accounts, *records: Iterable[str]) -> Iterator[None]:
        """Makes protectors delete their data outside of the file for unused ``records``.

        Best effort, also after an error: what is left opens nothing.
        """
        try:
            yield
        finally:
            with contextlib.suppress(KeysteadError):
                current = self.read(foreign=True).accounts
                named = current.protectors if current else ()
                # If the file was removed meanwhile they stay, so that it can be restored.
                gone = current is None and accounts.counter > 0
                for record in () if gone else itertools.chain(*records):
                    protector = self.remembers(record)
                    if protector and record not in named:
                        protector.forget(record, self.ref(accounts))

    def _unlock(self, accounts: Accounts, *, unattended: bool = False) -> Unlocked:
        """Opens and verifies the version, if it is this user's store."""
        store = self.ref(accounts)
        cached = self._keeper.key(store.store_id) if self._keeper else None
        usable = cached and cached[0] in accounts.protectors and len(cached[1]) == crypto.KEY_BYTES
        if cached and usable:
            record, raw = cached
        else:
            record, raw = open_data_key(
                accounts.protectors,
                store,
                self.system,
                unattended=unattended,
                proving=not self.known.knows(accounts),
            )
        protector = self.remembers(record)
        newest = protector.newest(record, store) if protector else None
        key = crypto.DataKey(store.store_id, raw)
        self._check(accounts, DataKeyCipher(key, self.random_bytes), newest)
        self.known.admit(accounts, key, proven=bool(usable) or self._proves(record))
        if not usable:
            self._tell_keeper(store.store_id, record, raw)
        return Unlocked(record, key, newest)

    def _proves(self, record: str) -> bool:
        protector = protector_of(record, self.system)
        return protector is not None and protector.proves

    def _tell_keeper(self, store_id: str, record: str, raw: bytes) -> None:
        if self._keeper:
            opener = protector_of(record, self.system)
            asked = opener is not None and opener.asks
            self._keeper.keep_key(store_id, record, raw, start=asked)

    def _check(self, accounts: Accounts, cipher: DataKeyCipher, newest: int | None) -> None:
        try:
            cipher.check(accounts)
        except crypto.IntegrityError as error:
            raise StoreCorrupt(
                "the encrypted store was damaged, or changed by another program",
                hint="restore the file from a backup; keystead does not change it",
                where=self.where,
            ) from error
        if newest is not None and accounts.counter < newest:
            raise StoreCorrupt(
                f"this is version {accounts.counter} of the encrypted store, "
                f"older than version {newest}, which was written before",
                id="store-rolled-back",
                hint="if you restored an older file yourself, run `keystead store accept`; "
                "otherwise somebody replaced it",
                where=self.where,
            )

    def _note(self, accounts: Accounts) -> None:
        """Makes the protector store the counter; best effort, as an older one is valid too."""
        opened = self._unlocked
        if accounts.header is None or opened is None:
            return
        protector = self.remembers(opened.record)
        if protector:
            with contextlib.suppress(StoreUnavailable):
                protector.note(opened.record, self.ref(accounts), accounts.counter)
            self._unlocked = opened._replace(newest=accounts.counter)
