"""The memory of which encrypted store is this user's, outside of the store's own folder.

The MAC proves the file against a data key that the file's own records lead to, so whoever can
write its folder can put in a whole store of their own. docs/encrypted-store.md specifies what is
remembered, where, and what follows.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from keystead.crypto import DataKey
from keystead.errors import FileProblem, KeysteadError, Origin, StoreUnavailable
from keystead.outside import parse_json, text_in
from keystead.stores.encrypted.layout import Accounts, store_id_of
from keystead.stores.encrypted.protectors import kind_of, protector_of
from keystead.system import System

VARIABLE = "KEYSTEAD_STORE_ID"

_DIGITS = 32
"""How much of the SHA-256 of a protector record is remembered."""

_ACCEPT = "run `keystead store accept`"


class Identity(NamedTuple):
    """What tells one store from another, and who may open it."""

    store_id: str
    recipient: str
    protectors: tuple[str, ...]
    """For each record its kind and the beginning of its digest, sorted."""

    @classmethod
    def of(cls, accounts: Accounts) -> Identity | None:
        """That of a version of the file; None for the .NET SDK's own, which has none."""
        if accounts.header is None:
            return None
        import hashlib  # loading OpenSSL costs more than a command that only lists

        marks = (
            f"{kind_of(record)} {hashlib.sha256(record.encode()).hexdigest()[:_DIGITS]}"
            for record in accounts.protectors
        )
        return cls(accounts.store_id, accounts.own["Recipient"], tuple(sorted(marks)))

    def changes_in(self, found: Identity | None) -> list[str]:
        """What is another in ``found``, for people."""
        if found is None:
            return ["it is the .NET SDK's own file now"]
        changes: list[str] = []
        if found.store_id != self.store_id:
            changes.append(f"its id is {found.store_id} and was {self.store_id}")
        elif found.recipient != self.recipient:
            changes.append("its key is another one")
        was, now = Counter(self.protectors), Counter(found.protectors)
        changes += [f"the protector `{kind_of(mark)}` was added" for mark in now - was]
        changes += [f"the protector `{kind_of(mark)}` was removed" for mark in was - now]
        return changes


class ForeignStore(StoreUnavailable):
    """An encrypted store that is not the one this user is known to use, or that nothing proves."""

    id = "store-foreign"


class KnownStore:
    """The memory of the store whose file is at ``path``.

    It holds two identities while a change of them is being written, else one.
    """

    def __init__(self, system: System, path: Path) -> None:
        self._system = system
        self._path = path
        self._account = f"store {path}"
        self._named = system.environ.get(VARIABLE, "").strip().lower()
        self._alone = bool(system.environ.get("KEYSTEAD_HOME"))
        self._recalled: Sequence[Identity] = ()
        self.is_unknown = False
        """Whether the store that was last read is one that is not remembered."""

    def changes(self, accounts: Accounts) -> Sequence[str]:
        """What is another than remembered, for people; none where nothing is."""
        if not self._named:
            return [] if self._alone else self._changes(self._recall(accounts), accounts)
        if accounts.header is None:
            return ["the .NET SDK's own file has no id"]
        same = accounts.store_id == self._named
        return [] if same else [f"its id is {accounts.store_id} and {VARIABLE} is {self._named}"]

    def require_same(self, accounts: Accounts) -> None:
        """Raises `ForeignStore` where another store is remembered. It opens nothing."""
        changes = self.changes(accounts)
        if changes:
            raise self._foreign(changes)
        self.is_unknown = not self.knows(accounts)

    def require_named(self, accounts: Accounts) -> None:
        """Raises `ForeignStore` where `VARIABLE` names another store."""
        if self._named:
            self.require_same(accounts)

    def require_new(self) -> None:
        """Raises `ForeignStore` where a new store is not the one that has to be used."""
        if self._named:
            raise ForeignStore(
                f"there is no encrypted store, and {VARIABLE} names one",
                hint=f"put the store back, or unset {VARIABLE} to make a new one",
                where=Origin(str(self._path)),
            )

    def knows(self, accounts: Accounts) -> bool:
        """Whether it is the remembered one; also where there is no place to remember it."""
        return bool(self._named or self._alone or self._recall(accounts))

    def admit(self, accounts: Accounts, key: DataKey, *, proven: bool) -> None:
        """Lets the store be used that ``key`` opened, or raises `ForeignStore`.

        ``proven``: the key came from where nobody who writes the store's folder can put one.
        """
        if proven:
            if not self.knows(accounts):
                with contextlib.suppress(KeysteadError):  # a file system that is read alone
                    self.remember(accounts)
        elif self._named:
            self.require_id(accounts, key, self._named, proven=False)
        elif not self.knows(accounts):
            raise self._unknown(accounts)
        else:
            self._ask_keyring(accounts)

    def require_id(self, accounts: Accounts, key: DataKey, wanted: str, *, proven: bool) -> None:
        """Raises `ForeignStore` unless it is the store ``wanted``, and not one with a copied id."""
        if accounts.store_id != wanted.lower():
            raise self._foreign([f"its id is {accounts.store_id} and not {wanted}"])
        if not proven and store_id_of(key.raw) != accounts.store_id:
            raise ForeignStore(
                "the id of the encrypted store is not made from its key, so the store may be "
                "another one",
                hint="if it is of an earlier version of keystead and yours, run `keystead store "
                f"accept --force` and `keystead store rekey` without {VARIABLE}; "
                "otherwise somebody replaced it",
                where=Origin(str(self._path)),
            )

    def expect(self, following: Accounts) -> None:
        """Remembers the version that is about to be written, besides what is remembered."""
        self._write(following, added=True)

    def remember(self, accounts: Accounts) -> None:
        """Remembers this version in place of all else. Raises `FileProblem`."""
        self._write(accounts, added=False)

    def has_key(self, key: DataKey) -> bool:
        """Whether a store that is remembered has this key."""
        recipient = key.recipient.hex().upper()
        found = [*self._stored(), *(self._in_keyring() or ())]
        return any(identity.recipient == recipient for identity in found)

    @property
    def remembers_nothing(self) -> bool:
        """Whether there is no place here to remember a store."""
        return self._alone and not self._named and self._in_keyring() is None

    def _foreign(self, changes: Sequence[str]) -> ForeignStore:
        hint = (
            f"if you restored it, or changed it on another machine, {_ACCEPT}; otherwise somebody "
            "replaced it"
        )
        if self._named:
            hint = f"set {VARIABLE} to the id of your store; `keystead store status` shows this one"
        return ForeignStore(
            f"the encrypted store is not the one that is remembered: {'; '.join(changes)}",
            hint=hint,
            where=Origin(str(self._path)),
        )

    def _unknown(self, accounts: Accounts) -> ForeignStore:
        return ForeignStore(
            "the encrypted store is not remembered here, and what opened it does not prove it",
            hint=f"if it is yours, {_ACCEPT}, or `keystead store accept --id "
            f"{accounts.store_id}` without a terminal",
            where=Origin(str(self._path)),
        )

    def _changes(self, known: Sequence[Identity], accounts: Accounts) -> list[str]:
        found = Identity.of(accounts)
        return [] if not known or found in known else known[-1].changes_in(found)

    def _recall(self, accounts: Accounts) -> Sequence[Identity]:
        """What the file remembers, read again where that does not fit ``accounts``."""
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
                f"the memory of the encrypted store {error.message}",
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
        """Raises `ForeignStore` where the keyring answers and does not remember this store."""
        known = self._in_keyring()
        if known is None:
            return
        if not known and self._alone:
            raise self._unknown(accounts)
        changes = self._changes(known, accounts)
        if changes:
            raise self._foreign(changes)

    def _in_keyring(self) -> Sequence[Identity] | None:
        """What the keyring remembers; None where there is none that answers."""
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
    """What is remembered, as far as it is of the form that keystead writes."""
    found: list[Identity] = []
    for item in items if isinstance(items, list) else ():
        with contextlib.suppress(KeyError, TypeError, ValueError):
            store_id, recipient = text_in(item["store_id"]), text_in(item["recipient"])
            found.append(Identity(store_id, recipient, tuple(map(text_in, item["protectors"]))))
    return found
