"""Proof keys of the authorization code flow (PKCE, RFC 7636), and the address of its page."""

from __future__ import annotations

import base64
import hashlib
import secrets
from urllib.parse import quote, urlencode

from keystead.value import Value, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_BYTES = 48
"""Random bytes of a verifier, which is 64 characters then."""


def challenge_of(verifier: str) -> str:
    """The challenge by the method S256."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


class ProofKey(Value):
    """The verifier of one sign-in, which only this process knows. ``method`` is how the service
    calls S256.
    """

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(_BYTES), repr=False)
    method: str = "S256"

    def address(self, page: str, parameters: Mapping[str, str]) -> str:
        """The address of ``page`` with these parameters and the challenge."""
        given = {
            "response_type": "code",
            **parameters,
            "code_challenge_method": self.method,
            "code_challenge": challenge_of(self.verifier),
        }
        return f"{page}?{urlencode(given, quote_via=quote, safe='')}"
