"""The key pair of the encrypted store to which undo copies of all files are encrypted."""

from __future__ import annotations

from keystead.errors import KeysteadError
from keystead.stores.encrypted.file import StoreFile
from keystead.stores.encrypted.value_cipher import KeyVault
from keystead.undo.envelope import KeyPairEnvelope
from keystead.undo.fallback_key import FallbackKey
from keystead.undo.history import UndoHistory


def generations(file: StoreFile) -> UndoHistory:
    """The generations of all files, in envelopes for that store."""
    system, folder = file.system, file.system.folders.generations
    envelope = KeyPairEnvelope(UndoKey(file), FallbackKey(system, folder / "key"))
    key = FallbackKey(system, system.folders.undo_key)
    return UndoHistory(system.files, folder, envelope, key, sealed=(file.path,))


class UndoKey:
    """The key pair that comes from the data key of the store in ``file``."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file

    def public(self) -> bytes | None:
        """The public key, as the file has it; None for a store that is not known to be ours."""
        try:
            accounts = self._file.read().accounts
        except KeysteadError:
            return None  # a store in trouble must not keep the user from changing other files
        known = accounts is not None and self._file.known.knows(accounts)
        return accounts.recipient if accounts and known else None

    def private(self) -> bytes | None:
        """The private key; unlocks the store."""
        accounts = self._file.read().accounts
        vault = self._file.vault(accounts) if accounts and accounts.header else None
        return vault.key.envelope_key if isinstance(vault, KeyVault) else None
