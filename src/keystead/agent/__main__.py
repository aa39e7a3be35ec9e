"""``python -m keystead.agent``: becomes the agent, told on standard input what to be.

That is a JSON object: ``path`` of the socket, ``environ``, ``idle_seconds``, and ``requests`` of
whoever started it, each a method, a target and a body. When another agent listens at the path,
it gets these requests; one that is about to end is waited for. On POSIX the process ends once the
agent, its child, can be reached.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time

from keystead.agent import address
from keystead.agent.listening import Listening, Taken
from keystead.system.protection import protect

_TRIES = 50
_PAUSE_SECONDS = 0.1
_STATUS = (b"GET", b"/status", b"")


def main() -> int:
    """The agent's life; returns the exit code."""
    protect()
    told = json.load(sys.stdin.buffer)
    os.umask(0o077)
    path = os.fsencode(told["path"])
    requests = [tuple(part.encode("latin-1") for part in parts) for parts in told["requests"]]
    for _ in range(_TRIES):
        try:
            listening = Listening(path)
            break
        except Taken:
            if _pass_on(path, requests):
                return 0
        except OSError:
            return 1
        time.sleep(_PAUSE_SECONDS)  # noqa: TID251  # of a process that is a rim of its own
    else:
        return 1
    if sys.platform != "win32":
        if os.fork():
            os._exit(0)
        protect()  # a child's memory is not locked because its parent's was
    import asyncio

    from keystead.agent.http import read_request
    from keystead.agent.server import Server, Settings
    from keystead.system.clocks import Clocks

    async def live() -> None:
        server = Server(Settings(path, told["environ"], float(told["idle_seconds"])), Clocks())
        for request in requests:
            reader = asyncio.StreamReader()
            reader.feed_data(address.request(*request))
            reader.feed_eof()
            await server.take(await read_request(reader))
        # Each connection of asyncio's leaves a circle for the collector, which comes to the oldest
        # of them when they are many beside all else that lives: what is there by now is left out.
        gc.freeze()
        await server.run(listening)

    asyncio.run(live())
    return 0


def _pass_on(path: bytes, requests: list[tuple[bytes, ...]]) -> bool:
    """Gives the requests to the agent that is there: it may be just about to listen, or to end."""
    try:
        return all(address.is_good(address.ask(path, *request)) for request in (_STATUS, *requests))
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
