"""Credentials as the two protocols write them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from keystead.delivery.wire import timestamp
from keystead.model.credentials import Credentials

_LIFE = timedelta(hours=1)
"""When to ask again for keys that do not end: SDKs insist on a moment."""

_AS_OF = timedelta(minutes=1)
"""How old a document may be: what it says of now is no more exact."""


class Prepared:
    """Documents that ``write`` makes of credentials and a moment, kept for who asks next."""

    def __init__(self, write: Callable[[Credentials, datetime], bytes]) -> None:
        self._write = write
        self._of: Credentials | None = None
        self._made = datetime.min.replace(tzinfo=UTC)
        self._document = b""

    def document(self, credentials: Credentials, now: datetime) -> bytes:
        """That of ``credentials`` at about ``now``."""
        if credentials is not self._of or not timedelta(0) <= now - self._made < _AS_OF:
            self._document = self._write(credentials, now)
            self._of, self._made = credentials, now
        return self._document


def _keys(credentials: Credentials, now: datetime) -> dict[str, str]:
    return {
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        # SDKs insist on this member too; an empty one signs without a session token.
        "Token": credentials.session_token or "",
        "Expiration": timestamp(credentials.expires_at or now + _LIFE),
    }


def container_document(credentials: Credentials, now: datetime) -> bytes:
    """As the ECS agent and EKS Pod Identity answer."""
    document = _keys(credentials, now)
    if credentials.account_id:
        document["AccountId"] = credentials.account_id
    return json.dumps(document).encode()


def role_document(credentials: Credentials, now: datetime) -> bytes:
    """As EC2's metadata service answers for a role."""
    head = {"Code": "Success", "LastUpdated": timestamp(now), "Type": "AWS-HMAC"}
    return json.dumps({**head, **_keys(credentials, now)}).encode()
