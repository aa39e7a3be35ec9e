"""boto3 sessions whose credentials renew themselves; boto3 is imported when one is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keystead.botocore_session import isolated_session
from keystead.delivery.wire import timestamp
from keystead.model.credentials import Credentials

if TYPE_CHECKING:
    import boto3


def boto_session(
    retrieve: Callable[[], Credentials], *, region: str | None, profile: str | None
) -> boto3.Session:
    """A boto3 Session that calls ``retrieve`` for its credentials and again before they end.

    ``profile`` is the one in the user's shared files whose other settings (endpoints, retries,
    ``s3``) boto3 shall follow; None, or one that boto3 cannot find: none.
    """
    import boto3
    import botocore.credentials

    def metadata(credentials: Credentials) -> dict[str, str | None]:
        return {
            "access_key": credentials.access_key_id,
            "secret_key": credentials.secret_access_key,
            "token": credentials.session_token,
            "expiry_time": timestamp(credentials.expires_at) if credentials.expires_at else None,
        }

    first = retrieve()
    core = _core(profile)
    if first.expires_at is None:
        core.set_credentials(first.access_key_id, first.secret_access_key, first.session_token)
    else:
        core._credentials = botocore.credentials.RefreshableCredentials.create_from_metadata(  # noqa: SLF001  # botocore has no public way to set refreshable ones
            metadata(first),
            refresh_using=lambda: metadata(retrieve()),
            method="keystead",
        )
    return boto3.Session(botocore_session=core, region_name=region)


def _core(profile: str | None) -> Any:  # noqa: ANN401  # botocore has no types
    import botocore.exceptions
    import botocore.session

    if profile is not None:
        core = botocore.session.Session(profile=profile)
        try:
            if profile in core.available_profiles:
                return core
        except botocore.exceptions.ConfigParseError:
            pass  # botocore refuses some files that the SDK rules accept; go on without them
    return isolated_session()
