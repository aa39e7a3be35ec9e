"""EC2's instance metadata service, version 2 only, for one profile.

PUT returns a session token, which every GET must have. Tokens are not stored: each one contains its
expiry and a MAC by the profile's secret, so revoking the secret revokes all tokens.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
import time
from collections.abc import Callable
from datetime import datetime

from keystead.http.guards import PAGES_AND_PROXIES, Answer, Refusal, Request
from keystead.http.tokens import Token
from keystead.outside import whole
from keystead.serve.documents import (
    Prepared,
    identity_document,
    instance_profile_document,
    role_document,
)
from keystead.serve.served import ServedProfile

MAX_TTL_SECONDS = 21600

_TTL = "x-aws-ec2-metadata-token-ttl-seconds"
_TOKEN = "x-aws-ec2-metadata-token"  # noqa: S105  # a header's name
_TOKEN_PATH = "/latest/api/token"  # noqa: S105  # a path
_ROLES = "/latest/meta-data/iam/security-credentials"
_EXTENDED = f"{_ROLES}-extended"
"""A newer path, with the account in the document, that SDKs try first."""
_INFO = "/latest/meta-data/iam/info"
_REGION = "/latest/meta-data/placement/region"
_ZONE = "/latest/meta-data/placement/availability-zone"
_IDENTITY = "/latest/dynamic/instance-identity/document"
_NO_ROLE_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)
_TICK = 8
_NONCE = 16
_NO_TOKEN = "a token is required: PUT /latest/api/token returns one; version 1 is not supported"  # noqa: S105  # words
_TEXT = "text/plain"


def role_name(profile: str) -> str:
    """The role name for a profile, made of valid characters."""
    return _NO_ROLE_NAME.sub("-", profile)[:64]


class MetadataService:
    """Serves ``profile``; ``secret`` is the key of its session tokens.

    ``admits`` decides whether a client may have a token, as the protocol itself admits every
    program of the machine. ``seconds`` is a monotonic clock.
    """

    methods = frozenset({"GET", "PUT"})
    foreign = PAGES_AND_PROXIES

    def __init__(
        self,
        profile: ServedProfile,
        secret: Token,
        clock: Callable[[], datetime],
        *,
        admits: Callable[[Request], bool] = lambda _: True,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._profile = profile
        self._secret = secret
        self._clock = clock
        self._admits = admits
        self._seconds = seconds
        self._role = role_name(profile.name)
        self._prepared = Prepared(role_document)

    def answer(self, request: Request) -> Answer:
        """A token, or the document for a token."""
        path = request.path.rstrip("/")
        if request.method == "PUT":
            if path != _TOKEN_PATH:
                raise Refusal(405, "MethodNotAllowed", "only GET is allowed here", {"Allow": "GET"})
            return self._new_token(request)
        if not self._is_valid(request.headers.get(_TOKEN, "")):
            raise Refusal(401, "Unauthorized", _NO_TOKEN)
        if path in (_ROLES, _EXTENDED):
            return Answer(200, self._role.encode(), _TEXT)
        if path in (f"{_ROLES}/{self._role}", f"{_EXTENDED}/{self._role}"):
            return self._prepared.answer(self._profile.hand_out(request), self._clock())
        region = self._profile.region
        if path == _INFO:
            account, now = self._profile.account_id(), self._clock()
            return Answer(200, instance_profile_document(self._role, region, account, now))
        if region and path == _REGION:
            return Answer(200, region.encode(), _TEXT)
        if region and path == _ZONE:
            return Answer(200, f"{region}a".encode(), _TEXT)
        if region and path == _IDENTITY:
            account = self._profile.account_id()
            return Answer(200, identity_document(region, account))
        raise Refusal(404, "NotFound", "there is nothing at this path")

    def _new_token(self, request: Request) -> Answer:
        try:
            seconds = whole(request.headers.get(_TTL, ""), 1, MAX_TTL_SECONDS)
        except ValueError as error:
            raise Refusal(400, "BadTTL", f"{_TTL} {error}") from None
        if not self._admits(request):
            raise Refusal(403, "NotYours", "this endpoint is for another user's programs")
        secret = self._secret()
        if secret is None:
            raise Refusal(403, "Revoked", "the tokens of this endpoint were revoked")
        ends = int((self._seconds() + seconds) * 1000)
        head = ends.to_bytes(_TICK, "big") + os.urandom(_NONCE)
        token = base64.urlsafe_b64encode(head + _seal(secret, head))
        return Answer(200, token, _TEXT, {_TTL: str(seconds)})

    def _is_valid(self, token: str) -> bool:
        secret = self._secret()
        try:
            data = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except ValueError:
            return False
        head, seal = data[: _TICK + _NONCE], data[_TICK + _NONCE :]
        if secret is None or not hmac.compare_digest(seal, _seal(secret, head)):
            return False
        return self._seconds() * 1000 < int.from_bytes(head[:_TICK], "big")


def _seal(secret: bytes, head: bytes) -> bytes:
    return hmac.digest(secret, b"keystead imds\0" + head, "sha256")
