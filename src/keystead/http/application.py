"""Dispatch of requests: the guards, then the service of the port; errors become documents."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from keystead.errors import KeysteadError
from keystead.http.guards import Answer, Pending, Refusal, Request, check

_Result = TypeVar("_Result")


class Service(Protocol):
    """The service at one port."""

    @property
    def methods(self) -> Collection[str]:
        """The allowed HTTP methods."""
        ...

    @property
    def foreign(self) -> Collection[str]:
        """The headers with which a request is refused."""
        ...

    def answer(self, request: Request) -> Answer:
        """The answer. Raises `Refusal`, `KeysteadError` or `Pending`."""
        ...


class Turn:
    """Checks of files that requests share which are answered in one turn of the event loop.

    All of them arrived before the turn began, so none gets an answer from an earlier check.
    """

    def __init__(self) -> None:
        self._results: dict[object, Any] | None = None

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """The turn; outside of one nothing is shared."""
        self._results = {}
        try:
            yield
        finally:
            self._results = None

    def once(self, check: Callable[[], _Result]) -> Callable[[], _Result]:
        """The check, made once in a turn."""

        def checked() -> _Result:
            results = self._results
            if results is None:
                return check()
            if checked not in results:
                results[checked] = check()
            result: _Result = results[checked]
            return result

        return checked


class Application:
    """``services`` by port; ``hosts``: the accepted Host headers."""

    def __init__(
        self, services: Mapping[int, Service], hosts: Collection[str], turn: Turn | None = None
    ) -> None:
        self._services = services
        self._hosts = hosts
        self.turn = turn or Turn()

    def answer(self, request: Request) -> Answer:
        """The answer. Raises only `Pending`."""
        try:
            service = self._services[request.local[1]]
            check(request, self._hosts, service.methods, service.foreign)
            return service.answer(request)
        except Pending:
            raise
        except Exception as error:  # noqa: BLE001  # a document instead of a traceback
            return _refusal(error).answer()

    async def answer_later(self, request: Request, pending: Pending) -> Answer:
        """The answer to a request that had to wait; never raises."""
        while True:
            try:
                await asyncio.shield(pending.done)
                return self.answer(request)
            except Pending as again:
                pending = again
            except Exception as error:  # noqa: BLE001  # as above
                return _refusal(error).answer()


def _refusal(error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, KeysteadError):
        return Refusal.of(error)
    kind = type(error).__name__
    logging.getLogger("keystead").debug("the endpoint failed: %s", kind)
    return Refusal(500, "InternalError", f"keystead failed unexpectedly ({kind})")
