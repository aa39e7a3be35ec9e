"""Signed tokens (JWT) and the checking of proofs of possession (DPoP, RFC 9449)."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime, timedelta
from typing import Any

from keystead.testing.oauth import base64url, sha256url

_POINT_BYTES = 32
TYPE_CHECKING = False
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


def new_key() -> EllipticCurvePrivateKey:
    """A key of the curve P-256."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: EllipticCurvePrivateKey) -> dict[str, str]:
    """The public part of ``key`` as a JSON web key."""
    numbers = key.public_key().public_numbers()
    x, y = (base64url(number.to_bytes(_POINT_BYTES)) for number in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def thumbprint(jwk: dict[str, Any]) -> str:
    """What identifies a key (RFC 7638)."""
    members = {key: jwk[key] for key in ("crv", "kty", "x", "y")}
    return sha256url(json.dumps(members, separators=(",", ":"), sort_keys=True))


def signed(key: EllipticCurvePrivateKey, header: object, claims: object) -> str:
    """A token that is signed by ES256."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    pair = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
    signature = b"".join(number.to_bytes(_POINT_BYTES) for number in pair)
    return f"{text}.{base64url(signature)}"


class InvalidProof(ValueError):
    """A proof that breaks a rule; the message says which."""


class Proofs:
    """The proofs so far, of which each is valid once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def check(self, proof: str, url: str, now: datetime, window: timedelta) -> str:
        """The thumbprint (RFC 7638) of the key that made ``proof`` for a POST to ``url``.

        ``window``: how far its time may be from ``now``. Raises `InvalidProof`.
        """
        parts = proof.split(".")
        if len(parts) != 3:  # noqa: PLR2004 - header, claims and signature
            raise InvalidProof("the proof is not a JWT")
        header, claims = _object(parts[0]), _object(parts[1])
        if (header.get("typ"), header.get("alg")) != ("dpop+jwt", "ES256"):
            raise InvalidProof("typ is not dpop+jwt or alg is not ES256")
        jwk = header.get("jwk")
        if not isinstance(jwk, dict):
            raise InvalidProof("there is no jwk")
        _verify(jwk, f"{parts[0]}.{parts[1]}", _bytes(parts[2]))
        if (claims.get("htm"), claims.get("htu")) != ("POST", url):
            raise InvalidProof("htm or htu is of another request")
        made, name = claims.get("iat"), claims.get("jti")
        if not isinstance(made, int) or abs(made - now.timestamp()) > window.total_seconds():
            raise InvalidProof("iat is too far from the time of the service")
        if not isinstance(name, str) or not name or name in self._seen:
            raise InvalidProof("jti is missing or was used before")
        self._seen.add(name)
        return thumbprint(jwk)


def _verify(jwk: dict[str, Any], signed: str, signature: bytes) -> None:
    """Raises `InvalidProof` unless the key ``jwk`` has signed."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256") or "d" in jwk:
        raise InvalidProof("jwk is not a public key of P-256")
    x, y = (_bytes(jwk.get(name)) for name in "xy")
    if {len(x), len(y), len(signature) // 2} != {_POINT_BYTES} or len(signature) % 2:
        raise InvalidProof("jwk or the signature has the wrong length")
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1())
    pair = int.from_bytes(signature[:_POINT_BYTES]), int.from_bytes(signature[_POINT_BYTES:])
    try:
        numbers.public_key().verify(
            encode_dss_signature(*pair), signed.encode(), ec.ECDSA(SHA256())
        )
    except (InvalidSignature, ValueError):
        raise InvalidProof("the signature is not valid") from None


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(part))
    except ValueError:
        raise InvalidProof("the proof is not a JWT") from None
    if not isinstance(found, dict):
        raise InvalidProof("the proof is not a JWT")
    return found


def _bytes(text: object) -> bytes:
    """What base64url ``text`` encodes, which has to be without padding. Raises `InvalidProof`."""
    try:
        data = base64.urlsafe_b64decode(f"{text}{'=' * (-len(str(text)) % 4)}")
    except (binascii.Error, ValueError):
        data = b""
    if base64url(data) != text:
        raise InvalidProof("the proof is not in base64url")
    return data
