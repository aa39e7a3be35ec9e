"""The record of which encrypted store is this user's, outside of the store's folder.

The MAC of a store is checked by a key from the same file, so another user who can write the folder
could replace the whole store. docs/encrypted-store.md specifies the record.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Sequence

from keystead.crypto import DataKey
from keystead.errors import FileProblem, KeysteadError, Origin, StoreUnavailable
from keystead.outside import parse_json, text_in
from keystead.stores.encrypted.layout import Accounts, store_id_of
from keystead.stores.encrypted.protectors import kind_of, protector_of
from keystead.system import System
from keystead.system.path import Path
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VARIABLE = "KEYSTEAD_STORE_ID"

_DIGITS = 32
"""How many digits of the SHA-256 of a protector record are stored."""

_ACCEPT = "run `keystead store accept`"


class Identity(NamedTuple):
    """The identity of a store, and its protectors."""

    store_id: str
    recipient: str
    protectors: tuple[str, ...]
    """The type and the beginning of the digest of each record, sorted."""

    @classmethod
    def of(cls, accounts: Accounts) -> Identity | None:
        """The identity of a version; None for the .NET SDK's file."""
        if accounts.header is None:
            return None
        import hashlib  # loading OpenSSL takes longer than listing profiles

        marks = (
            f"{kind_of(record)} {hashlib.sha256(record.encode()).hexdigest()[:_DIGITS]}"
            for record in accounts.protectors
        )
        return cls(accounts.store_id, accounts.own["Recipient"], tuple(sorted(marks)))

    def changes_in(self, found: Identity | None) -> list[str]:
        """The differences to ``found``, for people."""
        if found is None:
            return ["it is the .NET SDK's file now"]
        changes: list[str] = []
        if found.store_id != self.store_id:
            changes.append(f"its id is {found.store_id} and was {self.store_id}")
        elif found.recipient != self.recipient:
            changes.append("its key has changed")
        was, now = Counter(self.protectors), Counter(found.protectors)
        changes += [f"the protector `{kind_of(mark)}` was added" for mark in now - was]
        changes += [f"the protector `{kind_of(mark)}` was removed" for mark in was - now]
        return changes


class ForeignStore(StoreUnavailable):
    """An encrypted store that is not the known one of this user, or is not proved."""

    id = "store-foreign"


class KnownStore:
    """The record of the store at ``path``: one identity, two while a change is being written."""

    def __init__(self, system: System, path: Path) -> None:
        self._system = system
        self._path = path
        self._account = f"store {path}"
        self._named = system.environ.get(VARIABLE, "").strip().lower()
        self._alone = bool(system.environ.get("KEYSTEAD_HOME"))
        self._recalled: Sequence[Identity] = ()
        self.is_unknown = False
        """Whether the store that was read last is not known."""

    def changes(self, accounts: Accounts) -> Sequence[str]:
        """The differences to the known store, for people."""
        if not self._named:
            return [] if self._alone else self._changes(self._recall(accounts), accounts)
        if accounts.header is None:
            return ["the .NET SDK's file has no id"]
        same = accounts.store_id == self._named
        return [] if same else [f"its id is {accounts.store_id} and {VARIABLE} is {self._named}"]

    def require_same(self, accounts: Accounts) -> None:
        """Raises `ForeignStore` where another store is known. Opens nothing."""
        changes = self.changes(accounts)
        if changes:
            raise self._foreign(changes)
        self.is_unknown = not self.knows(accounts)

    def require_named(self, accounts: Accounts) -> None:
        """Raises `ForeignStore` where `VARIABLE` names another store."""
        if self._named:
            self.require_same(accounts)

    def require_new(self) -> None:
        """Raises `ForeignStore` where `VARIABLE` requires an existing store."""
        if self._named:
            raise ForeignStore(
                f"there is no encrypted store, and {VARIABLE} names one",
                hint=f"put the store back, or unset {VARIABLE} to make a new one",
                where=Origin(str(self._path)),
            )

    def knows(self, accounts: Accounts) -> bool:
        """Whether it is the known store, or stores cannot be recorded here."""
        return bool(self._named or self._alone or self._recall(accounts))

    def admit(self, accounts: Accounts, key: DataKey, *, proven: bool) -> None:
        """Raises `ForeignStore` unless the store that ``key`` opened may be used.

        ``proven``: the key is from a place that writers of the store's folder cannot change.
        """
        if proven:
            if not self.knows(accounts):
                with contextlib.suppress(KeysteadError):  # a read-only file system
                    self.remember(accounts)
        elif self._named:
            self.require_id(accounts, key, self._named, proven=False)
        elif not self.knows(accounts):
            raise self._unknown(accounts)
        else:
            self._ask_keyring(accounts)

    def require_id(self, accounts: Accounts, key: DataKey, wanted: str, *, proven: bool) -> None:
        """Raises `ForeignStore` unless it is the store ``wanted`` and its id is not copied."""
        if accounts.store_id != wanted.lower():
            raise self._foreign([f"its id is {accounts.store_id} and not {wanted}"])
        if not proven and store_id_of(key.raw) != accounts.store_id:
            raise ForeignStore(
                "the id of the encrypted store is not derived from its key, so the store may have "
                "been replaced",
                hint="if it is yours, from an earlier version of keystead, run `keystead store "
                f"accept --force` and `keystead store rekey` without {VARIABLE}; "
                "otherwise somebody replaced it",
                where=Origin(str(self._path)),
            )

    def expect(self, following: Accounts) -> None:
        """Records the version that is about to be written, in addition to the known one."""
        self._write(following, added=True)

    def remember(self, accounts: Accounts) -> None:
        """Records this version as the only known one. Raises `FileProblem`."""
        self._write(accounts, added=False)

    def has_key(self, key: DataKey) -> bool:
        """Whether a known store has this key."""
        recipient = key.recipient.hex().upper()
        found = [*self._stored(), *(self._in_keyring() or ())]
        return any(identity.recipient == recipient for identity in found)

    @property
    def remembers_nothing(self) -> bool:
        """Whether stores cannot be recorded here."""
        return self._alone and not self._named and self._in_keyring() is None

    def _foreign(self, changes: Sequence[str]) -> ForeignStore:
        hint = (
            f"if you restored it, or changed it on another machine, {_ACCEPT}; otherwise somebody "
            "replaced it"
        )
        if self._named:
            hint = f"set {VARIABLE} to the id of your store; `keystead store status` shows this one"
        return ForeignStore(
            f"the encrypted store is not the known one: {'; '.join(changes)}",
            hint=hint,
            where=Origin(str(self._path)),
        )

    def _unknown(self, accounts: Accounts) -> ForeignStore:
        return ForeignStore(
            "the encrypted store is not known here, and its protector does not prove it",
            hint=f"if it is yours, {_ACCEPT}, or `keystead store accept --id "
            f"{accounts.store_id}` without a terminal",
            where=Origin(str(self._path)),
        )

    def _changes(self, known: Sequence[Identity], accounts: Accounts) -> list[str]:
        found = Identity.of(accounts)
        return [] if not known or found in known else known[-1].changes_in(found)

    def _recall(self, accounts: Accounts) -> Sequence[Identity]:
        """The recorded identities, read again where they do not match ``accounts``."""
        if not self._recalled or Identity.of(accounts) not in self._recalled:
            self._recalled = self._stored()
        return self._recalled

    def _stored(self) -> Sequence[Identity]:
        return _identities(self._read().get(str(self._path)))

    def _read(self) -> dict[str, Any]:
        if self._alone:
            return {}
        try:
            data = self._system.files.read(self._system.folders.known_stores, private=True).data
            found = parse_json(data or b"{}")
        except FileProblem as error:
            raise ForeignStore(
                f"the record of known stores {error.message}",
                hint=error.hint,
                where=error.where,
            ) from None
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, accounts: Accounts, *, added: bool) -> None:
        if self._system.files.dry:
            return
        found = Identity.of(accounts)
        identities = [found] if found else []
        if not self._alone:
            self._write_file(identities, added=added)
        protectors = (protector_of(record, self._system) for record in accounts.protectors)
        if any(protector and not protector.proves for protector in protectors):
            earlier = self._in_keyring()
            following = _joined((earlier or ()) if added else (), identities)
            if earlier is not None:
                with contextlib.suppress(StoreUnavailable):
                    text = json.dumps([identity._asdict() for identity in following])
                    self._system.keyring.set(self._account, text)

    def _write_file(self, identities: Sequence[Identity], *, added: bool) -> None:
        path, files = self._system.folders.known_stores, self._system.files
        with files.lock(path):
            stores = self._read()
            earlier = _identities(stores.get(str(self._path)))
            following = _joined(earlier if added else (), identities)
            self._recalled = following
            if following == list(earlier):
                return
            stores[str(self._path)] = [identity._asdict() for identity in following]
            data = json.dumps(stores, indent=2).encode() + b"\n"
            files.replace(path, data, expect=files.read(path).version, private=True)

    def _ask_keyring(self, accounts: Accounts) -> None:
        """Raises `ForeignStore` where the keyring is available and does not know this store."""
        known = self._in_keyring()
        if known is None:
            return
        if not known and self._alone:
            raise self._unknown(accounts)
        changes = self._changes(known, accounts)
        if changes:
            raise self._foreign(changes)

    def _in_keyring(self) -> Sequence[Identity] | None:
        """The identities in the keyring; None where no keyring is available."""
        if not self._system.keyring.is_likely:
            return None
        try:
            text = self._system.keyring.get(self._account)
            return _identities(parse_json(text or "[]"))
        except StoreUnavailable:
            return None
        except ValueError:
            return ()


def _joined(earlier: Sequence[Identity], added: Sequence[Identity]) -> list[Identity]:
    return [*(identity for identity in earlier if identity not in added), *added]


def _identities(items: object) -> list[Identity]:
    """The valid identities in a JSON document."""
    found: list[Identity] = []
    for item in items if isinstance(items, list) else ():
        with contextlib.suppress(KeyError, TypeError, ValueError):
            store_id, recipient = text_in(item["store_id"]), text_in(item["recipient"])
            found.append(Identity(store_id, recipient, tuple(map(text_in, item["protectors"]))))
    return found
