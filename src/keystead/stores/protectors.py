"""Protectors: what the data key of the encrypted store is wrapped under, and opened by.

A protector writes one line of text, its record, into the header of the store and gets the data
key back from it. `PROTECTORS` is the registry: a new kind is a class and a row. This module knows
nothing of profiles, and the file that it reads is the passphrase's, never the store's.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from keystead.errors import FileProblem, Origin, StoreCorrupt, StoreUnavailable
from keystead.stores import seal
from keystead.system import System

VARIABLE = "KEYSTEAD_PASSPHRASE_FILE"
_HINT = f"set {VARIABLE} to a file that holds the passphrase"

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


class Protector(Protocol):
    """One way to keep the data key of a store."""

    @property
    def kind(self) -> str:
        """The first word of its records."""
        ...

    def wrap(self, data_key: bytes, store: StoreRef) -> str:
        """The record that keeps ``data_key``, for this store only."""
        ...

    def unwrap(self, record: str, store: StoreRef) -> bytes:
        """The data key that `wrap` was given.

        Raises `StoreUnavailable` when it cannot be opened (a wrong passphrase), `StoreCorrupt`
        for a record that is malformed or asks for work beyond the bounds, and
        `InteractionRequired` when nobody can be asked.
        """
        ...


@dataclass(frozen=True)
class Argon2Cost:
    """What one guess at a passphrase costs: ``memory`` in KiB, ``passes``, ``lanes``.

    The default is the second choice of RFC 9106. Values beyond `BOUNDS` are refused with
    `ValueError` and so never reach the function.
    """

    memory: int = 64 * 1024
    passes: int = 3
    lanes: int = 4

    def __post_init__(self) -> None:
        for letter, value in zip(BOUNDS, (self.memory, self.passes, self.lanes), strict=True):
            low, high = BOUNDS[letter]
            if not low <= value <= high:
                raise ValueError(f"`{letter}={value}` is not within its bounds of {low} to {high}")

    def __str__(self) -> str:
        return f"m={self.memory} t={self.passes} p={self.lanes}"

    def derive(self, passphrase: bytes, salt: bytes) -> bytes:
        """The key that the passphrase gives."""
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

        return Argon2id(
            salt=salt,
            length=seal.KEY_BYTES,
            iterations=self.passes,
            lanes=self.lanes,
            memory_cost=self.memory,
        ).derive(passphrase)


BOUNDS = {"m": (8 * 1024, 1024 * 1024), "t": (1, 16), "p": (1, 16)}
"""The least and most that a record may ask for; memory in KiB."""

SALT_BYTES = (16, 64)
"""The least and most bytes of a salt; new ones have the least."""

_RECORD = re.compile(
    r"(?P<head>passphrase argon2id m=(?P<m>[1-9][0-9]{0,9}) t=(?P<t>[1-9][0-9]{0,9}) "
    r"p=(?P<p>[1-9][0-9]{0,9}) salt=(?P<salt>(?:[0-9A-F]{2})+)) key=(?P<key>(?:[0-9A-F]{2})+)"
)


class PassphraseProtector:
    """Wraps the data key under a passphrase: Argon2id, then AES-256-GCM."""

    kind = "passphrase"

    def __init__(
        self,
        system: System,
        *,
        cost: Argon2Cost | None = None,
        random_bytes: RandomBytes = os.urandom,
    ) -> None:
        self._source = PassphraseSource(system)
        self._cost = cost or Argon2Cost()
        self._random_bytes = random_bytes

    def wrap(self, data_key: bytes, store: StoreRef) -> str:
        """The record under a new passphrase, which is asked for twice."""
        passphrase = self._source.new()
        salt, nonce = self._random_bytes(SALT_BYTES[0]), self._random_bytes(seal.NONCE_BYTES)
        head = f"{self.kind} argon2id {self._cost} salt={salt.hex().upper()}"
        key = self._cost.derive(passphrase, salt)
        return f"{head} key={seal.seal(key, data_key, _binding(store, head), nonce)}"

    def unwrap(self, record: str, store: StoreRef) -> bytes:
        """The data key, by the passphrase. The record is judged before any work is done."""
        match = _RECORD.fullmatch(record)
        if not match:
            raise StoreCorrupt("the record of the passphrase is malformed", where=store.where)
        try:
            cost = Argon2Cost(*(int(match[letter]) for letter in BOUNDS))
        except ValueError as error:
            raise StoreCorrupt(
                f"the record of the passphrase is refused: {error}", where=store.where
            ) from error
        salt = bytes.fromhex(match["salt"])
        low, high = SALT_BYTES
        if not low <= len(salt) <= high:
            raise StoreCorrupt(
                "the record of the passphrase is refused: "
                f"a salt of {len(salt)} bytes is not within its bounds of {low} to {high}",
                where=store.where,
            )
        key = cost.derive(self._source.existing(), salt)
        try:
            data_key = seal.unseal(key, match["key"], _binding(store, match["head"]))
        except seal.BrokenSeal as error:
            raise StoreUnavailable(
                "the passphrase does not open the encrypted store",
                hint=f"try again; with {VARIABLE}, check the file that it names",
                where=store.where,
            ) from error
        if len(data_key) != seal.KEY_BYTES:
            raise StoreCorrupt("the record of the passphrase is malformed", where=store.where)
        return data_key


class PassphraseSource:
    """Where the passphrase comes from: the file that `VARIABLE` names, else the terminal."""

    def __init__(self, system: System) -> None:
        self._system = system

    def existing(self) -> bytes:
        """The passphrase of a store that there is.

        Raises `StoreUnavailable`, or `InteractionRequired` when nobody can be asked.
        """
        named = self._system.environ.get(VARIABLE)
        return self._read(named) if named else self._ask("passphrase of the encrypted store")

    def new(self) -> bytes:
        """A passphrase for a new store; a person has to type it twice. Raises as `existing`."""
        named = self._system.environ.get(VARIABLE)
        if named:
            return self._read(named)
        passphrase = self._ask("new passphrase for the encrypted store")
        if passphrase != self._ask("the same passphrase again"):
            raise StoreUnavailable("the two passphrases differ", hint="try again")
        return passphrase

    def _ask(self, question: str) -> bytes:
        answer = self._system.terminal.ask_secret(question, hint=_HINT)
        if not answer:
            raise StoreUnavailable("an empty passphrase protects nothing", hint="type one")
        # What the terminal sent, also where it does not fit the encoding of the locale.
        return answer.encode("utf-8", "surrogateescape")

    def _read(self, named: str) -> bytes:
        path = self._system.folders.expand(named)
        where = Origin(str(path))
        try:
            if self._system.files.access(path).shared:
                raise StoreUnavailable(
                    f"{VARIABLE} names a file that other users may read",
                    hint=f"run `chmod 600 {shlex.quote(str(path))}`",
                    where=where,
                )
            data = self._system.files.read(path).data
        except FileProblem as error:
            raise StoreUnavailable(
                f"{VARIABLE} names a file that {error.message}", hint=error.hint, where=where
            ) from error
        if data is None:
            raise StoreUnavailable(
                f"{VARIABLE} names a file that does not exist", hint=_HINT, where=where
            )
        passphrase = data[:-1].removesuffix(b"\r") if data.endswith(b"\n") else data
        if not passphrase:
            raise StoreUnavailable(
                f"{VARIABLE} names a file that is empty", hint=_HINT, where=where
            )
        return passphrase


PROTECTORS: Mapping[str, Callable[[System], Protector]] = {
    PassphraseProtector.kind: PassphraseProtector,
}
"""Every kind of protector by the first word of its records."""


def kind_of(record: str) -> str:
    """The kind of protector that wrote the record."""
    return record.partition(" ")[0]


def open_data_key(records: tuple[str, ...], store: StoreRef, system: System) -> tuple[str, bytes]:
    """The first record of a kind that is known here, and the data key that it keeps.

    Raises `StoreUnavailable` when no kind is known, else as `Protector.unwrap`.
    """
    for record in records:
        make = PROTECTORS.get(kind_of(record))
        if make:
            return record, make(system).unwrap(record, store)
    kinds = ", ".join(f"`{kind_of(record)}`" for record in records)
    raise StoreUnavailable(
        f"the encrypted store is protected by {kinds}, which this keystead does not know",
        hint="use the version of keystead that set the protector up",
        where=store.where,
    )


def _binding(store: StoreRef, head: str) -> bytes:
    return seal.bind(f"keystead/{seal.FORMAT} data key", store.store_id, head)
