"""The client of the agent.

Best effort: everything works without an agent, only slower. Only the ``keystead agent`` commands
report its problems.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable

from keystead import caller
from keystead._version import __version__
from keystead.agent import protocol
from keystead.agent.connection import Connection
from keystead.agent.epoch import Epoch
from keystead.errors import AgentProblem, InteractionRequired
from keystead.model.credentials import Credentials
from keystead.outside import whole
from keystead.system import System
from keystead.system.file_versions import ChangeToken, FileVersion, is_settled

IDLE_SECONDS = 8 * 3600
_MOST_IDLE_SECONDS = 366 * 24 * 3600
IDLE_VARIABLE = "KEYSTEAD_AGENT_IDLE"
_START_SECONDS = 0.0 if sys.platform == "win32" else 1.0
_TRIES = 100
_PAUSE_SECONDS = 0.1
_DEMAND_SECONDS = 10.0
"""How long a lock may take, in which the agent re-executes itself."""
_DEMANDS = 20
_OK = 200

_TELLS_NOTHING = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")
_OWN_PREFIXES = ("AWS_", "KEYSTEAD_")
_REQUEST = tuple[str, str, bytes]


class Agent(Connection):
    """The agent that the environment of ``system`` names."""

    def __init__(self, system: System) -> None:
        super().__init__(system.environ)
        self._system = system
        self._unlock_began: FileVersion | None = None
        self._starts_itself = system.environ.get("KEYSTEAD_AGENT", "auto") in ("", "auto")

    def watched(self, token: ChangeToken) -> ChangeToken | None:
        """``token`` with the epoch, for a new answer; None if a later change might not be seen."""
        if self._path is None:
            return None
        epoch = Epoch(self._path)
        found = (*token, (os.fsdecode(epoch.path), epoch.current()))
        return found if is_settled(found) else None

    def keep(
        self,
        name: str,
        output: str,
        token: ChangeToken,
        renew_at: float | None,
        credentials: Credentials,
    ) -> None:
        """Caches the output of ``keystead process`` in the agent, which is started if needed."""
        ends = credentials.expires_at
        grant = (
            credentials.access_key_id,
            credentials.source,
            ends.isoformat() if ends else None,
            str(self._system.folders.state),
        )
        self._keep("ready", name, token, {"body": output, "grant": grant, "renew_at": renew_at})

    def keep_prompt(
        self, name: str, text: str, token: ChangeToken, expires_at: float | None
    ) -> None:
        """Caches the prompt of ``keystead status --prompt`` as `keep` does; empty for no name."""
        self._keep("prompt", name, token, {"text": text, "renew_at": expires_at})

    def _keep(self, what: str, name: str, token: ChangeToken, answer: dict[str, object]) -> None:
        scope, target = protocol.scope(self._environ), protocol.target(name)
        if scope is None or target is None:
            return
        whole = {**answer, "scope": scope.decode("latin-1"), "token": token}
        self._hand_over(("PUT", f"/{what}/{target.decode()}", json.dumps(whole).encode()))

    def key(self, store_id: str) -> tuple[str, bytes] | None:
        """The protector record and the data key of a store, if cached."""
        if self._path is not None:
            self._unlock_began = Epoch(self._path).current()
        _, found = self._ask("GET", f"/keys/{store_id}")
        try:
            return str(found["record"]), bytes.fromhex(found["key"])
        except (KeyError, ValueError, TypeError):
            return None

    def keep_key(self, store_id: str, record: str, raw: bytes, *, start: bool) -> None:
        """Caches a data key that was opened since `key` was called, unless it was locked meanwhile.

        ``start``: starts an agent if there is none.
        """
        if self._unlock_began and not self._unlock_began.is_settled():
            return
        body = {"record": record, "key": raw.hex(), "epoch": self._unlock_began}
        request = "PUT", f"/keys/{store_id}", json.dumps(body).encode()
        if start:
            self._hand_over(request)
        else:
            self._ask(*request)

    def forget(self) -> bool:
        """Clears the agent's answers; returns whether there is an agent.

        Raises `AgentProblem` unless it confirms.
        """
        return self._path is not None and self._demand("forget")

    def lock(self) -> bool:
        """Clears everything, also pending answers and keys; returns whether there is an agent.

        Raises `AgentProblem` unless it confirms.
        """
        self._end_epoch()
        return self._demand("lock")

    def stop(self) -> bool:
        """Ends the agent; returns whether there was one. Raises `AgentProblem` as `lock`."""
        self._end_epoch()
        return self._demand("stop")

    def _end_epoch(self) -> None:
        self._require_usable()
        caller.process.require_own_process()  # the agent ends its fork server
        try:
            Epoch(self._path or b"").end()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise AgentProblem(
                f"the agent's folder cannot be written: {os.path.dirname(self.path or '')}: "
                f"{reason}",
                id="agent-folder-unusable",
                hint="the agent may still hold keys: correct the folder's permissions, try "
                "again, or end its process",
            ) from None

    def _demand(self, what: str) -> bool:
        """Requests ``what``; False when there is certainly no agent."""
        from keystead.agent.listener import is_taken

        path = self._path or b""
        status = 0
        for _ in range(_DEMANDS):
            status = self._ask("POST", f"/{what}", seconds=_DEMAND_SECONDS)[0]
            if status == _OK:
                return True
            with contextlib.suppress(OSError):
                if not is_taken(path):
                    return False
            if status or self._is_unresponsive:
                break
            # Another client's lock closed this connection, or the agent is starting.
            self._system.sleep(_PAUSE_SECONDS)
        said = f"answered with status {status}" if status else "did not answer"
        raise AgentProblem(
            f"the agent {said}, so it may still hold keys",
            id="agent-not-responding",
            hint="try again in a moment; if that does not help, end the process of "
            "`python -m keystead.agent`",
        )

    def is_parent(self) -> bool:
        """Whether the agent started this process; True on Windows, where it is not known."""
        if sys.platform == "win32":
            return True
        elif sys.platform == "linux":  # noqa: RET505  # mypy reads no further for the other systems
            return self._path is not None and protocol.listener(self._path) == caller.process.parent
        else:
            return bool(self._ask("GET", "/status")[1].get("pid") == caller.process.parent)

    def start(self) -> None:
        """Starts the agent unless one of this version is running. Raises `AgentProblem`."""
        self._require_usable()
        found = self.status()
        if found and found.get("version") == __version__:
            return
        if found:
            self._ask("POST", "/stop")
        if self._spawn([]) == 0:
            return
        if sys.platform == "win32":  # it has not daemonised
            for _ in range(_TRIES):
                self._system.sleep(_PAUSE_SECONDS)
                if self._ask("GET", "/status")[0]:
                    return
        raise AgentProblem("the agent did not start", hint=f"look at {self.path} and its folder")

    def _hand_over(self, request: _REQUEST) -> None:
        status, _ = self._ask(*request)
        if self._path is None or self._is_unresponsive or not self._starts_itself:
            return
        if status in (0, protocol.OTHER_VERSION):
            try:
                if status:
                    self._ask("POST", "/stop")
                self._require_usable()
                self._spawn([request])
            except (AgentProblem, InteractionRequired):
                pass  # `keystead agent start` reports it; a child of the fork server starts none

    def _spawn(self, requests: Iterable[_REQUEST]) -> int | None:
        from keystead.agent.restart import ARGV, Settings, message
        from keystead.system import daemon

        environ = self._system.environ
        plain = {k: v for k, v in environ.items() if not k.startswith(_OWN_PREFIXES)}
        own = {k: v for k, v in environ.items() if k == "KEYSTEAD_HOME"}
        settings = Settings(self._path or b"", {**plain, **own}, self._idle_seconds())
        # The environment of the agent must not contain credentials.
        bare = {k: v for k, v in environ.items() if k in _TELLS_NOTHING}
        if not sys.executable:
            return 1
        given = message(settings, list(requests))
        try:
            return daemon.start(ARGV, bare, given, seconds=_START_SECONDS)
        except OSError:
            return 1

    def _idle_seconds(self) -> float:
        text = self._system.environ.get(IDLE_VARIABLE) or str(IDLE_SECONDS)
        try:
            return whole(text, 1, _MOST_IDLE_SECONDS)
        except ValueError as error:
            raise AgentProblem(
                f"{IDLE_VARIABLE} {error}",
                id="agent-idle-invalid",
                hint=f"set it to a number of seconds: {IDLE_SECONDS}",
            ) from None
