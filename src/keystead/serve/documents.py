"""The JSON documents of both protocols."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from keystead.botocore_session import partition_of
from keystead.delivery.wire import timestamp
from keystead.http.guards import Answer
from keystead.model.credentials import Credentials

_LIFE = timedelta(hours=1)
"""The expiry given for keys without one, which SDKs require."""

_AS_OF = timedelta(minutes=1)
"""How long a document is reused."""


class Prepared:
    """Answers by ``write``, which makes documents of credentials and the time; cached a while."""

    def __init__(self, write: Callable[[Credentials, datetime], bytes]) -> None:
        self._write = write
        self._of: Credentials | None = None
        self._made = datetime.min.replace(tzinfo=UTC)
        self._answer = Answer(200, b"")

    def answer(self, credentials: Credentials, now: datetime) -> Answer:
        """The document of ``credentials`` at about ``now``."""
        if credentials is not self._of or not timedelta(0) <= now - self._made < _AS_OF:
            self._answer = Answer(200, self._write(credentials, now))
            self._of, self._made = credentials, now
        return self._answer


def _keys(credentials: Credentials, now: datetime) -> dict[str, str]:
    return {
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        # SDKs require this member; an empty one means no session token.
        "Token": credentials.session_token or "",
        "Expiration": timestamp(credentials.expires_at or now + _LIFE),
        **({"AccountId": credentials.account_id} if credentials.account_id else {}),
    }


def container_document(credentials: Credentials, now: datetime) -> bytes:
    """The answer of the ECS agent and EKS Pod Identity."""
    return json.dumps(_keys(credentials, now)).encode()


def role_document(credentials: Credentials, now: datetime) -> bytes:
    """The answer of EC2's metadata service for a role."""
    head = {"Code": "Success", "LastUpdated": timestamp(now), "Type": "AWS-HMAC"}
    return json.dumps({**head, **_keys(credentials, now)}).encode()


def instance_profile_document(
    role: str, region: str | None, account_id: str | None, now: datetime
) -> bytes:
    """The answer of EC2's metadata service at ``iam/info``; no ARN for an unknown account."""
    document = {"Code": "Success", "LastUpdated": timestamp(now), "InstanceProfileId": role}
    if account_id:
        partition = partition_of(region)
        document["InstanceProfileArn"] = (
            f"arn:{partition}:iam::{account_id}:instance-profile/{role}"
        )
    return json.dumps(document).encode()


def identity_document(region: str, account_id: str | None) -> bytes:
    """The instance identity document of EC2's metadata service: region, and account if known."""
    document = {"version": "2017-09-30", "region": region, "availabilityZone": f"{region}a"}
    if account_id:
        document["accountId"] = account_id
    return json.dumps(document).encode()
