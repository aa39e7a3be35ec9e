"""Credentials as the two protocols write them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from keystead.delivery.wire import timestamp
from keystead.model.credentials import Credentials

_LIFE = timedelta(hours=1)
"""When to ask again for keys that do not end: SDKs insist on a moment."""


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
