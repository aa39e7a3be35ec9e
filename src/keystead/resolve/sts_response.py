"""The temporary credentials in an answer of STS."""

from __future__ import annotations

from keystead.model.credentials import Credentials
from keystead.resolve.aws.failures import unusable
from keystead.resolve.credentials_json import BadDocument, read_credentials
from keystead.system import System
from keystead.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def temporary_credentials(
    answer: dict[str, Any], operation: str, source: str, system: System
) -> Credentials:
    """The credentials in ``answer``, with their expiry by this machine's clock.

    Raises `ProviderError` if it has none, such as an answer from another program.
    """
    try:
        account = answer.get("AssumedRoleUser", {}).get("Arn", "").split(":")[4:5]
        found = read_credentials(
            {**answer.get("Credentials", {}), "AccountId": "".join(account)},
            "SessionToken",
            source=source,
        )
    except (BadDocument, AttributeError, TypeError):
        raise unusable("sts", operation) from None
    if found.session_token is None or found.expires_at is None:
        raise unusable("sts", operation)
    return replace(found, expires_at=system.server_time.here(found.expires_at))
