"""The encrypted store: one file with encrypted secrets; docs/encrypted-store.md specifies it.

Listing and finding unlock nothing: an encrypted value is a `Secret` that unlocks and verifies the
store when it is revealed. Every write unlocks, because it makes a new MAC. What reads and changes
the file is imported when there is a file or one is made: most users have none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from functools import cached_property

from keystead.errors import StoreUnavailable, UsageError
from keystead.model import validation
from keystead.model.profile import Profile
from keystead.stores.base import (
    TRIES,
    Changes,
    Follow,
    KeyKeeper,
    ProfileStore,
    StoreSnapshot,
    TypeRow,
    already_there,
    not_found,
    overtaken,
    uncollected,
)
from keystead.system import System
from keystead.system.file_versions import ChangeToken, change_token
from keystead.system.path import Path
from keystead.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.stores.encrypted.enrolment import Enrolment
    from keystead.stores.encrypted.entry_edits import EntryEdit, EntryEdits
    from keystead.stores.encrypted.file import StoreFile
    from keystead.stores.encrypted.layout import Accounts, Entry
    from keystead.stores.encrypted.protectors import Protector, RandomBytes
    from keystead.stores.encrypted.value_cipher import ValueCipher
    from keystead.stores.logins import SealedLogins
    from keystead.stores.sessions import SessionCache
    from keystead.undo.history import UndoHistory

TYPE_NAME = "NetSDKCredentialsFile"

_UNIQUE_KEY = "toolkit_artifact_guid"
"""The shared-file name of a profile's GUID, which is not copied."""


class StoreStatus(Value):
    """The state of the store that is known without unlocking it."""

    path: Path
    exists: bool = False
    format: str | None = None
    """The version of keystead's format; None for the .NET SDK's file."""
    store_id: str | None = None
    protectors: tuple[str, ...] = ()
    """Its protectors, such as ``passphrase``."""
    profiles: int = 0
    changes: tuple[str, ...] = ()
    """The differences to the known store, for people."""
    unlocked: bool = False
    """Whether this object has opened it."""


class EncryptedSnapshot(StoreSnapshot):
    """One version of the file, its secrets still encrypted."""

    def __init__(self, store: EncryptedStore) -> None:
        self._store = store

    @cached_property
    def _accounts(self) -> Accounts | None:
        return self._store.accounts()

    def find(self, name: str) -> Profile:
        """The profile ``name``. Raises `ProfileNotFound`, `StoreCorrupt`."""
        if self._accounts is None:
            raise not_found(name, ())
        from keystead.stores.encrypted.entry_edits import require
        from keystead.stores.encrypted.entry_profile import profile_of

        return profile_of(self._store._file, *require(self._accounts, name))  # noqa: SLF001  # its snapshot

    def profiles(self) -> list[Profile]:
        """All profiles in the order of the file. Raises `StoreCorrupt`."""
        accounts = self._accounts
        if accounts is None:
            return []
        from keystead.stores.encrypted.entry_profile import profile_of

        file = self._store._file  # noqa: SLF001  # its snapshot
        with uncollected():
            return [profile_of(file, accounts, guid) for guid in accounts.entries]

    def types(self) -> list[TypeRow]:
        """As `StoreSnapshot.types`."""
        accounts = self._accounts
        if accounts is None:
            return []
        from keystead.stores.encrypted.entry_profile import type_of

        return [type_of(accounts, entry) for entry in accounts.entries.values()]


class EncryptedStore(ProfileStore):
    """The profiles in ``RegisteredAccounts.json`` in the data folder.

    The first change creates a missing file, protected by ``protector``; by default it is the .NET
    SDK's file on Windows, else protected by a passphrase. Once unlocked it stays unlocked.
    """

    type_name = TYPE_NAME
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
        self._system = system
        self._random_bytes = random_bytes
        self._keeper = keeper
        self._protector = protector
        self.path = system.folders.accounts_file
        self.read_by_dotnet = system.dpapi is not None

    @classmethod
    def open(cls, system: System, keeper: KeyKeeper | None = None) -> EncryptedStore:
        """The store in the data folder."""
        return cls(system, keeper=keeper)

    def snapshot(self) -> EncryptedSnapshot:
        """The current content of the file."""
        return EncryptedSnapshot(self)

    def change_token(self) -> ChangeToken:
        """The version of the file."""
        return change_token([self.path])

    @cached_property
    def _file(self) -> StoreFile:
        from keystead.stores.encrypted.file import StoreFile

        return StoreFile(self._system, self._random_bytes, self._keeper)

    @property
    def protectors(self) -> Enrolment:
        """The protectors of the store."""
        from keystead.stores.encrypted.enrolment import Enrolment

        return Enrolment(self._file)

    @property
    def undo_history(self) -> UndoHistory:
        """The undo copies of all files, encrypted for this store."""
        from keystead.stores.encrypted.undo_key import undo_history

        return undo_history(self._file)

    def sessions(self) -> SessionCache:
        """The cache of temporary credentials, encrypted for this store."""
        from keystead.stores.sessions import SessionCache

        return SessionCache(self._system, self._existing_file)

    def _existing_file(self) -> StoreFile | None:
        exists = self._system.files.current(self.path, private=True).data is not None
        return self._file if exists else None

    def logins(self) -> SealedLogins:
        """The logins, sealed for this store."""
        from keystead.stores.logins import SealedLogins

        return SealedLogins(self._file)

    @property
    def is_unknown(self) -> bool:
        """Whether the store that was read last is not known."""
        return "_file" in vars(self) and self._file.known.is_unknown

    def opens_unasked(self) -> bool:
        """Whether it is unlocked, or unlocks without a prompt. Raises `StoreCorrupt`."""
        accounts = self.accounts()
        native = accounts is not None and accounts.header is None
        return native or self._file.key_unasked() is not None

    def unlock(self) -> None:
        """Unlocks it by its protectors. Raises `StoreUnavailable`, `StoreCorrupt`."""
        accounts = self.accounts()
        if accounts is None:
            raise StoreUnavailable(
                "there is no encrypted store",
                id="no-encrypted-store",
                hint="`keystead store init` creates one",
                where=self._file.where,
            )
        self._file.cipher(accounts)

    def exists(self) -> bool:
        """Whether there is a store."""
        return self._file.exists()

    def init(self, protector: Protector | None = None) -> None:
        """Creates a store protected by ``protector``. Raises `UsageError` if there is one."""

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
        """The state of the store, without unlocking it. Raises `StoreCorrupt`."""
        from keystead.stores.encrypted.protectors import kind_of

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
        """Applies what ``changes`` returns; see `ProfileStore.change`."""
        from keystead.stores.encrypted.entry_edits import changed, edits_of, require_one_spelling
        from keystead.stores.encrypted.entry_profile import profile_of
        from keystead.stores.encrypted.layout import DISPLAY_NAME

        def edited(accounts: Accounts | None) -> EntryEdits | None:
            entries = accounts.entries if accounts else {}
            guids = accounts.named(name) if accounts else []
            if accounts:
                require_one_spelling(accounts, name)
            current = profile_of(self._file, accounts, guids[0]) if accounts and guids else None
            wanted = changes(current)
            if current is None:
                validation.check_profile_name(name, shared=False)
            guid = guids[0] if guids else self._file.new_guid()
            before = entries.get(guid, {DISPLAY_NAME: name})
            edit = changed(before, wanted)
            return None if edit == before else {**edits_of(entries), guid: edit}

        self._write(edited, [name])

    def unregister(self, name: str) -> None:
        """Removes all entries ``name``, of this spelling if there are several."""
        from keystead.stores.encrypted.entry_edits import edits_of, require

        def edited(accounts: Accounts | None) -> EntryEdits:
            accounts, _ = require(accounts, name)
            doomed = accounts.spelled(name) or accounts.named(name)
            return edits_of(accounts.entries, without=doomed)

        self._write(edited, [name])

    def rename(
        self, old: str, new: str, *, force: bool = False, follow: Follow | None = None
    ) -> None:
        """Renames the profile in place; it keeps its GUID."""
        from keystead.stores.encrypted.entry_edits import make_room, require
        from keystead.stores.encrypted.layout import DISPLAY_NAME

        names = {old, new}

        def edited(accounts: Accounts | None) -> EntryEdits | None:
            accounts, guid = require(accounts, old)
            if accounts.entries[guid][DISPLAY_NAME] == new:
                return None
            edits = make_room(accounts, guid, new, force=force)
            edits[guid] = {**edits[guid], DISPLAY_NAME: new}
            return self._followed(accounts, edits, follow, names) if follow else edits

        self._write(edited, names)

    def follow(self, follow: Follow) -> None:
        """Sets the settings that ``follow`` returns, in one write."""
        from keystead.stores.encrypted.entry_edits import edits_of

        def edited(accounts: Accounts | None) -> EntryEdits | None:
            if accounts is None:
                return None
            before = edits_of(accounts.entries)
            after = self._followed(accounts, before, follow, names)
            return None if after == before else after

        names: set[str] = set()
        self._write(edited, names)

    def _followed(
        self, accounts: Accounts, edits: EntryEdits, follow: Follow, names: set[str]
    ) -> EntryEdits:
        """The edits with what ``follow`` returns; adds the changed profiles to ``names``."""
        from keystead.stores.encrypted.entry_profile import profile_of
        from keystead.stores.encrypted.layout import key_of

        followed = dict(edits)
        for guid, edit in edits.items():
            profile = profile_of(self._file, accounts, guid)
            changes = follow(profile)
            if changes:
                followed[guid] = {**edit, **{key_of(name): text for name, text in changes.items()}}
                names.add(profile.name)
        return followed

    def copy(self, old: str, new: str, *, force: bool = False) -> None:
        """Copies the profile to a new GUID, to which its encrypted values are bound."""
        from keystead.stores.encrypted.entry_edits import make_room, require, require_one_spelling
        from keystead.stores.encrypted.entry_profile import value_of
        from keystead.stores.encrypted.layout import DISPLAY_NAME

        def edited(accounts: Accounts | None) -> EntryEdits | None:
            accounts, guid = require(accounts, old)
            require_one_spelling(accounts, old)
            if accounts.entries[guid][DISPLAY_NAME] == new:
                return None
            if guid in accounts.named(new):
                raise already_there(accounts.entries[guid][DISPLAY_NAME])
            edits = make_room(accounts, guid, new, force=force)
            twin: EntryEdit = {
                key: value_of(self._file, accounts, guid, key)
                for key in accounts.entries[guid]
                if key != _UNIQUE_KEY
            }
            return {**edits, self._file.new_guid(): {**twin, DISPLAY_NAME: new}}

        self._write(edited, [new])

    def accounts(self) -> Accounts | None:
        """The current content of the file. Raises `StoreCorrupt`."""
        if not self._system.files.dry and not os.path.lexists(self.path):
            return None
        return self._file.read().accounts

    def _write(
        self, edited: Callable[[Accounts | None], EntryEdits | None], names: Collection[str] = ()
    ) -> None:
        """Writes what ``edited`` returns for the file; ``names`` are the changed profiles."""
        # Before the lock is taken, so that errors come before a prompt, and no other program waits
        # for a user who is typing a passphrase.
        accounts = self.accounts()
        edits = edited(accounts)
        if edits is None:
            return
        if self._file.system.files.dry:
            self._file.note(accounts, _unsealed(edits))
            return
        if accounts:
            self._file.cipher(accounts)
            self._write_edited(edited, names, None)
            return
        made = self._file.new(self._protector)
        with self._file.cleaning(made[0], made[0].protectors):
            self._write_edited(edited, names, made)

    def _write_edited(
        self,
        edited: Callable[[Accounts | None], EntryEdits | None],
        names: Collection[str],
        made: tuple[Accounts, ValueCipher] | None,
    ) -> None:
        with self._file.system.files.lock(self._file.path):
            for _ in range(TRIES):
                version = self._file.read(fresh=True)
                current = version.accounts
                edits = edited(current)
                if edits is None:
                    return
                if current:
                    base, cipher = current, self._file.cipher(current)
                else:
                    base, cipher = made or self._file.new(self._protector)
                following = cipher.signed(base.next(_sealed(cipher, edits, base.entries)))
                if self._file.put(version, following, names=names):
                    return
        raise overtaken(self._file.where)


def _sealed(
    cipher: ValueCipher, edits: EntryEdits, before: Mapping[str, Entry]
) -> dict[str, Entry]:
    """The entries to write; those of ``before`` stay as they are."""
    return {
        guid: entry
        if (entry := before.get(guid)) is edit
        else {
            name: value if isinstance(value, str) else cipher.seal(guid, name, value.reveal())
            for name, value in edit.items()
        }
        for guid, edit in edits.items()
    }


def _unsealed(edits: EntryEdits) -> dict[str, Entry]:
    """The entries for a dry run, with a placeholder for each secret."""
    return {
        guid: {name: value if isinstance(value, str) else "00" for name, value in edit.items()}
        for guid, edit in edits.items()
    }
