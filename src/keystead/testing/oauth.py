"""OAuth 2.0 as both sign-in services use it: codes with PKCE, refresh tokens with rotation."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from keystead.value import NamedTuple

CODE, DEVICE, REFRESH = (
    "authorization_code",
    "urn:ietf:params:oauth:grant-type:device_code",
    "refresh_token",
)
"""The grant types."""

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636, 4.1
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Reason = Literal["malformed", "mismatch", "unknown", "expired", "reused", "outdated"]


class Invalid(Exception):
    """A code or token that is not valid, with the reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def base64url(data: bytes) -> str:
    """``data`` in base64url without padding, as JOSE and PKCE write it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sha256url(text: str) -> str:
    """The hash of ``text`` in base64url: what PKCE's challenge is to its verifier."""
    return base64url(hashlib.sha256(text.encode()).digest())


def is_challenge(text: str) -> bool:
    """Whether ``text`` can be a PKCE challenge by SHA-256."""
    return _CHALLENGE.fullmatch(text) is not None


class Authorization(NamedTuple):
    """What a client asks a person for in a browser."""

    client_id: str
    redirect_uri: str
    state: str
    challenge: str


class Login:
    """One sign-in of a person to a client, until ``ends``.

    ``binding`` is what its refresh tokens are bound to, ``ended`` why it ended early. ``reuses``
    counts refresh tokens that were presented though a newer one was in use; the first of them ends
    the login.
    """

    def __init__(self, person: str, client_id: str, ends: datetime, binding: str = "") -> None:
        self.person = person
        self.client_id = client_id
        self.ends = ends
        self.binding = binding
        self.ended: Reason | None = None
        self.reuses = 0
        self.issued = 0
        """The number of the newest refresh token."""
        self.received = 0
        """The number of the newest refresh token that the client certainly has."""

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended early."""
        return self.ended is None

    def received_answer(self, number: int) -> None:
        """The client has presented what it was given with refresh token ``number``."""
        self.received = max(self.received, number)


class Authorizations:
    """Requests that wait for a person, and the codes of those that were approved."""

    def __init__(self, make_secret: Callable[[str], str]) -> None:
        self._make_secret = make_secret
        self._waiting: dict[str, Authorization] = {}
        self._codes: dict[str, tuple[Authorization, str, datetime]] = {}
        self._logins: dict[str, Login | None] = {}

    def wait(self, authorization: Authorization) -> str:
        """The name of the waiting request."""
        name = secrets.token_urlsafe(16)
        self._waiting[name] = authorization
        return name

    def decided(self, name: str) -> Authorization:
        """The request ``name``, which waits no longer. Raises `Invalid`."""
        if name not in self._waiting:
            raise Invalid("unknown")
        return self._waiting.pop(name)

    def code(self, authorization: Authorization, person: str, ends: datetime) -> str:
        """A code for what ``person`` approved, valid until ``ends``."""
        code = self._make_secret("code")
        self._codes[code] = authorization, person, ends
        return code

    def redeem(
        self, code: str, client_id: str, redirect_uri: str, verifier: str, now: datetime
    ) -> str:
        """The person who approved. Any attempt uses up the code. Raises `Invalid`.

        A code that is presented once more ends the login that was made with it.
        """
        if code in self._logins:
            if (login := self._logins[code]) is not None:
                login.ended = "reused"
            raise Invalid("reused")
        if code not in self._codes:
            raise Invalid("unknown")
        authorization, person, ends = self._codes.pop(code)
        self._logins[code] = None
        if _VERIFIER.fullmatch(verifier) is None:
            raise Invalid("malformed")
        if now >= ends:
            raise Invalid("expired")
        given = (client_id, redirect_uri, sha256url(verifier))
        if given != (
            authorization.client_id,
            authorization.redirect_uri,
            authorization.challenge,
        ):
            raise Invalid("mismatch")
        return person

    def redeemed(self, code: str, login: Login) -> None:
        """``login`` was made with ``code``."""
        self._logins[code] = login


class RefreshTokens:
    """Refresh tokens with rotation and reuse detection (RFC 9700, 4.14.2).

    If ``is_strict``, each token is valid once. Otherwise it is valid until the client has
    presented something that it was given in its place, so that a lost answer loses no login.
    """

    def __init__(self, make_secret: Callable[[str], str]) -> None:
        self.is_strict = True
        self._make_secret = make_secret
        self._tokens: dict[str, tuple[Login, int]] = {}

    def issue(self, login: Login) -> str:
        """The next token of ``login``."""
        token = self._make_secret("refreshToken")
        login.issued += 1
        if self.is_strict:
            login.received_answer(login.issued)
        self._tokens[token] = login, login.issued
        return token

    def redeem(self, token: str, client_id: str, binding: str, now: datetime) -> Login:
        """The login of ``token``, which is used by that. Raises `Invalid`."""
        if token not in self._tokens:
            raise Invalid("unknown")
        login, number = self._tokens[token]
        if (client_id, binding) != (login.client_id, login.binding):
            raise Invalid("mismatch")
        if number < login.received:
            login.reuses += 1
            login.ended = "reused"
        if login.ended is None and now >= login.ends:
            login.ended = "expired"
        if login.ended is not None:
            raise Invalid(login.ended)
        login.received_answer(number)
        return login


def seconds(length: timedelta) -> int:
    """A length of time in whole seconds."""
    return int(length.total_seconds())


def text_of(moment: datetime) -> str:
    """A moment as the AWS CLI writes it in its caches."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def random_secret(name: str) -> str:
    """A new token or key; ``name`` is that of the member which it is sent in."""
    if name == "accessKeyId":
        return "ASIA" + base64.b32encode(secrets.token_bytes(10)).decode()
    return secrets.token_urlsafe(30)
