"""boto3 sessions whose credentials renew themselves; boto3 is imported when it is needed."""

from __future__ import annotations

from keystead.delivery.sdk_credentials import (
    Renewing,
    RenewingKeys,
    SessionSource,
    core_session,
    frozen,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import boto3


def boto_session(source: SessionSource) -> boto3.Session:
    """A boto3 Session with the credentials of ``source``. Raises what retrieving them raises."""
    import boto3
    from botocore.credentials import Credentials
    from botocore.session import Session

    class RenewingCredentials(RenewingKeys, Credentials):  # type: ignore[misc]  # botocore has no types
        """botocore's credentials, read at every request."""

        def get_frozen_credentials(self) -> Any:  # noqa: ANN401  # botocore has no types
            return frozen(self._renewing.current())

    renewing = Renewing(source)
    renewing.current()  # raises errors now, not at the first request
    core = core_session(Session, source)
    core._credentials = RenewingCredentials(renewing)  # noqa: SLF001  # there is no public API for it
    return boto3.Session(botocore_session=core, region_name=source.client_settings.region)
