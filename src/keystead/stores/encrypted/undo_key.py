"""The key pair of the encrypted store to which undo copies of all files are encrypted."""

from __future__ import annotations

from keystead.errors import KeysteadError
from keystead.stores.encrypted.file import StoreFile
from keystead.stores.encrypted.value_cipher import DataKeyCipher
from keystead.undo.envelope import KeyPairEnvelope
from keystead.undo.fallback_key import FallbackKey
from keystead.undo.history import UndoHistory


def undo_history(file: StoreFile) -> UndoHistory:
    """The undo copies of all files, encrypted for that store."""
    system, folder = file.system, file.system.folders.undo_copies
    envelope = KeyPairEnvelope(UndoKey(file), FallbackKey(system, folder / "key"))
    key = FallbackKey(system, system.folders.undo_key)
    return UndoHistory(system.files, folder, envelope, key, sealed=(file.path,))


class UndoKey:
    """The key pair that is derived from the data key of the store in ``file``."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file

    def public(self) -> bytes | None:
        """The public key in the file; None for an unknown store."""
        try:
            accounts = self._file.read().accounts
        except KeysteadError:
            return None  # a damaged store must not prevent changes of other files
        known = accounts is not None and self._file.known.knows(accounts)
        return accounts.recipient if accounts and known else None

    def private(self) -> bytes | None:
        """The private key; unlocks the store."""
        accounts = self._file.read().accounts
        cipher = self._file.cipher(accounts) if accounts and accounts.header else None
        return cipher.key.envelope_key if isinstance(cipher, DataKeyCipher) else None
