"""The encrypted store: one file whose keys are sealed.

Listing and finding unlock nothing: a sealed value is a `Secret` that unlocks the store, checks
the seal over the whole file and opens when somebody reveals it. Every write unlocks, for the
seal has to be made anew. What is sealed how stands in `vault` and `seal`, what opens it in
`protectors`, and docs/encrypted-store.md specifies the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from keystead.errors import StoreUnavailable, UsageError
from keystead.model import validation
from keystead.model.ordinal_case import clash
from keystead.model.profile import Profile, Value
from keystead.secret import Secret
from keystead.stores.base import (
    TRIES,
    Changes,
    Follow,
    KeyKeeper,
    ProfileStore,
    StoreSnapshot,
    already_there,
    overtaken,
)
from keystead.stores.encrypted.enrolment import Enrolment
from keystead.stores.encrypted.entry_edits import (
    EntryEdit,
    EntryEdits,
    changed,
    edits_of,
    make_room,
    require,
    require_one_spelling,
)
from keystead.stores.encrypted.file import StoreFile
from keystead.stores.encrypted.layout import (
    DISPLAY_NAME,
    Accounts,
    Entry,
    is_saml,
    is_sealed,
    key_of,
    settings_in,
)
from keystead.stores.encrypted.protectors import (
    Protector,
    RandomBytes,
    kind_of,
)
from keystead.stores.encrypted.undo_key import generations
from keystead.stores.encrypted.value_cipher import Vault
from keystead.stores.sessions import SessionCache
from keystead.system import System
from keystead.system.file_versions import ChangeToken, change_token
from keystead.undo.history import UndoHistory

_UNIQUE_KEY = "toolkit_artifact_guid"
"""What the shared files call a profile's GUID; a copy may not share it."""


_SAML = "it is a SAML profile of the AWS SDK for .NET, and keystead cannot sign in that way"


@dataclass(frozen=True)
class StoreStatus:
    """What can be said of the store without unlocking it."""

    path: Path
    exists: bool = False
    format: str | None = None
    """The version of keystead's own format; None for the .NET SDK's file."""
    store_id: str | None = None
    protectors: tuple[str, ...] = ()
    """The kinds of its protectors, such as ``passphrase``."""
    profiles: int = 0
    changes: tuple[str, ...] = ()
    """What is another than in the store that is remembered, for people."""
    unlocked: bool = False
    """Whether this object has opened it already."""


class EncryptedSnapshot(StoreSnapshot):
    """One version of the file, its secrets still encrypted."""

    def __init__(self, store: EncryptedStore) -> None:
        self._store = store

    @cached_property
    def _accounts(self) -> Accounts | None:
        return self._store.accounts()

    def find(self, name: str) -> Profile:
        """The profile of that name. Raises `ProfileNotFound`, `StoreCorrupt`."""
        return self._store.profile(*require(self._accounts, name))

    def profiles(self) -> list[Profile]:
        """All profiles in the order of the file. Raises `StoreCorrupt`."""
        found = self._accounts
        return [self._store.profile(found, guid) for guid in found.entries] if found else []


class EncryptedStore(ProfileStore):
    """The profiles in ``RegisteredAccounts.json`` in the data folder.

    It need not exist: the first change makes it, protected by ``protector`` (else, on Windows, as
    the .NET SDK's own file; elsewhere by a passphrase that is asked for). Once opened it stays
    open.
    """

    type_name = "NetSDKCredentialsFile"
    title = "encrypted store"
    ignores_case = True

    def __init__(
        self,
        system: System,
        *,
        protector: Protector | None = None,
        random_bytes: RandomBytes = os.urandom,
        keeper: KeyKeeper | None = None,
    ) -> None:
        self._file = StoreFile(system, random_bytes, keeper)
        self._protector = protector
        self.read_by_dotnet = system.dpapi is not None

    @classmethod
    def open(cls, system: System, keeper: KeyKeeper | None = None) -> EncryptedStore:
        """The one in the data folder."""
        return cls(system, keeper=keeper)

    def snapshot(self) -> EncryptedSnapshot:
        """What the file holds now."""
        return EncryptedSnapshot(self)

    def change_token(self) -> ChangeToken:
        """The version of the file."""
        return change_token([self.path])

    @property
    def path(self) -> Path:
        """The file of the store."""
        return self._file.path

    @property
    def protectors(self) -> Enrolment:
        """What opens the store, to be listed and changed."""
        return Enrolment(self._file)

    @property
    def generations(self) -> UndoHistory:
        """What the last changes of all files replaced, in envelopes that this store opens."""
        return generations(self._file)

    def sessions(self) -> SessionCache:
        """The cache of sessions, sealed for this store."""
        return SessionCache(self._file)

    @property
    def is_unknown(self) -> bool:
        """Whether the store that was last read is one that is not remembered."""
        return self._file.known.is_unknown

    def opens_unasked(self) -> bool:
        """Whether it is open, or opens without asking a person. Raises `StoreCorrupt`."""
        accounts = self.accounts()
        native = accounts is not None and accounts.header is None
        return native or self._file.key_unasked() is not None

    def unlock(self) -> None:
        """Opens it, asking whom its protectors ask. Raises `StoreUnavailable`, `StoreCorrupt`."""
        accounts = self.accounts()
        if accounts is None:
            raise StoreUnavailable(
                "there is no encrypted store",
                id="no-encrypted-store",
                hint="`keystead store init` makes one",
                where=self._file.where,
            )
        self._file.vault(accounts)

    def exists(self) -> bool:
        """Whether there is a store."""
        return self._file.exists()

    def init(self, protector: Protector | None = None) -> None:
        """Makes a store without profiles, protected by ``protector``.

        Raises `UsageError` when there is one.
        """

        def edited(accounts: Accounts | None) -> EntryEdits:
            if accounts is not None:
                raise UsageError(
                    "an encrypted store exists already",
                    id="store-exists",
                    hint="`keystead store status` describes it; "
                    "`keystead store protectors add` gives it one more protector",
                    where=self._file.where,
                )
            return {}

        self._protector = protector or self._protector
        self._write(edited)

    def status(self) -> StoreStatus:
        """What can be said of the store without unlocking it. Raises `StoreCorrupt`."""
        accounts = self._file.read(foreign=True).accounts
        if accounts is None:
            return StoreStatus(self.path)
        return StoreStatus(
            self.path,
            exists=True,
            format=accounts.own["Format"] if accounts.header else None,
            store_id=accounts.store_id if accounts.header else None,
            protectors=tuple(map(kind_of, accounts.protectors)) or ("dpapi",),
            profiles=len(accounts.entries),
            changes=tuple(self._file.known.changes(accounts)),
            unlocked=self._file.is_unlocked(accounts),
        )

    def change(self, name: str, changes: Callable[[Profile | None], Changes]) -> None:
        """Applies what ``changes`` makes of the profile; it may be asked more than once."""

        def edited(accounts: Accounts | None) -> EntryEdits | None:
            entries = accounts.entries if accounts else {}
            guids = accounts.named(name) if accounts else []
            if accounts:
                require_one_spelling(accounts, name)
            current = self.profile(accounts, guids[0]) if accounts and guids else None
            wanted = changes(current)
            if current is None:
                validation.check_profile_name(name, shared=False)
            guid = guids[0] if guids else self._file.new_guid()
            before = entries.get(guid, {DISPLAY_NAME: name})
            draft = changed(before, wanted)
            return None if draft == before else {**edits_of(entries), guid: draft}

        self._write(edited, [name])

    def unregister(self, name: str) -> None:
        """Removes all entries of that name. Raises `ProfileNotFound`.

        Where there are several spellings of it, those of this one.
        """

        def edited(accounts: Accounts | None) -> EntryEdits:
            accounts, _ = require(accounts, name)
            doomed = accounts.spelled(name) or accounts.named(name)
            return edits_of(accounts.entries, without=doomed)

        self._write(edited, [name])

    def rename(
        self, old: str, new: str, *, force: bool = False, follow: Follow | None = None
    ) -> None:
        """Renames the profile in place; it keeps its GUID."""
        names = {old, new}

        def edited(accounts: Accounts | None) -> EntryEdits | None:
            accounts, guid = require(accounts, old)
            if accounts.entries[guid][DISPLAY_NAME] == new:
                return None
            drafts = make_room(accounts, guid, new, force=force)
            drafts[guid][DISPLAY_NAME] = new
            return self._followed(accounts, drafts, follow, names) if follow else drafts

        self._write(edited, names)

    def follow(self, follow: Follow) -> None:
        """Changes what ``follow`` gives, in one version of the file."""

        def edited(accounts: Accounts | None) -> EntryEdits | None:
            if accounts is None:
                return None
            before = edits_of(accounts.entries)
            after = self._followed(accounts, edits_of(accounts.entries), follow, names)
            return None if after == before else after

        names: set[str] = set()
        self._write(edited, names)

    def _followed(
        self, accounts: Accounts, drafts: EntryEdits, follow: Follow, names: set[str]
    ) -> EntryEdits:
        """The drafts with what ``follow`` gives; ``names`` gets those of the changed profiles."""
        for guid, draft in drafts.items():
            profile = self.profile(accounts, guid)
            changes = follow(profile)
            draft.update({key_of(name): text for name, text in changes.items()})
            names.update([profile.name] if changes else ())
        return drafts

    def copy(self, old: str, new: str, *, force: bool = False) -> None:
        """Copies the profile under a GUID of its own, with its values sealed for that one."""

        def edited(accounts: Accounts | None) -> EntryEdits | None:
            accounts, guid = require(accounts, old)
            require_one_spelling(accounts, old)
            if accounts.entries[guid][DISPLAY_NAME] == new:
                return None
            if guid in accounts.named(new):
                raise already_there(accounts.entries[guid][DISPLAY_NAME])
            drafts = make_room(accounts, guid, new, force=force)
            twin: EntryEdit = {
                key: self._value(accounts, guid, key)
                for key in accounts.entries[guid]
                if key != _UNIQUE_KEY
            }
            return {**drafts, self._file.new_guid(): {**twin, DISPLAY_NAME: new}}

        self._write(edited, [new])

    def accounts(self) -> Accounts | None:
        """The content of the file as it is now. Raises `StoreCorrupt`."""
        return self._file.read().accounts

    def profile(self, accounts: Accounts, guid: str) -> Profile:
        """One of its profiles, whose secrets open the store when they are revealed."""
        entry = accounts.entries[guid]
        settings: dict[str, Value] = {
            name: self._value(accounts, guid, key) for name, key in settings_in(entry).items()
        }
        origins = dict.fromkeys(settings, self._file.where)
        return Profile(
            entry[DISPLAY_NAME],
            settings,
            self.type_name,
            self.location,
            origins,
            guid,
            partial(self._file.vault, accounts),
            clash(accounts.spellings(entry[DISPLAY_NAME])) or (_SAML if is_saml(entry) else None),
        )

    def _value(self, accounts: Accounts, guid: str, key: str) -> str | Secret:
        text = accounts.entries[guid][key]
        return (
            Secret(partial(self._file.open_value, accounts, guid, key))
            if is_sealed(key) and text
            else text
        )

    def _write(
        self, edited: Callable[[Accounts | None], EntryEdits | None], names: Collection[str] = ()
    ) -> None:
        """Writes what ``edited`` makes of the file; ``names`` are the profiles it changes."""
        # Before the lock is taken: what is wrong is refused before a person is asked anything,
        # and nobody else waits while a person looks for a passphrase.
        accounts = self.accounts()
        drafts = edited(accounts)
        if drafts is None:
            return
        if self._file.system.files.dry:
            self._file.note(accounts, _unsealed(drafts))
            return
        if accounts:
            self._file.vault(accounts)
            self._write_edited(edited, names, None)
            return
        made = self._file.new(self._protector)
        with self._file.cleaning(made[0], made[0].protectors):
            self._write_edited(edited, names, made)

    def _write_edited(
        self,
        edited: Callable[[Accounts | None], EntryEdits | None],
        names: Collection[str],
        made: tuple[Accounts, Vault] | None,
    ) -> None:
        with self._file.system.files.lock(self._file.path):
            for _ in range(TRIES):
                version = self._file.read(fresh=True)
                current = version.accounts
                drafts = edited(current)
                if drafts is None:
                    return
                if current:
                    base, vault = current, self._file.vault(current)
                else:
                    base, vault = made or self._file.new(self._protector)
                following = vault.signed(base.next(_sealed(vault, drafts)))
                if self._file.put(version, following, names=names):
                    return
        raise overtaken(self._file.where)


def _sealed(vault: Vault, drafts: EntryEdits) -> dict[str, Entry]:
    return {
        guid: {
            name: value if isinstance(value, str) else vault.seal(guid, name, value.reveal())
            for name, value in draft.items()
        }
        for guid, draft in drafts.items()
    }


def _unsealed(drafts: EntryEdits) -> dict[str, Entry]:
    """What a dry run notes: a stand-in for each secret that would be sealed."""
    return {
        guid: {name: value if isinstance(value, str) else "00" for name, value in draft.items()}
        for guid, draft in drafts.items()
    }
