"""The fork server: a loop in a single thread that forks a child for each command.

It opens no store and holds no key, so that a child has only what it reads itself.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"  # noqa: S101  # for the type checker

import contextlib
import os
import selectors
import socket
import time
from collections.abc import Callable

from keystead.agent.fork_server import at_start
from keystead.system.confinement import Confinement
from keystead.system.file_versions import ChangeToken
from keystead.warm import protocol
from keystead.warm.conversation import Conversation
from keystead.warm.loaded_files import are_current
from keystead.warm.peer import Refused

MOST_AT_ONCE = 64
"""Connections at the same time."""

_TICK_SECONDS = 1.0


class Server:
    """Serves on a listening socket until ``pipe`` is closed at its other end."""

    def __init__(
        self, listener: socket.socket, pipe: int, own: Confinement, loaded: ChangeToken
    ) -> None:
        self.own = own
        self.build = protocol.build()
        self.at_start = at_start(os.environ.items())  # noqa: TID251  # of this interpreter
        self._loaded = loaded
        self._listener: socket.socket | None = listener
        self._pipe = pipe
        self._selector = selectors.DefaultSelector()
        self._conversations: set[Conversation] = set()
        listener.setblocking(False)
        self.watch(listener, self._accept)
        self.watch(pipe, self._stop)

    def run(self) -> None:
        """Serves; returns once it was ended and no child is left."""
        while self._listener or self._conversations:
            for key, _ in self._selector.select(_TICK_SECONDS if self._conversations else None):
                key.data()
            now = time.monotonic()
            for conversation in [c for c in self._conversations if c.is_late(now)]:
                conversation.close()

    def watch(self, file: socket.socket | int, call: Callable[[], None]) -> None:
        """Calls ``call`` when there is something to read."""
        self._selector.register(file, selectors.EVENT_READ, call)

    def unwatch(self, file: socket.socket | int) -> None:
        """Ends `watch`."""
        self._selector.unregister(file)

    def forget(self, conversation: Conversation) -> None:
        """Removes a conversation that has ended."""
        self._conversations.discard(conversation)

    def _accept(self) -> None:
        assert self._listener is not None  # noqa: S101  # it is being watched
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # the client has disconnected
        if not are_current(self._loaded):
            connection.close()
            self._stop()
            return
        if len(self._conversations) >= MOST_AT_ONCE:
            connection.close()
            return
        try:
            self._conversations.add(Conversation(self, connection))
        except (Refused, OSError):
            connection.close()

    def _stop(self) -> None:
        """Ends serving; children that are running go on."""
        if self._listener:
            self.unwatch(self._listener)
            self.unwatch(self._pipe)
            self._listener.close()
            self._listener = None
            with contextlib.suppress(OSError):  # shows the agent that it has ended
                os.dup2(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), self._pipe)
