"""The envelope for what keystead keeps of other files: sealing it asks for nothing.

It is sealed to a public key, so that a change of the shared files unlocks nothing, and opens by
the private one. That comes from the data key of the encrypted store. Where there is no store, or
none that can be read, it lies in a file beside what it opens; that keeps keys from a search or a
careless copy, and from nobody who looks for them.
"""

from __future__ import annotations

import base64
import os

from keystead.errors import KeysteadError, Origin, StoreUnavailable
from keystead.stores import seal
from keystead.stores.accountsfile import AccountsFile
from keystead.stores.sparekey import SpareKey
from keystead.stores.vault import KeyVault
from keystead.system.generations import Bare, Generations

_BINDING = f"keystead/{seal.FORMAT} envelope"


def generations(file: AccountsFile) -> Generations:
    """The generations of all files, in envelopes for that store."""
    folder = file.system.folders.generations
    envelope = StoreEnvelope(file, SpareKey(file.system, folder / "key"))
    return Generations(file.system.files, folder, envelope, sealed=(file.path,))


class StoreEnvelope:
    """Sealed for the store in ``file``, else for the private key in ``spare``."""

    def __init__(self, file: AccountsFile, spare: SpareKey) -> None:
        self._file = file
        self._spare = spare

    def seal(self, data: bytes) -> str:
        """The public keys of the recipient and of this one envelope, and the sealed bytes."""
        recipient = self._recipient() or seal.public_key(self._spare.get())
        once = os.urandom(seal.KEY_BYTES)
        head = f"{recipient.hex()} {seal.public_key(once).hex()}"
        key = seal.agreed_key(once, recipient, _BINDING)
        sealed = seal.seal_bytes(key, data, seal.bind(_BINDING, head), os.urandom(seal.NONCE_BYTES))
        return f"{head} {base64.b64encode(sealed).decode()}"

    def open(self, text: str) -> bytes:
        """The bytes; unlocks the store when they were sealed for it. Raises `KeysteadError`."""
        if text.startswith(Bare.WORD):
            return Bare().open(text)
        head, _, content = text.rpartition(" ")
        recipient, _, once = head.partition(" ")
        private = self._private(bytes.fromhex(recipient))
        key = seal.agreed_key(private, bytes.fromhex(once), _BINDING)
        try:
            return seal.unseal_bytes(key, base64.b64decode(content), seal.bind(_BINDING, head))
        except seal.BrokenSeal as error:
            raise StoreUnavailable("the copy for `keystead undo` is damaged") from error

    def _private(self, recipient: bytes) -> bytes:
        spare = self._spare.find()
        if spare and seal.public_key(spare) == recipient:
            return spare
        accounts = self._file.read().accounts
        if accounts and accounts.header:
            vault = self._file.vault(accounts)
            if isinstance(vault, KeyVault) and seal.public_key(vault.key.envelope_key) == recipient:
                return vault.key.envelope_key
        raise StoreUnavailable(
            "the undo copy was encrypted with a key that no longer exists",
            hint="`keystead undo --list` shows what else there is",
            where=Origin(str(self._spare.path)),
        )

    def _recipient(self) -> bytes | None:
        """The public key of the store; None where it has none that can be read."""
        try:
            accounts = self._file.read().accounts
        except KeysteadError:
            return None  # a store in trouble must not keep the user from changing other files
        return accounts.recipient if accounts else None
