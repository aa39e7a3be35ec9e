"""The credentials of one profile for an endpoint, cached and renewed in time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta

from keystead.errors import ProviderError
from keystead.http.guards import Pending, Request
from keystead.model.credentials import Credentials
from keystead.value import NamedTuple

_WINDOW = timedelta(minutes=10)
_AGAIN = timedelta(seconds=30)
"""How long after a failed renewal the next one is tried while the old keys are valid."""

_REMEMBERED = 4096

Retrieve = Callable[[], Credentials]


class _Cached(NamedTuple):
    credentials: Credentials
    version: Hashable
    renew_at: datetime | None


class ServedProfile:
    """The credentials of the profile ``name``.

    ``open_profile`` finds and plans the profile again; ``version`` differs after each change of
    the profile files and of others that the credentials depend on, such as that of a login.
    ``granted`` is called for each new client, and for new keys.
    """

    def __init__(
        self,
        name: str,
        *,
        open_profile: Callable[[], Retrieve],
        version: Callable[[], Hashable],
        clock: Callable[[], datetime],
        region: str | None = None,
        granted: Callable[[Credentials, Request], None] = lambda *_: None,
    ) -> None:
        self.name = name
        self.region = region
        self._open = open_profile
        self._version = version
        self._clock = clock
        self._granted = granted
        self._cached: _Cached | None = None
        self._retrieve: tuple[Retrieve, Hashable] | None = None
        self._renewing: asyncio.Future[None] | None = None
        self._recorded: set[int] = set()

    def prepare(self) -> Credentials:
        """Retrieves the first credentials, while prompts are possible. Raises `KeysteadError`."""
        self._renew()
        assert self._cached is not None  # noqa: S101  # or it had raised
        return self._cached.credentials

    def hand_out(self, request: Request) -> Credentials:
        """Credentials for a client. Raises `Pending` with the error of retrieving them.

        They are renewed in a thread, once for all waiting clients.
        """
        credentials = self._current()
        if request.connection not in self._recorded:
            if len(self._recorded) >= _REMEMBERED:
                self._recorded.clear()
            self._recorded.add(request.connection)
            self._granted(credentials, request)
        return credentials

    def account_id(self) -> str | None:
        """The account of the credentials, where known. Raises as `hand_out`."""
        return self._current().account_id

    def _current(self) -> Credentials:
        cached = self._cached
        if cached and cached.version == self._version() and not self._due(cached):
            return cached.credentials
        if self._renewing is None:
            self._renewing = _in_thread(self._renew)
            self._renewing.add_done_callback(self._renewed)
        raise Pending(self._renewing)

    def _renewed(self, done: asyncio.Future[None]) -> None:
        self._renewing = None
        if not done.cancelled():
            done.exception()  # retrieved, also when no client is waiting any more

    def _due(self, cached: _Cached) -> bool:
        return cached.renew_at is not None and self._clock() >= cached.renew_at

    def _renew(self) -> None:
        version = self._version()
        before = self._cached if self._cached and self._cached.version == version else None
        try:
            if self._retrieve is None or self._retrieve[1] != version:
                self._retrieve = (self._open(), version)
            credentials = self._retrieve[0]()
        except ProviderError:
            now = self._clock()
            if before is None or not before.credentials.fresh(now, _AGAIN):
                self._forget()
                raise
            self._cached = before._replace(renew_at=now + _AGAIN)
        except Exception:
            self._forget()
            raise
        else:
            if self._cached is None or self._cached.credentials != credentials:
                self._recorded.clear()
            self._cached = _Cached(credentials, version, _renewal(credentials, self._clock()))

    def _forget(self) -> None:
        self._cached = None
        self._retrieve = None


def _renewal(credentials: Credentials, now: datetime) -> datetime | None:
    """When to renew: ten minutes before expiry, or a quarter of a short lifetime before."""
    ends = credentials.expires_at
    if ends is None:
        return None
    return ends - min(_WINDOW, max(ends - now, timedelta(0)) / 4)


def _in_thread(work: Callable[[], None]) -> asyncio.Future[None]:
    """Runs ``work`` in a daemon thread."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def settle(error: Exception | None) -> None:
        if future.cancelled():
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

    def run() -> None:
        error: Exception | None = None
        try:
            work()
        except Exception as raised:  # noqa: BLE001  # raised again by the future
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, daemon=True).start()
    return future
