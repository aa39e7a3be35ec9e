"""``python -m keystead.agent``: runs the agent described by `restart.message` on standard input.

An agent that listens at the path already gets the requests. On POSIX the process exits once the
agent, its child, can be reached. A re-executed agent first answers the lock request.
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
    """Runs the agent; returns the exit code."""
    protect()
    settings, requests, inherited = read_message(json.load(sys.stdin.buffer))
    os.umask(0o077)
    listening = _listen(settings.path, requests, inherited)
    if isinstance(listening, int):
        return listening
    if sys.platform != "win32" and not inherited:
        if os.fork():
            os._exit(0)
        protect()  # a child does not inherit locked memory
    import asyncio

    from keystead.agent.http import read_request
    from keystead.agent.server import Server
    from keystead.system.clocks import Clocks

    async def live() -> None:
        # On Windows, exec starts another process, and clients would find no agent meanwhile.
        server = Server(settings, Clocks(), None if sys.platform == "win32" else execute)
        while requests:
            reader = asyncio.StreamReader()
            reader.feed_data(protocol.request(*requests.pop(0)))
            reader.feed_eof()
            await server.take(await read_request(reader))
        # Connections of asyncio leave reference cycles; excluding the modules' objects makes the
        # garbage collector free them sooner.
        gc.freeze()
        await server.run(listening)

    asyncio.run(live())
    return 0


def _listen(
    path: bytes, requests: Sequence[tuple[bytes, ...]], inherited: Inherited | None
) -> Listener | int:
    """The socket to serve on, or the exit code."""
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
        time.sleep(_PAUSE_SECONDS)  # noqa: TID251  # no `System` in this process
    return 1


def _answer_lock(client: int | None) -> None:
    """Answers the client that requested the lock."""
    if client is None:
        return
    from keystead.agent import http

    connection = socket.socket(fileno=client)
    with contextlib.suppress(OSError), connection:
        connection.settimeout(_ANSWER_SECONDS)
        connection.sendall(http.json_answer(200, {}))
        connection.shutdown(socket.SHUT_WR)
        # Closing a socket with unread data would discard the answer.
        while connection.recv(http.MOST_HEAD_BYTES):
            pass


def _pass_on(path: bytes, requests: Sequence[tuple[bytes, ...]]) -> bool:
    """Sends the requests to the existing agent, which may be starting or ending.

    A refusal, because of a lock meanwhile, counts as sent.
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
