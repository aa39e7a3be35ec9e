"""The envelope for what keystead keeps of other files: sealing it asks for nothing.

It is sealed to a public key, so that a change of the shared files unlocks nothing, and opens by
the private one. That comes from the data key of the encrypted store. Where there is no store, or
none that can be read, it lies in a file beside what it opens; that keeps keys from a search or a
careless copy, and from nobody who looks for them.
"""

from __future__ import annotations

import base64
import os

from keystead import crypto
from keystead.errors import KeysteadError, Origin, StoreUnavailable
from keystead.stores.encrypted.file import StoreFile
from keystead.stores.encrypted.value_cipher import KeyVault
from keystead.undo.fallback_key import FallbackKey
from keystead.undo.history import PlainEnvelope, UndoHistory

_BINDING = f"keystead/{crypto.FORMAT} envelope"


def generations(file: StoreFile) -> UndoHistory:
    """The generations of all files, in envelopes for that store."""
    folder = file.system.folders.generations
    envelope = StoreEnvelope(file, FallbackKey(file.system, folder / "key"))
    return UndoHistory(file.system.files, folder, envelope, sealed=(file.path,))


class StoreEnvelope:
    """Sealed for the store in ``file``, else for the private key in ``spare``."""

    def __init__(self, file: StoreFile, spare: FallbackKey) -> None:
        self._file = file
        self._spare = spare

    def seal(self, data: bytes) -> str:
        """The public keys of the recipient and of this one envelope, and the sealed bytes."""
        recipient = self._recipient() or crypto.public_key(self._spare.get())
        once = os.urandom(crypto.KEY_BYTES)
        head = f"{recipient.hex()} {crypto.public_key(once).hex()}"
        key = crypto.agreed_key(once, recipient, _BINDING)
        sealed = crypto.seal_bytes(
            key, data, crypto.bind(_BINDING, head), os.urandom(crypto.NONCE_BYTES)
        )
        return f"{head} {base64.b64encode(sealed).decode()}"

    def open(self, text: str) -> bytes:
        """The bytes; unlocks the store when they were sealed for it. Raises `KeysteadError`."""
        if text.startswith(PlainEnvelope.WORD):
            return PlainEnvelope().open(text)
        head, _, content = text.rpartition(" ")
        recipient, _, once = head.partition(" ")
        private = self._private(bytes.fromhex(recipient))
        key = crypto.agreed_key(private, bytes.fromhex(once), _BINDING)
        try:
            return crypto.unseal_bytes(key, base64.b64decode(content), crypto.bind(_BINDING, head))
        except crypto.IntegrityError as error:
            raise StoreUnavailable("the copy for `keystead undo` is damaged") from error

    def _private(self, recipient: bytes) -> bytes:
        spare = self._spare.find()
        if spare and crypto.public_key(spare) == recipient:
            return spare
        accounts = self._file.read().accounts
        if accounts and accounts.header:
            vault = self._file.vault(accounts)
            if (
                isinstance(vault, KeyVault)
                and crypto.public_key(vault.key.envelope_key) == recipient
            ):
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
        known = accounts is not None and self._file.known.knows(accounts)
        return accounts.recipient if accounts and known else None
