"""Dispatch of requests: the guards, then the service of the port; errors become documents."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Protocol

from keystead.errors import KeysteadError
from keystead.http.guards import Answer, Refusal, Request, check


class Service(Protocol):
    """The service at one port."""

    @property
    def methods(self) -> Collection[str]:
        """The allowed HTTP methods."""
        ...

    async def answer(self, request: Request) -> Answer:
        """The answer. Raises `Refusal` or `KeysteadError`."""
        ...


class Application:
    """``services`` by port; ``hosts``: the accepted Host headers."""

    def __init__(self, services: Mapping[int, Service], hosts: Collection[str]) -> None:
        self._services = services
        self._hosts = hosts

    async def answer(self, request: Request) -> Answer:
        """The answer; never raises."""
        try:
            service = self._services[request.local[1]]
            check(request, self._hosts, service.methods)
            return await service.answer(request)
        except Refusal as refusal:
            return refusal.answer()
        except KeysteadError as error:
            return Refusal.of(error).answer()
        except Exception as error:  # noqa: BLE001  # a document instead of a traceback
            kind = type(error).__name__
            logging.getLogger("keystead").debug("the endpoint failed: %s", kind)
            text = f"keystead failed unexpectedly ({kind})"
            return Refusal(500, "InternalError", text).answer()
