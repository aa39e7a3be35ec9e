"""Sessions of aiobotocore, which aioboto3 accepts, with credentials that renew themselves."""

from __future__ import annotations

import asyncio

from keystead.delivery.sdk_credentials import (
    Renewing,
    RenewingKeys,
    SessionSource,
    core_session,
    frozen,
)
from keystead.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from aiobotocore.session import AioSession


def aio_session(source: SessionSource) -> AioSession:
    """A session of aiobotocore, whose credentials are retrieved lazily.

    Raises `UsageError` where aiobotocore is not installed.
    """
    try:
        from aiobotocore.credentials import AioCredentials
        from aiobotocore.session import AioSession
    except ImportError:
        raise UsageError(
            "aiobotocore is not installed",
            id="package-not-installed",
            hint="pip install aiobotocore, or aioboto3",
        ) from None

    class RenewingCredentials(RenewingKeys, AioCredentials):  # type: ignore[misc]  # it has no types
        """aiobotocore's credentials, retrieved in a thread."""

        async def get_frozen_credentials(self) -> Any:  # noqa: ANN401  # it has no types
            found = self._renewing.at_hand()
            if found is None:
                found = await asyncio.to_thread(self._renewing.current)
            return frozen(found)

    core = core_session(AioSession, source)
    core._credentials = RenewingCredentials(Renewing(source))  # noqa: SLF001  # there is no public API for it
    return core
