"""The encrypted store: one file whose keys are sealed under a passphrase.

Listing and finding unlock nothing: a sealed value is a `Secret` that unlocks the store, checks
the seal over the whole file and opens when somebody reveals it. Every write unlocks, for the
seal has to be made anew. What is sealed how stands in `seal`, what opens it in `protectors`, and
docs/encrypted-store.md specifies the file.
"""

from __future__ import annotations

import os
import shlex
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from keystead.errors import Origin, StoreCorrupt, StoreUnavailable, UsageError
from keystead.model import rules
from keystead.model.profile import Profile, Value
from keystead.secret import Secret
from keystead.stores import seal
from keystead.stores.accounts import (
    DISPLAY_NAME,
    Accounts,
    Entry,
    is_sealed,
    make_guid,
    parse,
    settings_in,
)
from keystead.stores.base import TRIES, Changes, overtaken
from keystead.stores.drafts import Draft, Drafts, changed, drafts_of, make_room, require
from keystead.stores.protectors import (
    PassphraseProtector,
    Protector,
    RandomBytes,
    StoreRef,
    kind_of,
    open_data_key,
)
from keystead.system import System
from keystead.system.files import Changed, Stamp
from keystead.system.generations import Replaced

_UNIQUE_KEY = "toolkit_artifact_guid"
"""What the shared files call a profile's GUID; a copy may not share it."""


@dataclass(frozen=True)
class StoreStatus:
    """What can be said of the store without unlocking it."""

    path: Path
    exists: bool = False
    format: str | None = None
    store_id: str | None = None
    protectors: tuple[str, ...] = ()
    """The kinds of its protectors, such as ``passphrase``."""
    profiles: int = 0
    unlocked: bool = False
    """Whether this object has opened it already."""


class _Unlocked(NamedTuple):
    record: str
    key: seal.DataKey


class EncryptedStore:
    """The profiles in ``RegisteredAccounts.json`` in the data folder.

    It need not exist: the first change makes it, protected by ``protector`` (a passphrase that is
    asked for). Each call reads the file anew; only the opened key is kept between calls.
    """

    type_name = "NetSDKCredentialsFile"
    location: str | None = None

    def __init__(
        self,
        system: System,
        *,
        protector: Protector | None = None,
        random_bytes: RandomBytes = os.urandom,
    ) -> None:
        self._system = system
        self._protector = protector or PassphraseProtector(system)
        self._random_bytes = random_bytes
        self._unlocked: _Unlocked | None = None
        self._verified: Accounts | None = None
        self._opening = threading.RLock()  # so that a person is asked once, not once a thread

    @property
    def path(self) -> Path:
        """The file of the store."""
        return self._system.folders.data / "RegisteredAccounts.json"

    def exists(self) -> bool:
        """Whether there is a store."""
        return self._system.files.read(self.path).data is not None

    def init(self) -> None:
        """Makes a store without profiles. Raises `UsageError` when there is one."""

        def edited(accounts: Accounts | None) -> Drafts:
            if accounts is not None:
                raise UsageError(
                    "there is an encrypted store already",
                    hint="`keystead store status` tells about it",
                    where=self._where,
                )
            return {}

        self._write(edited)

    def status(self) -> StoreStatus:
        """What can be said of the store without unlocking it. Raises `StoreCorrupt`."""
        accounts, _ = self._read()
        if accounts is None:
            return StoreStatus(self.path)
        return StoreStatus(
            self.path,
            exists=True,
            format=accounts.header["Format"],
            store_id=accounts.store_id,
            protectors=tuple(kind_of(record) for record in accounts.protectors),
            profiles=len(accounts.entries),
            unlocked=self._is_unlocked(accounts),
        )

    def find(self, name: str) -> Profile:
        """The profile of that name, still sealed. Raises `ProfileNotFound`, `StoreCorrupt`."""
        accounts, _ = self._read()
        accounts, guid = require(accounts, name)
        return self._profile(accounts, guid)

    def profiles(self) -> list[Profile]:
        """All profiles in the order of the file, still sealed. Raises `StoreCorrupt`."""
        accounts, _ = self._read()
        if accounts is None:
            return []
        return [self._profile(accounts, guid) for guid in accounts.entries]

    def change(self, name: str, changes: Callable[[Profile | None], Changes]) -> None:
        """Applies what ``changes`` makes of the profile; it may be asked more than once."""

        def edited(accounts: Accounts | None) -> Drafts | None:
            entries = accounts.entries if accounts else {}
            guids = accounts.named(name) if accounts else []
            current = self._profile(accounts, guids[0]) if accounts and guids else None
            wanted = changes(current)
            if current is None:
                rules.check_profile_name(name, shared=False)
            guid = guids[0] if guids else self._new_guid()
            before = entries.get(guid, {DISPLAY_NAME: name})
            draft = changed(before, wanted)
            return None if draft == before else {**drafts_of(entries), guid: draft}

        self._write(edited)

    def unregister(self, name: str) -> None:
        """Removes all entries of that name. Raises `ProfileNotFound`."""

        def edited(accounts: Accounts | None) -> Drafts:
            accounts, _ = require(accounts, name)
            return drafts_of(accounts.entries, without=accounts.named(name))

        self._write(edited)

    def rename(self, old: str, new: str, *, force: bool = False) -> None:
        """Renames the profile in place; it keeps its GUID."""

        def edited(accounts: Accounts | None) -> Drafts | None:
            accounts, guid = require(accounts, old)
            if old == new:
                return None
            drafts = make_room(accounts, new, force=force)
            drafts[guid][DISPLAY_NAME] = new
            return drafts

        self._write(edited)

    def copy(self, old: str, new: str, *, force: bool = False) -> None:
        """Copies the profile under a GUID of its own, with its values sealed for that one."""

        def edited(accounts: Accounts | None) -> Drafts | None:
            accounts, guid = require(accounts, old)
            if old == new:
                return None
            drafts = make_room(accounts, new, force=force)
            twin: Draft = {
                key: self._value(accounts, guid, key)
                for key in accounts.entries[guid]
                if key != _UNIQUE_KEY
            }
            return {**drafts, self._new_guid(): {**twin, DISPLAY_NAME: new}}

        self._write(edited)

    def _read(self) -> tuple[Accounts | None, Stamp | None]:
        """The file as it stands, its seal checked when the store is unlocked already."""
        access = self._system.files.access(self.path)
        quoted = shlex.quote(str(self.path))
        if access.foreign:
            raise StoreUnavailable(
                "the encrypted store belongs to another user",
                hint=f"if it should be yours, run `sudo chown $(id -u) {quoted}`",
                where=self._where,
            )
        if access.shared:
            raise StoreUnavailable(
                "other users may read or write the encrypted store",
                hint=f"run `chmod 600 {quoted}`",
                where=self._where,
            )
        data, stamp = self._system.files.read(self.path)
        if data is None:
            return None, None
        accounts = parse(data, str(self.path))
        if self._is_unlocked(accounts):
            self._key(accounts)
        return accounts, stamp

    def _profile(self, accounts: Accounts, guid: str) -> Profile:
        entry = accounts.entries[guid]
        settings: dict[str, Value] = {
            name: self._value(accounts, guid, key) for name, key in settings_in(entry).items()
        }
        origins = dict.fromkeys(settings, self._where)
        return Profile(
            entry[DISPLAY_NAME],
            settings,
            self.type_name,
            self.location,
            origins,
            guid,
            partial(self._key, accounts),
        )

    def _value(self, accounts: Accounts, guid: str, key: str) -> str | Secret:
        text = accounts.entries[guid][key]
        return Secret(partial(self._open, accounts, guid, key)) if is_sealed(key) and text else text

    def _open(self, accounts: Accounts, guid: str, key: str) -> str:
        data_key = self._key(accounts)
        try:
            return data_key.open_value(guid, key, accounts.entries[guid][key])
        except seal.BrokenSeal as error:
            raise StoreCorrupt(
                f"the value of `{key}` in the profile {guid} is not sealed for it",
                hint="remove the profile and save it anew",
                where=self._where,
            ) from error

    def _is_unlocked(self, accounts: Accounts) -> bool:
        opened = self._unlocked
        return (
            opened is not None
            and opened.key.store_id == accounts.store_id
            and opened.record in accounts.protectors
        )

    def _key(self, accounts: Accounts) -> seal.DataKey:
        """The key of the store, with the seal over this very content checked."""
        with self._opening:
            if self._unlocked is None or not self._is_unlocked(accounts):
                store = StoreRef(accounts.store_id, self.path)
                record, raw = open_data_key(accounts.protectors, store, self._system)
                self._unlocked = _Unlocked(record, seal.DataKey(store.store_id, raw))
            key = self._unlocked.key
            if self._verified is not accounts:
                try:
                    key.check(accounts.content, accounts.mac)
                except seal.BrokenSeal as error:
                    raise StoreCorrupt(
                        "the encrypted store was damaged, or changed by something else",
                        hint="put the file back from a backup; keystead leaves it as it is",
                        where=self._where,
                    ) from error
                self._verified = accounts
            return key

    def _new(self) -> tuple[Accounts, seal.DataKey]:
        """A store that is not written yet, and its key."""
        store = StoreRef(self._new_guid(), self.path)
        key = seal.DataKey(store.store_id, self._random_bytes(seal.KEY_BYTES))
        record = self._protector.wrap(key.raw, store)
        self._unlocked = _Unlocked(record, key)
        return Accounts.new(store.store_id, record), key

    def _write(self, edited: Callable[[Accounts | None], Drafts | None]) -> None:
        # Before the lock is taken: what is wrong is refused before a person is asked anything,
        # and nobody else waits while a person looks for a passphrase.
        accounts, _ = self._read()
        if edited(accounts) is None:
            return
        made = None if accounts else self._new()
        if accounts:
            self._key(accounts)
        with self._system.files.lock(self.path):
            for _ in range(TRIES):
                current, stamp = self._read()
                drafts = edited(current)
                if drafts is None:
                    return
                base, key = (current, self._key(current)) if current else made or self._new()
                following = base.next(self._sealed(key, drafts))
                data = following.signed(key.mac(following.content)).render()
                before = current.render() if current else None
                replaced = Replaced(self.path, before, data)
                try:
                    with self._system.generations.keeping([replaced], self._system.clock()):
                        self._system.files.replace(self.path, data, expect=stamp, private=True)
                except Changed:
                    continue
                return
        raise overtaken(self._where)

    def _sealed(self, key: seal.DataKey, drafts: Drafts) -> dict[str, Entry]:
        def text(guid: str, name: str, value: str | Secret) -> str:
            if isinstance(value, str):
                return value
            nonce = self._random_bytes(seal.NONCE_BYTES)
            return key.seal_value(guid, name, value.reveal(), nonce)

        return {
            guid: {name: text(guid, name, value) for name, value in draft.items()}
            for guid, draft in drafts.items()
        }

    def _new_guid(self) -> str:
        return make_guid(self._random_bytes(16))

    @property
    def _where(self) -> Origin:
        return Origin(str(self.path))
