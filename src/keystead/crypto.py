"""The cryptography of the encrypted store, as pure functions; see docs/encrypted-store.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property

from keystead.secret import NotPickled
from keystead.value import Value, field

FORMAT = 1
"""The version of the format, which is part of every binding."""

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


class IntegrityError(Exception):
    """The data was changed, or encrypted with another key."""


def bind(*parts: str) -> bytes:
    """Encodes ``parts`` unambiguously: the length of each (4 bytes, big-endian), then its UTF-8."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def seal(key: bytes, plain: bytes, binding: bytes, nonce: bytes) -> str:
    """`seal_bytes` as upper-case hex."""
    return seal_bytes(key, plain, binding, nonce).hex().upper()


def seal_bytes(key: bytes, plain: bytes, binding: bytes, nonce: bytes) -> bytes:
    """Encrypts ``plain`` by AES-256-GCM: nonce, ciphertext and tag.

    ``nonce`` is `NONCE_BYTES` random bytes, never used before with ``key``.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return nonce + AESGCM(key).encrypt(nonce, plain, binding)


def unseal(key: bytes, sealed: str, binding: bytes) -> bytes:
    """Decrypts the result of `seal`. Raises `IntegrityError`, also for lower-case hex."""
    try:
        data = bytes.fromhex(sealed)
    except ValueError:
        raise IntegrityError from None
    if data.hex().upper() != sealed:  # one spelling for one value: no blanks, no lower case
        raise IntegrityError
    return unseal_bytes(key, data, binding)


def unseal_bytes(key: bytes, sealed: bytes, binding: bytes) -> bytes:
    """Decrypts the result of `seal_bytes`. Raises `IntegrityError`."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise IntegrityError
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], binding)
    except InvalidTag as error:
        raise IntegrityError from error


def public_key(private: bytes) -> bytes:
    """The public key of an X25519 key of `KEY_BYTES` bytes."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def agreed_key(private: bytes, public: bytes, info: str) -> bytes:
    """The shared key of two X25519 keys, for one purpose."""
    from cryptography.hazmat.primitives.asymmetric import x25519

    peer = x25519.X25519PublicKey.from_public_bytes(public)
    shared = x25519.X25519PrivateKey.from_private_bytes(private).exchange(peer)
    return hkdf(shared, b"", info)


def canonical_members(content: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The canonical JSON of each member of ``content``, which are not empty, with its name."""
    plain = {name: dict(member) for name, member in content.items()}
    # No text has a line feed, as JSON escapes it.
    lines = json.dumps(plain, separators=(",\n", ":"), ensure_ascii=False, sort_keys=True)
    texts = lines[1:-2].replace('",\n', '",').split("},\n")
    return dict(zip(sorted(plain), texts, strict=True))


def canonical(members: Mapping[str, str]) -> bytes:
    """The canonical JSON of `canonical_members`: sorted by code point, no spaces, UTF-8."""
    return f"{{{'},'.join([members[name] for name in sorted(members)])}}}}}".encode()


class DataKey(NotPickled, Value):
    """The random key of one store, and its subkeys.

    ``store_id`` is the store's GUID as its header has it; ``raw`` are `KEY_BYTES` bytes.
    """

    store_id: str
    raw: bytes = field(repr=False)

    def seal_value(self, guid: str, key: str, text: str, nonce: bytes) -> str:
        """Encrypts ``text``, bound to ``key`` and the profile ``guid``."""
        return seal(self._values_key, text.encode(), self._binding(guid, key), nonce)

    def open_value(self, guid: str, key: str, sealed: str) -> str:
        """Decrypts the value for this profile and key. Raises `IntegrityError`."""
        plain = unseal(self._values_key, sealed, self._binding(guid, key))
        try:
            return plain.decode()
        except UnicodeDecodeError as error:
            raise IntegrityError from error

    def mac(self, members: Mapping[str, str]) -> str:
        """The MAC of the whole file: upper-case hex of HMAC-SHA256 over `canonical`."""
        import hmac

        return hmac.digest(self._file_key, canonical(members), "sha256").hex().upper()

    def check(self, members: Mapping[str, str], mac: str) -> None:
        """Raises `IntegrityError` unless ``mac`` is exactly the MAC of `canonical_members`."""
        import hmac

        if not hmac.compare_digest(self.mac(members).encode(), mac.encode()):
            raise IntegrityError

    def _binding(self, guid: str, key: str) -> bytes:
        return bind(f"keystead/{FORMAT} value", self.store_id, guid, key)

    @cached_property
    def envelope_key(self) -> bytes:
        """The private X25519 key of undo copies."""
        return self._subkey("envelope")

    @cached_property
    def sessions_key(self) -> bytes:
        """The key of the cache of temporary credentials."""
        return self._subkey("sessions")

    @cached_property
    def logins_key(self) -> bytes:
        """The key of sealed logins."""
        return self._subkey("logins")

    @property
    def recipient(self) -> bytes:
        """Its public half."""
        return public_key(self.envelope_key)

    @cached_property
    def _values_key(self) -> bytes:
        return self._subkey("values")

    @cached_property
    def _file_key(self) -> bytes:
        return self._subkey("file")

    def _subkey(self, purpose: str) -> bytes:
        salt = bytes.fromhex(self.store_id.replace("-", ""))
        return hkdf(self.raw, salt, f"keystead/{FORMAT} {purpose}")


def hkdf(secret: bytes, salt: bytes, info: str) -> bytes:
    """A key of `KEY_BYTES` bytes for one purpose, by HKDF with SHA-256."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, salt, info.encode()).derive(secret)
