"""``python -m keystead.agent``: becomes the agent that a `restart.message` on standard input names.

When another agent listens at the path, that one gets the requests; one that is about to end is
waited for. On POSIX the process ends once the agent, its child, can be reached. An agent that
executed itself again goes on in the same process, and first answers who asked for the lock.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
import sys
import time
from collections.abc import Sequence

from keystead.agent import protocol
from keystead.agent.listener import Inherited, Listener, Taken
from keystead.agent.restart import execute, read_message
from keystead.system.protection import protect

_TRIES = 50
_PAUSE_SECONDS = 0.1
_ANSWER_SECONDS = 1.0
_STATUS = (b"GET", b"/status", b"")


def main() -> int:
    """The agent's life; returns the exit code."""
    protect()
    settings, requests, inherited = read_message(json.load(sys.stdin.buffer))
    os.umask(0o077)
    listening = _listen(settings.path, requests, inherited)
    if isinstance(listening, int):
        return listening
    if sys.platform != "win32" and not inherited:
        if os.fork():
            os._exit(0)
        protect()  # a child's memory is not locked because its parent's was
    import asyncio

    from keystead.agent.http import read_request
    from keystead.agent.server import Server
    from keystead.system.clocks import Clocks

    async def live() -> None:
        # On Windows a new image is another process, and clients would find no agent meanwhile.
        server = Server(settings, Clocks(), None if sys.platform == "win32" else execute)
        while requests:
            reader = asyncio.StreamReader()
            reader.feed_data(protocol.request(*requests.pop(0)))
            reader.feed_eof()
            await server.take(await read_request(reader))
        # Each connection of asyncio's leaves a circle for the collector, which comes to the oldest
        # of them when they are many beside all else that lives: what is there by now is left out.
        gc.freeze()
        await server.run(listening)

    asyncio.run(live())
    return 0


def _listen(
    path: bytes, requests: Sequence[tuple[bytes, ...]], inherited: Inherited | None
) -> Listener | int:
    """The socket to serve on, or the exit code where there is nothing to serve."""
    if inherited:
        listening = Listener(path, inherited)
        _answer_lock(inherited.client)
        return listening
    for _ in range(_TRIES):
        try:
            return Listener(path)
        except Taken:
            if _pass_on(path, requests):
                return 0
        except OSError:
            return 1
        time.sleep(_PAUSE_SECONDS)  # noqa: TID251  # of a process that is a rim of its own
    return 1


def _answer_lock(client: int | None) -> None:
    """Answers the client that asked for the lock: nothing of what there was is left."""
    if client is None:
        return
    from keystead.agent import http

    connection = socket.socket(fileno=client)
    with contextlib.suppress(OSError), connection:
        connection.settimeout(_ANSWER_SECONDS)
        connection.sendall(http.told(200, {}))
        connection.shutdown(socket.SHUT_WR)
        # Closed with something unread, the other side would lose the answer.
        while connection.recv(http.MOST_HEAD_BYTES):
            pass


def _pass_on(path: bytes, requests: Sequence[tuple[bytes, ...]]) -> bool:
    """Gives the requests to the agent that is there: it may be just about to listen, or to end.

    What it refuses, because it was locked meanwhile, was given to it all the same.
    """
    try:
        if not protocol.is_good(protocol.ask(path, *_STATUS)):
            return False
        return all(
            protocol.body_of(protocol.ask(path, method, where, body)) is not None
            for method, where, body in requests
        )
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
