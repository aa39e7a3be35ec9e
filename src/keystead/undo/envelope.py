"""Encryption of undo copies.

Copies are encrypted to a public key, so that changing the shared files does not unlock the
encrypted store. The key pair is that of the store or, without a readable store, `FallbackKey`'s.
"""

from __future__ import annotations

import base64
import os

from keystead import crypto
from keystead.errors import Origin, StoreUnavailable
from keystead.undo.fallback_key import FallbackKey
from keystead.value import Protocol


class Envelope(Protocol):
    """Encrypts and decrypts the content of undo copies."""

    def seal(self, data: bytes) -> str:
        """Encrypt ``data`` into a line of text."""

    def open(self, text: str) -> bytes:
        """Decrypt the result of `seal`. May prompt. Raises `KeysteadError`."""


class PlainEnvelope:
    """Stores the encrypted store's file, which is encrypted already, without a second key."""

    WORD = "bare"

    def seal(self, data: bytes) -> str:
        """Encode ``data`` in Base64."""
        return f"{self.WORD} {base64.b64encode(data).decode()}"

    def open(self, text: str) -> bytes:
        """Decode ``text``."""
        return base64.b64decode(text.removeprefix(self.WORD))


class KeyPair(Protocol):
    """The key pair of the encrypted store."""

    def public(self) -> bytes | None:
        """The public key; None without a readable store."""

    def private(self) -> bytes | None:
        """The private key; None without a store. Unlocks the store; raises `KeysteadError`."""


class KeyPairEnvelope:
    """Encrypted to the key pair of the store, else to that of the fallback key."""

    _BINDING = f"keystead/{crypto.FORMAT} envelope"

    def __init__(self, store: KeyPair, fallback: FallbackKey) -> None:
        self._store = store
        self._fallback = fallback

    def seal(self, data: bytes) -> str:
        """The public keys of the recipient and of this envelope, and the encrypted bytes."""
        recipient = self._store.public() or crypto.public_key(self._fallback.get())
        once = os.urandom(crypto.KEY_BYTES)
        head = f"{recipient.hex()} {crypto.public_key(once).hex()}"
        key = crypto.agreed_key(once, recipient, self._BINDING)
        binding, nonce = crypto.bind(self._BINDING, head), os.urandom(crypto.NONCE_BYTES)
        sealed = crypto.seal_bytes(key, data, binding, nonce)
        return f"{head} {base64.b64encode(sealed).decode()}"

    def open(self, text: str) -> bytes:
        """Decrypt; unlocks the store if its key was used. Raises `KeysteadError`."""
        if text.startswith(PlainEnvelope.WORD):
            return PlainEnvelope().open(text)
        head, _, content = text.rpartition(" ")
        recipient, once = map(bytes.fromhex, head.split(" "))
        key = crypto.agreed_key(self._private(recipient), once, self._BINDING)
        binding = crypto.bind(self._BINDING, head)
        try:
            return crypto.unseal_bytes(key, base64.b64decode(content), binding)
        except crypto.IntegrityError as error:
            raise StoreUnavailable(
                "the copy for `keystead undo` is damaged", id="undo-copy-unusable"
            ) from error

    def _private(self, recipient: bytes) -> bytes:
        """The private key for the public key ``recipient``."""
        for private in (self._fallback.find, self._store.private):
            key = private()
            if key and crypto.public_key(key) == recipient:
                return key
        raise StoreUnavailable(
            "the undo copy was encrypted with a key that no longer exists",
            id="undo-copy-unusable",
            hint="`keystead undo --list` shows what else there is",
            where=Origin(str(self._fallback.path)),
        )
