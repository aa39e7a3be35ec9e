"""The ASGI application: guards first, then the service of the port, and always a document."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from typing import Any, Protocol

from keystead.errors import KeysteadError
from keystead.http.guards import Answer, Refusal, Request, check

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_HEADERS = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]


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

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        answer = await self._answer(_request(scope))
        headers = [
            *_HEADERS,
            (b"content-type", answer.content_type.encode()),
            (b"content-length", str(len(answer.body)).encode()),
        ]
        for name, value in answer.headers.items():
            headers.append((name.lower().encode(), value.encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, request: Request) -> Answer:
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


def _request(scope: Scope) -> Request:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return Request(
        scope["method"],
        scope["path"],
        headers,
        scope["client"],
        scope["server"],
        scope["state"]["connection"],
    )
