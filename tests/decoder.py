"""Opens an encrypted store by its specification alone: shares no code with keystead.

Written from docs/encrypted-store.md. `decode` gives the profiles in clear, by their GUIDs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

SEALED = {"AWSAccessKey", "AWSSecretKey", "SessionToken", "ExternalId", "MfaSerial"}
SOUNDS_SECRET = re.compile(r"secret|password|passphrase|private_key|(^|_)token$")


def decode(data: bytes, passphrase: bytes) -> dict[str, dict[str, str]]:
    whole = json.loads(data.decode("utf-8"))
    header = whole["keystead"]
    assert header["Format"] == "1"
    store_id = header["StoreId"]
    data_key = unwrap(header["Protector.1"], passphrase, store_id)

    mac = header.pop("Mac")
    assert (
        mac
        == hmac.new(hkdf(data_key, store_id, b"keystead/1 file"), canonical(whole), "sha256")
        .hexdigest()
        .upper()
    )

    del whole["keystead"]
    values_key = hkdf(data_key, store_id, b"keystead/1 values")
    return {
        guid: {
            key: decrypt(values_key, text, bind("keystead/1 value", store_id, guid, key)).decode()
            if text and (key in SEALED or (key.islower() and SOUNDS_SECRET.search(key)))
            else text
            for key, text in profile.items()
        }
        for guid, profile in whole.items()
    }


def unwrap(record: str, passphrase: bytes, store_id: str) -> bytes:
    head, _, key = record.partition(" key=")
    kind, function, m, t, p, salt = head.split(" ")
    assert (kind, function) == ("passphrase", "argon2id")
    wrapping = Argon2id(
        salt=bytes.fromhex(salt.removeprefix("salt=")),
        length=32,
        memory_cost=int(m.removeprefix("m=")),
        iterations=int(t.removeprefix("t=")),
        lanes=int(p.removeprefix("p=")),
    ).derive(passphrase)
    return decrypt(wrapping, key, bind("keystead/1 data key", store_id, head))


def hkdf(key: bytes, store_id: str, info: bytes) -> bytes:
    extracted = hmac.digest(bytes.fromhex(store_id.replace("-", "")), key, hashlib.sha256)
    return hmac.digest(extracted, info + b"\x01", hashlib.sha256)


def bind(*texts: str) -> bytes:
    return b"".join(len(t.encode()).to_bytes(4, "big") + t.encode() for t in texts)


def decrypt(key: bytes, text: str, binding: bytes) -> bytes:
    data = bytes.fromhex(text)
    return AESGCM(key).decrypt(data[:12], data[12:], binding)


def canonical(value: dict | str) -> bytes:
    if isinstance(value, str):
        return b'"' + value.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'
    members = (canonical(name) + b":" + canonical(value[name]) for name in sorted(value))
    return b"{" + b",".join(members) + b"}"
