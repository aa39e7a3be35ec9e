"""Credentials of ``aws login``: the session that a person opened in a browser.

What the AWS CLI left of it is a file for each login session, with temporary credentials of about
15 minutes and what renews them.
"""

from __future__ import annotations

import hashlib
import secrets
import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta

from keystead.model.credentials import Credentials
from keystead.model.sources.login import Login
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.aws.failures import unusable
from keystead.resolve.credentials_json import BadDocument, read_credentials
from keystead.resolve.providers.provider import Provider
from keystead.resolve.sso.cache import TokenCache, written_end
from keystead.resolve.sso.place import Places, SealedPlaces, TokenFile
from keystead.system import System
from keystead.system.path import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DIRECTORY = "AWS_LOGIN_CACHE_DIRECTORY"

_NEEDED = ("clientId", "refreshToken", "dpopKey")
_KEYS = ("accessKeyId", "secretAccessKey", "sessionToken")


class LoginProvider(Provider):
    """AWS's sign-in service, for the login of ``aws login``."""

    source: Login

    def retrieve(self) -> Credentials:
        """What the service gives for the login. Raises as `TokenCache.current`."""
        return LoginCache(self.source, self.system, self.client, self.context.logins()).current()

    def identity(self) -> list[object]:
        """As `Provider.identity`."""
        return [str(cache_folder(self.system))]


def cache_folder(system: System) -> Path:
    """The folder of the AWS CLI's cache of logins."""
    folders = system.folders
    given = system.environ.get(DIRECTORY)
    return folders.expand(given) if given else folders.home / ".aws" / "login" / "cache"


class LoginCache(TokenCache[Credentials]):
    """The file of one login session, in the folder `cache_folder`."""

    window = timedelta(minutes=5)
    logged_out = ("AccessDeniedException",)

    def __init__(
        self, source: Login, system: System, client: AwsClient, sealed: SealedPlaces
    ) -> None:
        session = source.login_session
        name = hashlib.sha256(session.encode()).hexdigest()
        shared = TokenFile(system.files, cache_folder(system) / f"{name}.json")
        found = Places(shared, sealed.at(f"login\n{session}", f"login {session}"))
        what = f"the login of profile `{source.profile}`"
        super().__init__(system, found, what, f"keystead login {shlex.quote(source.profile)}")
        self._label = source.label
        self._client = client

    def parse(self, document: Mapping[str, Any]) -> Credentials:
        """As `TokenCache.parse`."""
        token = document.get("accessToken")
        keys = token if isinstance(token, dict) else {}
        found = read_credentials(
            {
                "AccessKeyId": keys.get("accessKeyId"),
                "SecretAccessKey": keys.get("secretAccessKey"),
                "SessionToken": keys.get("sessionToken"),
                "Expiration": keys.get("expiresAt"),
                "AccountId": keys.get("accountId"),
            },
            "SessionToken",
            source=self._label,
        )
        if found.session_token is None or found.expires_at is None:
            raise BadDocument("has no session")
        return found

    def why_not_renewable(self, document: Mapping[str, Any]) -> str | None:
        """As `TokenCache.why_not_renewable`."""
        complete = all(isinstance(document.get(name), str) for name in _NEEDED)
        return None if complete and _Proof(document["dpopKey"]).usable else "cannot be renewed"

    def renew(self, document: dict[str, Any]) -> dict[str, Any]:
        """As `TokenCache.renew`."""
        now = self.system.clock()
        proof = _Proof(document["dpopKey"])
        answer = self._client.call(
            "signin",
            "CreateOAuth2Token",
            {
                "tokenInput": {
                    "clientId": document["clientId"],
                    "refreshToken": document["refreshToken"],
                    "grantType": "refresh_token",
                }
            },
            headers=lambda url: {"DPoP": proof.of(url, now + self.system.server_time.ahead)},
        )
        output = answer.get("tokenOutput", {})
        token, refresh = output.get("accessToken", {}), output.get("refreshToken")
        if not all(token.get(name) for name in _KEYS) or not refresh:
            raise unusable("signin", "CreateOAuth2Token")
        try:
            ends = written_end(now, output.get("expiresIn"))
        except ValueError:
            raise unusable("signin", "CreateOAuth2Token") from None
        keys = {
            **document["accessToken"],
            **{name: token[name] for name in _KEYS},
            "expiresAt": ends,
        }
        return {**document, "accessToken": keys, "refreshToken": refresh}


class _Proof:
    """Proofs of possession (DPoP, RFC 9449) by the key that the login was made with."""

    def __init__(self, pem: str) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(pem.encode(), None)
        except (ValueError, TypeError):
            key = None
        p256 = isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)
        self._key: Any = key if p256 else None

    @property
    def usable(self) -> bool:
        """Whether it is a key of the curve P-256."""
        return self._key is not None

    def of(self, url: str, moment: datetime) -> str:
        """The header for a POST to ``url``."""
        import json

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
        return ".".join([*parts, _base64(pair)])


def _base64(data: bytes) -> str:
    import base64

    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
