"""What a session of an SDK is made of, whichever SDK it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from keystead.botocore_session import isolated_session
from keystead.errors import ProviderError
from keystead.model.credentials import Credentials

METHOD = "keystead"
"""What botocore is told of where the credentials come from."""

_WINDOW = timedelta(minutes=10)
_LAST_MOMENT = timedelta(seconds=30)


@dataclass(frozen=True)
class SessionSource:
    """``open_provider`` makes a thread-safe source of credentials, anew in each process.

    ``region`` is the one in effect. ``profile`` is the one in the user's shared files whose other
    settings (endpoints, retries, ``s3``) the SDK shall follow; None, or one that it cannot find:
    none. ``clock`` tells the time.
    """

    open_provider: Callable[[], Callable[[], Credentials]]
    region: str | None
    profile: str | None
    clock: Callable[[], datetime]


class Renewing:
    """Credentials that are good now, in every thread and in every process that was forked."""

    def __init__(self, source: SessionSource) -> None:
        self._source = source
        self._provider = source.open_provider()
        self._process = os.getpid()
        self._last: Credentials | None = None

    def current(self) -> Credentials:
        """Credentials that live on for a while; gets new ones when that is due.

        What cannot be renewed serves to its end. Raises what getting them raises.
        """
        if self._process != os.getpid():
            # A thread of the parent may have been at it, and its lock would stay shut here.
            self._provider = self._source.open_provider()
            self._process = os.getpid()
        try:
            self._last = self._provider()
        except ProviderError:
            if self._last is None or not self._last.fresh(self._source.clock(), _LAST_MOMENT):
                raise
        return self._last

    def at_hand(self) -> Credentials | None:
        """The same, where nothing has to be got for it."""
        if self._last is None or self._process != os.getpid():
            return None
        return self._last if self._last.fresh(self._source.clock(), _WINDOW) else None


class RenewingKeys:
    """The members of an SDK's credentials that are to be asked for each time.

    botocore's own refreshing has a lock that does not survive a fork, and a clock of its own.
    """

    method = METHOD

    def __init__(self, renewing: Renewing) -> None:
        self._renewing = renewing

    @property
    def access_key(self) -> str:
        """As botocore calls it."""
        return self._renewing.current().access_key_id

    @property
    def secret_key(self) -> str:
        """As botocore calls it."""
        return self._renewing.current().secret_access_key

    @property
    def token(self) -> str | None:
        """As botocore calls it."""
        return self._renewing.current().session_token

    @property
    def account_id(self) -> str | None:
        """As botocore calls it."""
        return self._renewing.current().account_id


def frozen(credentials: Credentials) -> Any:  # noqa: ANN401  # botocore has no types
    """The same as botocore's own value."""
    from botocore.credentials import ReadOnlyCredentials

    return ReadOnlyCredentials(
        credentials.access_key_id,
        credentials.secret_access_key,
        credentials.session_token,
        credentials.account_id,
    )


def core_session(kind: type[Any], profile: str | None) -> Any:  # noqa: ANN401  # botocore has no types
    """A session of the class ``kind`` with the settings of ``profile``, and no credentials yet."""
    from botocore.exceptions import ConfigParseError

    if profile is not None:
        core = kind(profile=profile)
        try:
            if profile in core.available_profiles:
                return core
        except ConfigParseError:
            pass  # botocore refuses some files that the SDK rules accept; go on without them
    return isolated_session(kind)
