"""Recording in the audit log which processes got credentials from an endpoint."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable

from keystead.app import App
from keystead.audit.grantee import Grantee
from keystead.http.guards import Request
from keystead.model.credentials import Credentials
from keystead.system import connections
from keystead.system.executable import executable_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

_LOOK_UPS = 10
"""The limit of look-ups of client processes in a second."""

_LOOK_UP_SECONDS = 0.02
"""Time limit of a look-up, as other clients wait for it."""


class AuditWriter:
    """Records grants in a thread, with the client's process where known.

    The process is looked up before the answer, as it may end right after it.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._queue: queue.SimpleQueue[tuple[str, Credentials, Grantee] | None] = (
            queue.SimpleQueue()
        )
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._look_ups: deque[float] = deque(maxlen=_LOOK_UPS)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.put(None)
        self._thread.join(2.0)

    def writer(self, name: str) -> Callable[[Credentials, Request], None]:
        """Returns a function that records a grant of the profile's credentials."""
        return lambda credentials, request: self._queue.put((name, credentials, self._who(request)))

    def _who(self, request: Request) -> Grantee:
        pid = self._pid(request)
        return Grantee("serve", pid, executable_of(pid) if pid else None)

    def _pid(self, request: Request) -> int | None:
        now = time.monotonic()
        if len(self._look_ups) == _LOOK_UPS and now - self._look_ups[0] < 1:
            return None
        self._look_ups.append(now)
        end = connections.connection(request.peer, request.local) if request.peer else None
        return connections.holder(end, until=now + _LOOK_UP_SECONDS) if end else None

    def _write(self) -> None:
        while (item := self._queue.get()) is not None:
            self._app.record_grant(*item)
