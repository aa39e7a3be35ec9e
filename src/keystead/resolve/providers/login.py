"""Credentials of ``aws login``: the session that a person opened in a browser.

What the AWS CLI left of it is a file for each login session, with temporary credentials of about
15 minutes and what renews them. Each renewal changes the refresh token, so two that renew at once
would lose the session; here one process renews, under a lock, and the others take what it wrote.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from keystead.errors import FileProblem, InteractionRequired, Origin, ProviderError
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.model.sources.login import Login
from keystead.resolve.aws import client as aws
from keystead.resolve.credentials_json import BadDocument, read_credentials, read_object
from keystead.resolve.providers.provider import Provider
from keystead.system import System
from keystead.system.file_versions import FileVersion
from keystead.system.files import Changed

DIRECTORY = "AWS_LOGIN_CACHE_DIRECTORY"

WINDOW = timedelta(minutes=5)
"""How long before their end the credentials are renewed, as botocore does."""

_LOG = logging.getLogger("keystead")
_NEEDED = ("clientId", "refreshToken", "dpopKey")
_KEYS = ("accessKeyId", "secretAccessKey", "sessionToken")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def login_credentials(
    session: str,
    *,
    profile: str,
    system: System,
    client_settings: ClientSettings,
) -> Credentials:
    """The credentials of the login ``session``, renewed within `WINDOW` of their end.

    ``session`` is the value of ``login_session``, ``profile`` the one a person would log in for.
    The file is in ``AWS_LOGIN_CACHE_DIRECTORY``, else in ``~/.aws/login/cache``. While the
    credentials live, failing to renew them is no error.

    Raises `InteractionRequired` when somebody must log in, `ProviderError` when the service
    refuses or cannot be reached, `FileProblem` when the file cannot be read or locked.
    """
    login = _Login(session, profile, system, client_settings)
    found = login.read()
    now = system.clock()
    if found.fresh(now, WINDOW):
        return found
    try:
        return login.renewed()
    except (ProviderError, FileProblem) as error:
        if found.fresh(system.clock()):
            _LOG.debug("the login was not renewed and lives on: %s", error)
            return found
        if isinstance(error, ProviderError) and error.code == "AccessDeniedException":
            raise login.required("has ended") from None
        raise


class LoginProvider(Provider[Login]):
    """AWS's sign-in service, for the login of ``aws login``."""

    def retrieve(self) -> Credentials:
        """What the service gives for the login. Raises as `login_credentials`."""
        return login_credentials(
            self.source.login_session,
            profile=self.source.profile,
            system=self.system,
            client_settings=self.client_settings,
        )

    def identity(self) -> list[object]:
        """As `Provider.identity`."""
        return [str(cache_folder(self.system))]


def cache_folder(system: System) -> Path:
    """The folder of the AWS CLI's cache of logins."""
    folders = system.folders
    given = system.environ.get(DIRECTORY)
    return folders.expand(given) if given else folders.home / ".aws" / "login" / "cache"


@dataclass(frozen=True)
class _Login:
    """One login session and its file."""

    session: str
    profile: str
    system: System
    client_settings: ClientSettings

    @property
    def path(self) -> Path:
        """The file of the AWS CLI's cache."""
        name = hashlib.sha256(self.session.encode()).hexdigest()
        return cache_folder(self.system) / f"{name}.json"

    def required(self, state: str) -> InteractionRequired:
        """The error that sends a person to log in."""
        return InteractionRequired(
            f"log-in required: the login of profile `{self.profile}` {state}",
            id="login-required",
            hint=f"run `aws login --profile {self.profile}`",
            where=Origin(str(self.path)),
        )

    def read(self) -> Credentials:
        """The credentials in the file; they may have ended."""
        return self._credentials(self._document()[0])

    def renewed(self) -> Credentials:
        """The credentials after a renewal, ours or that of whoever had the lock before."""
        with self.system.files.lock(self.path):
            document, version = self._document()
            found = self._credentials(document)
            if found.fresh(self.system.clock(), WINDOW):
                return found
            new = self._renew(document)
            made = self._credentials(new)
            self._write(new, version)
            return made

    def _document(self) -> tuple[dict[str, Any], FileVersion | None]:
        snapshot = self.system.files.read(self.path)
        if snapshot.data is None:
            raise self.required("was not made yet")
        try:
            return read_object(snapshot.data), snapshot.version
        except BadDocument:
            raise self.required("cannot be read") from None

    def _credentials(self, document: dict[str, Any]) -> Credentials:
        token = document.get("accessToken")
        keys = token if isinstance(token, dict) else {}
        try:
            found = read_credentials(
                {
                    "AccessKeyId": keys.get("accessKeyId"),
                    "SecretAccessKey": keys.get("secretAccessKey"),
                    "SessionToken": keys.get("sessionToken"),
                    "Expiration": keys.get("expiresAt"),
                    "AccountId": keys.get("accountId"),
                },
                "SessionToken",
                source=f"login {self.session}",
            )
        except BadDocument:
            raise self.required("cannot be read") from None
        if found.session_token is None or found.expires_at is None:
            raise self.required("cannot be read")
        return found

    def _renew(self, document: dict[str, Any]) -> dict[str, Any]:
        if not all(isinstance(document.get(name), str) for name in _NEEDED):
            raise self.required("cannot be renewed")
        now = self.system.clock()
        proof = _Proof(document["dpopKey"])
        if not proof.usable:
            raise self.required("cannot be renewed")
        answer = aws.call(
            "signin",
            "CreateOAuth2Token",
            {
                "tokenInput": {
                    "clientId": document["clientId"],
                    "refreshToken": document["refreshToken"],
                    "grantType": "refresh_token",
                }
            },
            credentials=None,
            client_settings=self.client_settings,
            system=self.system,
            headers=lambda url: {"DPoP": proof.of(url, now + self.system.server_time.ahead)},
        )
        output = answer.get("tokenOutput", {})
        token, refresh = output.get("accessToken", {}), output.get("refreshToken")
        seconds = output.get("expiresIn")
        if not all(token.get(name) for name in _KEYS) or not refresh or not seconds:
            raise aws.unusable("signin", "CreateOAuth2Token")
        ends = (now + timedelta(seconds=seconds)).astimezone(UTC)
        kept = {
            **document["accessToken"],
            **{name: token[name] for name in _KEYS},
            "expiresAt": ends.strftime(_TIME),
        }
        return {**document, "accessToken": kept, "refreshToken": refresh}

    def _write(self, document: dict[str, Any], version: FileVersion | None) -> None:
        import json

        data = json.dumps(document).encode()
        try:
            self.system.files.replace(self.path, data, expect=version, private=True)
        except (Changed, FileProblem):
            # Somebody has logged in meanwhile, or nothing can be written: the credentials work.
            _LOG.warning("the renewed login was not cached: %s", self.path)


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
