"""Encryption of the values of the encrypted store, and its MAC.

keystead's format binds each value to its profile and key, and has a MAC over the file. The .NET
SDK's format has neither; Windows encrypts each value.
"""

from __future__ import annotations

import re

from keystead import crypto
from keystead.stores.encrypted.layout import Accounts
from keystead.stores.encrypted.protectors import RandomBytes
from keystead.system import Dpapi
from keystead.value import Protocol, Value

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")


class ValueCipher(Protocol):
    """Encrypts and decrypts the values of a store."""

    def seal(self, guid: str, key: str, text: str) -> str:
        """Encrypts ``text`` as the value of ``key`` in the profile ``guid``."""

    def open(self, guid: str, key: str, sealed: str) -> str:
        """Decrypts the value. Raises `IntegrityError`."""

    def signed(self, accounts: Accounts) -> Accounts:
        """The version with its MAC."""

    def check(self, accounts: Accounts) -> None:
        """Raises `IntegrityError` unless the MAC is valid."""


class DataKeyCipher(Value):
    """The cipher of keystead's format, by the data key."""

    key: crypto.DataKey
    random_bytes: RandomBytes

    def seal(self, guid: str, key: str, text: str) -> str:
        """Encrypts, bound to this profile and key."""
        return self.key.seal_value(guid, key, text, self.random_bytes(crypto.NONCE_BYTES))

    def open(self, guid: str, key: str, sealed: str) -> str:
        """Decrypts. Raises `IntegrityError`."""
        return self.key.open_value(guid, key, sealed)

    def signed(self, accounts: Accounts) -> Accounts:
        """Adds the MAC over the whole file."""
        return accounts.signed(self.key.mac(accounts.canonical_members))

    def check(self, accounts: Accounts) -> None:
        """Checks the MAC."""
        self.key.check(accounts.canonical_members, accounts.mac)


class DpapiCipher(Value):
    """The cipher of the .NET SDK's format: Windows' data protection for the user."""

    dpapi: Dpapi

    def seal(self, guid: str, key: str, text: str) -> str:  # noqa: ARG002  # nothing binds it
        """Encrypts the text in UTF-16LE, as upper-case hex."""
        return self.dpapi.protect(text.encode("utf-16-le")).hex().upper()

    def open(self, guid: str, key: str, sealed: str) -> str:  # noqa: ARG002
        """Decrypts hex of either case. Raises `IntegrityError`, `StoreUnavailable`."""
        if not _HEX.fullmatch(sealed):
            raise crypto.IntegrityError
        try:
            return self.dpapi.unprotect(bytes.fromhex(sealed)).decode("utf-16-le")
        except UnicodeDecodeError as error:
            raise crypto.IntegrityError from error

    def signed(self, accounts: Accounts) -> Accounts:
        """Unchanged: there is no MAC."""
        return accounts

    def check(self, accounts: Accounts) -> None:
        """Does nothing: there is no MAC."""
