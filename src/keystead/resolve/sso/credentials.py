"""Credentials of a permission set in IAM Identity Center."""

from __future__ import annotations

from datetime import UTC, datetime

from keystead.model.credentials import Credentials
from keystead.model.sources.sso import Sso
from keystead.outside import number
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.aws.failures import unusable
from keystead.resolve.credentials_json import BadDocument, read_credentials
from keystead.resolve.sso.oidc import SsoTokenCache
from keystead.value import replace


def role_credentials(source: Sso, login: SsoTokenCache, client: AwsClient) -> Credentials:
    """The credentials of the permission set ``source``. Raises as `SsoTokenCache.current`.

    ``client`` calls the region of the portal.
    """
    parameters = {"roleName": source.sso_role_name, "accountId": source.sso_account_id}
    answer = login.answered(
        lambda token: client.call("sso", "GetRoleCredentials", {**parameters, "accessToken": token})
    )
    keys = answer.get("roleCredentials", {})
    try:
        found = read_credentials(
            {
                "AccessKeyId": keys.get("accessKeyId"),
                "SecretAccessKey": keys.get("secretAccessKey"),
                "SessionToken": keys.get("sessionToken"),
                "Expiration": datetime.fromtimestamp(_seconds(keys.get("expiration")), UTC),
                "AccountId": source.sso_account_id,
            },
            "SessionToken",
            source=source.label,
        )
    except (BadDocument, TypeError, ValueError, OverflowError, OSError):
        raise unusable("sso", "GetRoleCredentials") from None
    if found.session_token is None or found.expires_at is None:
        raise unusable("sso", "GetRoleCredentials")
    return replace(found, expires_at=login.system.server_time.here(found.expires_at))


def _seconds(milliseconds: object) -> float:
    """Raises `ValueError` for what is not a time up to the end of the year 9998."""
    return number(milliseconds, 0, 253_370_764_800_000) / 1000
