"""What answers a request: the guards first, then the service of the port, and always a document."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Protocol

from keystead.errors import KeysteadError
from keystead.http.guards import Answer, Refusal, Request, check


class Service(Protocol):
    """What answers at one port."""

    @property
    def methods(self) -> Collection[str]:
        """The HTTP methods it knows."""
        ...

    async def answer(self, request: Request) -> Answer:
        """The answer. Raises `Refusal` or `KeysteadError`."""
        ...


class Application:
    """``services`` by the port that they answer at; ``hosts``: the Host headers that are ours."""

    def __init__(self, services: Mapping[int, Service], hosts: Collection[str]) -> None:
        self._services = services
        self._hosts = hosts

    async def answer(self, request: Request) -> Answer:
        """The answer, whatever is wrong."""
        try:
            service = self._services[request.local[1]]
            check(request, self._hosts, service.methods)
            return await service.answer(request)
        except Refusal as refusal:
            return refusal.answer()
        except KeysteadError as error:
            return Refusal.of(error).answer()
        except Exception as error:  # noqa: BLE001  # the last resort: a document instead of a traceback
            kind = type(error).__name__
            logging.getLogger("keystead").debug("the endpoint failed: %s", kind)
            text = f"keystead failed unexpectedly ({kind})"
            return Refusal(500, "InternalError", text).answer()
