"""Vaults: how the values of one version of the encrypted store open, and what proves the file.

There are two. keystead's own seals each value for its profile and key under the data key and the
whole file with a seal of its own; the .NET SDK's puts each value under Windows' data protection
and proves nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from keystead import crypto
from keystead.stores.encrypted.layout import Accounts
from keystead.stores.encrypted.protectors import RandomBytes
from keystead.system import Dpapi

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")


class Vault(Protocol):
    """What seals and opens the values of a store."""

    def seal(self, guid: str, key: str, text: str) -> str:
        """``text`` sealed as the value of ``key`` in the profile ``guid``."""
        ...

    def open(self, guid: str, key: str, sealed: str) -> str:
        """The text that was sealed there. Raises `seal.IntegrityError`."""
        ...

    def signed(self, accounts: Accounts) -> Accounts:
        """The version with what proves it."""
        ...

    def check(self, accounts: Accounts) -> None:
        """Raises `seal.IntegrityError` unless the version is as it was signed."""
        ...


@dataclass(frozen=True)
class KeyVault:
    """The vault of keystead's own file, opened by the data key."""

    key: crypto.DataKey
    random_bytes: RandomBytes

    def seal(self, guid: str, key: str, text: str) -> str:
        """Sealed for this profile and key alone."""
        return self.key.seal_value(guid, key, text, self.random_bytes(crypto.NONCE_BYTES))

    def open(self, guid: str, key: str, sealed: str) -> str:
        """The text. Raises `seal.IntegrityError`."""
        return self.key.open_value(guid, key, sealed)

    def signed(self, accounts: Accounts) -> Accounts:
        """With the seal over the whole file."""
        return accounts.signed(self.key.mac(accounts.content))

    def check(self, accounts: Accounts) -> None:
        """Checks that seal."""
        self.key.check(accounts.content, accounts.mac)


@dataclass(frozen=True)
class DpapiVault:
    """The vault of the .NET SDK's file: each value by itself, for the Windows user."""

    dpapi: Dpapi

    def seal(self, guid: str, key: str, text: str) -> str:  # noqa: ARG002  # nothing binds it
        """Upper-case hex of the text in UTF-16LE under data protection."""
        return self.dpapi.protect(text.encode("utf-16-le")).hex().upper()

    def open(self, guid: str, key: str, sealed: str) -> str:  # noqa: ARG002
        """The text, from hex of either case. Raises `seal.IntegrityError`, `StoreUnavailable`."""
        if not _HEX.fullmatch(sealed):
            raise crypto.IntegrityError
        try:
            return self.dpapi.unprotect(bytes.fromhex(sealed)).decode("utf-16-le")
        except UnicodeDecodeError as error:
            raise crypto.IntegrityError from error

    def signed(self, accounts: Accounts) -> Accounts:
        """As it is."""
        return accounts

    def check(self, accounts: Accounts) -> None:
        """Nothing proves the file."""
