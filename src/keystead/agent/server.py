"""The agent's server: answers requests until it is idle for some time.

It reads no profile and calls no service. An answer that is not cached is made by the command that
requested it or, for other clients such as curl, by a command that the agent starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping

from keystead._version import __version__
from keystead.agent import audit_writer, http, protocol
from keystead.agent.answer_cache import (
    Answer,
    AnswerCache,
    Key,
    PromptText,
    as_grant_record,
    as_token,
    as_version,
)
from keystead.agent.epoch import Epoch
from keystead.agent.fork_server import ForkServer
from keystead.agent.http import Refused, Request
from keystead.agent.jobs import Commands, Question
from keystead.agent.listener import BACKLOG, Inherited, Listener
from keystead.agent.restart import Settings
from keystead.errors import FileProblem
from keystead.model.time_left import with_time_left
from keystead.outside import number, parse_json, text_in
from keystead.system import process_info
from keystead.system.clocks import Clocks
from keystead.system.executable import executable_of

MOST_CONNECTIONS = 1000
_TICK_SECONDS = 5.0
_LATEST = 253_402_300_800.0
"""The end of the year 9999, in seconds since 1970."""

_LAST_SECONDS = 1.0
"""Time limit of pending answers when the agent ends."""
RUNNING = "KEYSTEAD_RUNNING_PROCESS"
"""The variable that a helper run by keystead has: see `keystead.resolve.ring`."""
_OWN = ("ready", "prompt", "keys", "warm")
"""The paths for commands of the agent's version."""


class Server:
    """Serves an `AnswerCache` on a socket."""

    def __init__(
        self,
        settings: Settings,
        clocks: Clocks,
        execute: Callable[[Settings, Inherited], None] | None = None,
    ) -> None:
        """``execute`` re-executes the process; None: the cache is cleared in place."""
        self._settings = settings
        self._execute = execute
        self._clocks = clocks
        self.cache = AnswerCache(clocks, Epoch(settings.path))
        self._used = clocks.running()
        self._secret: bytes | None = None
        self._connections = 0
        self._ended = asyncio.Event()
        self._quiet = asyncio.Event()  # no connection is open
        self._quiet.set()
        self._commands = Commands(settings.path)
        self._fork_server = ForkServer(settings)
        self._routes: Mapping[tuple[str, str], Callable[[Request], Awaitable[bytes]]] = {
            ("GET", "status"): self._status,
            ("POST", "ready"): self._ready,
            ("PUT", "ready"): self._keep,
            ("POST", "prompt"): self._prompt,
            ("PUT", "prompt"): self._keep_prompt,
            ("GET", "process"): self._process,
            ("POST", "process"): self._process,
            ("GET", "keys"): self._key,
            ("PUT", "keys"): self._keep_key,
            ("POST", "warm"): self._warm,
            ("POST", "forget"): self._forget,
            ("POST", "lock"): self._lock,
            ("POST", "stop"): self._stop,
        }

    async def run(self, listener: Listener) -> None:
        """Serves until it is stopped, or idle for too long."""
        self._listener = listener
        self._secret = listener.secret
        if sys.platform == "win32":
            start = asyncio.start_server
        else:
            start = asyncio.start_unix_server
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, self._ended.set)
        server = await start(
            self._connected, sock=listener.socket, limit=http.MOST_HEAD_BYTES, backlog=BACKLOG
        )
        pause = min(_TICK_SECONDS, self._settings.idle_seconds / 4)
        while not self._ended.is_set() and not self._idle():
            self.cache.tick()
            if self.cache.emptied:
                self._start_over(None)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._ended.wait()
        self.cache.clear()
        server.close()
        listener.close()
        self._commands.cancel()
        self._fork_server.end()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await self._quiet.wait()

    def _start_over(self, writer: asyncio.StreamWriter | None) -> None:
        """Re-executes the agent in this process, which clears freed memory.

        The listening socket stays open, and the new image answers the client at ``writer``. On
        failure the agent ends after its answer.
        """
        self.cache.emptied = False
        self._commands.cancel()
        if self._execute:
            client = writer.get_extra_info("socket") if writer else None
            try:
                self._execute(self._settings, self._listener.passed_on(client))
            except OSError:
                self._ended.set()

    def _idle(self) -> bool:
        return self._clocks.running() - self._used >= self._settings.idle_seconds

    async def take(self, request: Request) -> bytes:
        """The answer to a request."""
        try:
            route = self._routes.get((request.method, request.path[0]))
            if route is None:
                raise Refused(404, "there is no such path; see docs/agent.md")
            if request.path[0] in _OWN and request.sender != protocol.SENDER:
                raise Refused(protocol.OTHER_VERSION, f"this is the agent of version {__version__}")
            return await route(request)
        except Refused as error:
            return http.json_answer(error.status, {"error": str(error)})
        except (ValueError, TypeError, KeyError):
            return http.json_answer(400, {"error": "the body of the request is malformed"})

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        self._quiet.clear()
        try:
            await self._converse(reader, writer)
        except (OSError, TimeoutError):
            pass  # the client disconnected, or reads its answer too slowly
        finally:
            self._connections -= 1
            if not self._connections:
                self._quiet.set()
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._connections > MOST_CONNECTIONS:
            writer.write(http.json_answer(503, {"error": "too many connections at once"}))
            return
        try:
            self._admit(writer.get_extra_info("socket"))
            request = await http.read_request(reader)
            if sys.platform == "win32" and self._secret and request.path[0] == "proof":
                shown = protocol.proof(self._secret, _name(request).encode())
                writer.write(http.answer(200, shown))
                request = await http.read_request(reader)
            self._authorize(request)
            given = await self.take(request._replace(pid=_peer(writer)))
            if self.cache.emptied:
                self._start_over(writer)
        except Refused as error:
            given = http.json_answer(error.status, {"error": str(error)})
        async with asyncio.timeout(http.SECONDS):
            writer.write(given)
            writer.write_eof()
            await writer.drain()
            # Closing a socket with unread data would discard the answer.
            while await reader.read(http.MOST_HEAD_BYTES):
                pass

    def _admit(self, connection: socket.socket) -> None:
        if sys.platform != "win32" and protocol.peer_uid(connection) != os.geteuid():
            raise Refused(403, "this is another user's agent")

    def _authorize(self, request: Request) -> None:
        if self._secret is None:
            return
        if not hmac.compare_digest(request.authorization, b"Bearer " + self._secret):
            raise Refused(403, "the secret of the agent's clients is missing")

    async def _status(self, _request: Request) -> bytes:
        return http.json_answer(
            200,
            {
                "version": __version__,
                "pid": os.getpid(),
                "profiles": self.cache.names,
                "unlocked_stores": self.cache.stores,
                "idle_seconds": int(self._clocks.running() - self._used),
                "ends_after_idle_seconds": int(self._settings.idle_seconds),
            },
        )

    async def _ready(self, request: Request) -> bytes:
        name = _name(request)
        found = self.cache.ready(name, request.body)
        if found is None:
            raise Refused(404, "no answer is ready for it")
        self._used = self._clocks.running()
        try:
            # The client is keystead; the grantee is the program that ran it.
            audit_writer.note(name, found.grant, "process", process_info.parent(request.pid or 0))
        except FileProblem:
            raise Refused(500, "the audit log cannot be written") from None  # the command warns
        return http.answer(200, found.body)

    async def _keep(self, request: Request) -> bytes:
        given = parse_json(request.body)
        made = Answer(
            text_in(given["body"]).encode(),
            as_token(given["token"]),
            _moment(given["renew_at"]),
            as_grant_record(given["grant"]),
        )
        held = self.cache.keep(_name(request), text_in(given["scope"]).encode("latin-1"), made)
        self._used = self._clocks.running()
        return http.json_answer(200, {"held": held})

    async def _prompt(self, request: Request) -> bytes:
        """A prompt with the time left. It does not count as use, as shells draw them all day."""
        found = self.cache.prompt(request.path[1], request.body)
        if found is None:
            raise Refused(404, "no prompt is ready for it")
        seconds = None if found.renew_at is None else found.renew_at - self._clocks.wall()
        return http.answer(200, with_time_left(found.text, seconds).encode())

    async def _keep_prompt(self, request: Request) -> bytes:
        given = parse_json(request.body)
        text, token = text_in(given["text"]), as_token(given["token"])
        made = PromptText(text, token, _moment(given["renew_at"]))
        scope = text_in(given["scope"]).encode("latin-1")
        return http.json_answer(200, {"held": self.cache.keep_prompt(request.path[1], scope, made)})

    async def _process(self, request: Request) -> bytes:
        """Credentials in the agent's own environment and the variables in the body."""
        name, environ = _name(request), dict(self._settings.environ)
        for line in filter(None, request.body.decode().splitlines()):
            variable, sign, value = line.partition("=")
            if not sign or not variable.startswith(("AWS_", "KEYSTEAD_")) or "\0" in value:
                raise ValueError
            environ[variable] = value
        self._used = self._clocks.running()
        scope = protocol.scope({os.fsencode(k): os.fsencode(v) for k, v in environ.items()})
        if scope is None or name.startswith("-"):
            raise Refused(400, "that variable, or name, cannot be used here")
        program = executable_of(request.pid) if request.pid else None
        # For a client inside of a helper, which may request what the helper is run for.
        running = process_info.variable(request.pid, RUNNING) if request.pid else None
        if running:
            environ[RUNNING] = running
        question = Question(name, scope, program, running)
        waited = False  # an answer that cannot be cached is not shared
        while not (ready := self.cache.ready(name, scope)):
            if waited or not await self._commands.wait_for(question):
                return http.answer(200, await self._commands.output(question, environ, request.pid))
            waited = True
        with contextlib.suppress(FileProblem):  # an agent has no place to report it
            audit_writer.note(name, ready.grant, "agent", request.pid)
        return http.answer(200, ready.body)

    async def _key(self, request: Request) -> bytes:
        found = self.cache.key(_name(request))
        if found is None:
            raise Refused(404, "that store is not unlocked")
        self._used = self._clocks.running()
        return http.json_answer(200, {"record": found.record, "key": found.raw.hex()})

    async def _keep_key(self, request: Request) -> bytes:
        given = parse_json(request.body)
        key = Key(text_in(given["record"]), bytes.fromhex(given["key"]))
        held = self.cache.keep_key(_name(request), key, as_version(given["epoch"]))
        self._used = self._clocks.running()
        return http.json_answer(200, {"held": held})

    async def _warm(self, _request: Request) -> bytes:
        self._fork_server.start()
        return http.json_answer(200, {})

    async def _forget(self, _request: Request) -> bytes:
        self.cache.forget_answers()
        return http.json_answer(200, {})

    async def _lock(self, _request: Request) -> bytes:
        self.cache.forget()
        return http.json_answer(200, {})

    async def _stop(self, _request: Request) -> bytes:
        self._ended.set()
        return http.json_answer(200, {})


def _peer(writer: asyncio.StreamWriter) -> int | None:
    """The process at the other end, where known."""
    if sys.platform == "win32":
        return None
    else:  # noqa: RET505  # a branch for the type checker of each platform
        connection: socket.socket = writer.get_extra_info("socket")
        return protocol.peer_pid(connection)


def _moment(seconds: object) -> float | None:
    """Parses seconds since 1970, None for none. Raises `ValueError`, `TypeError`."""
    return None if seconds is None else number(seconds, 0, _LATEST)


def _name(request: Request) -> str:
    if len(request.path) != 2 or not request.path[1]:  # noqa: PLR2004  # operation and name
        raise Refused(404, "the path needs a name at its end")
    return request.path[1]
