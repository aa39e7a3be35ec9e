"""Credentials for sessions of any SDK, which renew themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import datetime, timedelta

from keystead.botocore_session import isolated_session
from keystead.errors import ProviderError
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.system.fork_lock import ForkLock
from keystead.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

METHOD = "keystead"
"""The source of the credentials, for botocore."""

_WINDOW = timedelta(minutes=10)
_LAST_MOMENT = timedelta(seconds=30)


class SessionSource(Value):
    """``open_provider`` finds the profile and returns a thread-safe function for its credentials.

    ``version`` differs after each change of the profile files. ``profile`` is the name that the
    session shows (None for none), ``profile_names`` lists all profiles. ``client_settings`` are
    the effective ones, ``other_settings`` all others of the profile that SDKs read.
    """

    open_provider: Callable[[], Callable[[], Credentials]]
    version: Callable[[], Hashable]
    profile: str | None
    profile_names: Callable[[], Iterable[str]]
    client_settings: ClientSettings
    other_settings: Mapping[str, str | Mapping[str, str]]
    clock: Callable[[], datetime]


class _Opened:
    """A provider for one process and version of the files, and its last credentials."""

    def __init__(
        self, process: int, version: Hashable, provider: Callable[[], Credentials]
    ) -> None:
        self.process = process
        self.version = version
        self.provider = provider
        self.last: Credentials | None = None


class Renewing:
    """Valid credentials, in all threads and forked processes."""

    def __init__(self, source: SessionSource) -> None:
        self._source = source
        self._lock = ForkLock()
        self._opened: _Opened | None = None

    def current(self) -> Credentials:
        """Credentials that stay valid for a while; renewed near expiry or after a file changed.

        If renewing fails near expiry, the old ones are used until they expire; after a change of a
        file, keys may have been rotated, so the error is raised.
        """
        opened = self._open()
        try:
            opened.last = opened.provider()
        except ProviderError:
            if opened.last is None or not opened.last.fresh(self._source.clock(), _LAST_MOMENT):
                raise
        return opened.last

    def at_hand(self) -> Credentials | None:
        """The current credentials, if they need no renewing."""
        opened = self._opened
        if opened is None or opened.last is None:
            return None
        if (opened.process, opened.version) != (os.getpid(), self._source.version()):
            return None
        return opened.last if opened.last.fresh(self._source.clock(), _WINDOW) else None

    def _open(self) -> _Opened:
        """The provider for this process and these files.

        A forked child opens a new one, as a thread of its parent may have held a lock.
        """
        process, version = os.getpid(), self._source.version()
        with self._lock:
            before = self._opened
            if before and (before.process, before.version) == (process, version):
                return before
            opened = _Opened(process, version, self._source.open_provider())
            if before and before.version == version:
                opened.last = before.last
            self._opened = opened
            return opened


class RenewingKeys:
    """Members of botocore's credentials that are read each time.

    botocore's refreshing has a lock that does not survive a fork, and a separate clock.
    """

    method = METHOD

    def __init__(self, renewing: Renewing) -> None:
        self._renewing = renewing

    @property
    def access_key(self) -> str:
        """Botocore's name."""
        return self._renewing.current().access_key_id

    @property
    def secret_key(self) -> str:
        """Botocore's name."""
        return self._renewing.current().secret_access_key

    @property
    def token(self) -> str | None:
        """Botocore's name."""
        return self._renewing.current().session_token

    @property
    def account_id(self) -> str | None:
        """Botocore's name."""
        return self._renewing.current().account_id


def frozen(credentials: Credentials) -> Any:  # noqa: ANN401  # botocore has no types
    """The credentials as botocore's frozen value."""
    from botocore.credentials import ReadOnlyCredentials

    return ReadOnlyCredentials(
        credentials.access_key_id,
        credentials.secret_access_key,
        credentials.session_token,
        credentials.account_id,
    )


def core_session(kind: type[Any], source: SessionSource) -> Any:  # noqa: ANN401  # botocore has no types
    """A session of class ``kind`` with the profile and settings of ``source``, no credentials."""

    class ProfileSession(kind):  # type: ignore[misc]  # botocore has no types
        """Lists the profiles of both stores."""

        @property
        def profile(self) -> str | None:
            return source.profile

        @property
        def available_profiles(self) -> list[str]:
            return list(dict.fromkeys(source.profile_names()))

    core = isolated_session(ProfileSession)
    core.client_settings = source.client_settings
    core.profile_settings = source.other_settings
    return core
