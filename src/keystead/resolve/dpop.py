"""Proofs of possession (DPoP, RFC 9449): a refresh token works only with the key of its login."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import datetime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


class DpopKey:
    """A private key of the curve P-256, as ``pem``. Raises `ValueError` for another text."""

    def __init__(self, pem: str) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(pem.encode(), None)
        except TypeError:  # it has a passphrase
            raise ValueError("not a private key") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(
            key.curve, ec.SECP256R1
        ):
            raise ValueError("not a key of the curve P-256")  # noqa: TRY004  # of a text
        self._key: Any = key
        self.pem = pem

    @classmethod
    def new(cls) -> Self:
        """A new one, in the form in which the AWS CLI stores it."""
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        form = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        return cls(ec.generate_private_key(ec.SECP256R1()).private_bytes(*form).decode())

    def headers(self, url: str, moment: datetime) -> dict[str, str]:
        """The header of a POST request to ``url``."""
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256

        numbers = self._key.public_key().public_numbers()
        point = {"x": _base64(numbers.x.to_bytes(32)), "y": _base64(numbers.y.to_bytes(32))}
        header = {
            "typ": "dpop+jwt",
            "alg": "ES256",
            "jwk": {"kty": "EC", **point, "crv": "P-256"},
        }
        claims = {
            "htm": "POST",
            "htu": url,
            "iat": int(moment.timestamp()),
            "jti": secrets.token_hex(16),
        }
        parts = [_base64(json.dumps(part).encode()) for part in (header, claims)]
        signature = self._key.sign(".".join(parts).encode(), ec.ECDSA(SHA256()))
        pair = b"".join(number.to_bytes(32) for number in decode_dss_signature(signature))
        return {"DPoP": ".".join([*parts, _base64(pair)])}


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
