"""The fork server: a loop in a single thread that forks a child for each command.

It opens no store and holds no key, so that a child has only what it reads itself.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"  # noqa: S101  # for the type checker

import gc
import os
import selectors
import socket
import time
from collections.abc import Callable
from enum import Enum

from keystead.agent.fork_server import at_start
from keystead.system.confinement import Confinement
from keystead.warm import protocol
from keystead.warm.conversation import Conversation
from keystead.warm.listener import Listener
from keystead.warm.loaded_files import LoadedFiles
from keystead.warm.peer import Refused
from keystead.warm.preload import preload_services
from keystead.warm.request import Request
from keystead.warm.spare import Spare, profile_file

MOST_AT_ONCE = 64
"""Connections at the same time; more are closed."""

_TICK_SECONDS = 1.0
_IDLE_SECONDS = 900.0
"""How long a server that has loaded botocore serves without a command."""


class _Services(Enum):
    """Whether botocore is loaded, or is to be loaded."""

    ABSENT = 1
    DUE = 2
    LOADED = 3


class Server:
    """Serves until ``pipe`` is closed at its other end, or until the loaded files change."""

    def __init__(
        self, listener: Listener, pipe: int, own: Confinement, loaded: LoadedFiles
    ) -> None:
        self.own = own
        self.build = protocol.build()
        self.at_start = at_start(os.environ.items())  # noqa: TID251  # of this interpreter
        self._loaded = loaded
        self._listener: Listener | None = listener
        self._pipe = pipe
        self._selector = selectors.DefaultSelector()
        self._conversations: set[Conversation] = set()
        self._profile = profile_file()
        self._spare: Spare | None = None
        self._services = _Services.ABSENT
        self.watch(listener.socket, self._accept)
        self.watch(pipe, self.stop)

    def run(self) -> None:
        """Serves; returns after `stop` and the end of the last child."""
        self._fork_spare()
        while self._listener or self._conversations:
            idle = _IDLE_SECONDS if self._services is _Services.LOADED else None
            events = self._selector.select(_TICK_SECONDS if self._conversations else idle)
            for key, _ in events:
                key.data()
            if idle and not events and not self._conversations:
                self.stop()  # the agent starts a smaller one when it is asked to
            now = time.monotonic()
            for conversation in [c for c in self._conversations if c.is_late(now)]:
                conversation.close()
            if self._services is _Services.DUE and not self._conversations:
                self._load_services()
            self._fork_spare()

    def needs_services(self) -> None:
        """Loads what cmdlets of services need, when no command is running."""
        if self._services is _Services.ABSENT:
            self._services = _Services.DUE

    def _load_services(self) -> None:
        self._services = _Services.LOADED
        preload_services()
        self._loaded.add_folders()
        gc.collect()
        gc.freeze()  # as in `keystead.warm.__main__`
        if self._spare:
            self._spare.discard()
            self._spare = None

    def _fork_spare(self) -> None:
        if self._spare is None and self._listener and not self._conversations:
            self._spare = Spare(self._profile, self.at_start)

    def run_in_spare(self, connection: socket.socket, request: Request) -> int | None:
        """The process id of the child that runs the request; None if no child is waiting."""
        if self._spare is None or not self._spare.is_due():
            return None
        spare, self._spare = self._spare, None
        try:
            spare.give(connection, request)
        except OSError:
            return None
        return spare.pid

    def stop(self) -> None:
        """Stops accepting commands; those that are running go on."""
        if self._listener:
            self.unwatch(self._listener.socket)
            self.unwatch(self._pipe)
            self._listener.close()
            self._listener = None
            os.close(self._pipe)  # shows the agent that another server is needed

    def are_files_current(self) -> bool:
        """Whether what is loaded is what is installed; else it is time to `stop`."""
        if not self._loaded.are_current:
            self.stop()
        return self._listener is not None

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
        if not self._listener:
            return
        try:
            connection, _ = self._listener.socket.accept()
        except OSError:
            return  # the client has disconnected
        try:
            if len(self._conversations) >= MOST_AT_ONCE:
                raise Refused
            self._conversations.add(Conversation(self, connection))
        except (Refused, OSError):
            connection.close()
