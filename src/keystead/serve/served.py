"""One profile as an endpoint hands it out: from memory, renewed in time, never stale."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import NamedTuple

from keystead.errors import ProviderError
from keystead.http.guards import Request
from keystead.model.credentials import Credentials

_WINDOW = timedelta(minutes=10)
_AGAIN = timedelta(seconds=30)
"""How long after a failed renewal the next one is tried while the old keys still live."""

_REMEMBERED = 4096

Retrieve = Callable[[], Credentials]


class _Kept(NamedTuple):
    credentials: Credentials
    version: Hashable
    renew_at: datetime | None


class ServedProfile:
    """Credentials of the profile ``name`` for as long as the endpoint runs.

    ``open_profile`` finds the profile and makes the plan anew; ``version`` changes whenever a file
    that it may come from does. ``granted`` is told whenever somebody new gets keys, or anybody
    gets new ones.
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
        self._kept: _Kept | None = None
        self._retrieve: tuple[Retrieve, Hashable] | None = None
        self._renewing: asyncio.Future[None] | None = None
        self._told: set[int] = set()

    def prepare(self) -> Credentials:
        """Gets the first credentials, where a person can still be asked. Raises `KeysteadError`."""
        self._renew()
        assert self._kept is not None  # noqa: S101  # or it had raised
        return self._kept.credentials

    async def hand_out(self, request: Request) -> Credentials:
        """Credentials for the one who asks. Raises what getting them raises.

        Renewing runs in a thread of its own, one at a time for each profile.
        """
        credentials = await self._current()
        if request.connection not in self._told:
            if len(self._told) >= _REMEMBERED:
                self._told.clear()
            self._told.add(request.connection)
            self._granted(credentials, request)
        return credentials

    async def account_id(self) -> str | None:
        """The account that the credentials belong to, where that is known. Raises as `hand_out`."""
        return (await self._current()).account_id

    async def _current(self) -> Credentials:
        while True:
            kept = self._kept
            if kept and kept.version == self._version() and not self._due(kept):
                return kept.credentials
            if self._renewing is None:
                self._renewing = _in_thread(self._renew)
                self._renewing.add_done_callback(self._renewed)
            await asyncio.shield(self._renewing)

    def _renewed(self, done: asyncio.Future[None]) -> None:
        self._renewing = None
        if not done.cancelled():
            done.exception()  # heard, also where everybody who waited for it has gone

    def _due(self, kept: _Kept) -> bool:
        return kept.renew_at is not None and self._clock() >= kept.renew_at

    def _renew(self) -> None:
        version = self._version()
        before = self._kept if self._kept and self._kept.version == version else None
        try:
            if self._retrieve is None or self._retrieve[1] != version:
                self._retrieve = (self._open(), version)
            credentials = self._retrieve[0]()
        except ProviderError:
            now = self._clock()
            if before is None or not before.credentials.fresh(now, _AGAIN):
                self._forget()
                raise
            self._kept = before._replace(renew_at=now + _AGAIN)
        except Exception:
            self._forget()
            raise
        else:
            if self._kept is None or self._kept.credentials != credentials:
                self._told.clear()
            self._kept = _Kept(credentials, version, _renewal(credentials, self._clock()))

    def _forget(self) -> None:
        self._kept = None
        self._retrieve = None


def _renewal(credentials: Credentials, now: datetime) -> datetime | None:
    """When to renew: ten minutes before the end, or a quarter of what is left of a short life."""
    ends = credentials.expires_at
    if ends is None:
        return None
    return ends - min(_WINDOW, max(ends - now, timedelta(0)) / 4)


def _in_thread(work: Callable[[], None]) -> asyncio.Future[None]:
    """Runs ``work`` in a thread that does not keep the process from ending."""
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
        except Exception as raised:  # noqa: BLE001  # it is raised where it is waited for
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, daemon=True).start()
    return future
