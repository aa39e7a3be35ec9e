"""The agent as the full command sees it: reached, started, and never in the way.

What it is asked for is worth a try and no more: without an agent everything works, slower. Only
the ``keystead agent`` commands tell of what is wrong with it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from keystead._version import __version__
from keystead.agent import address
from keystead.agent.holder import Stamp, settled, stamp
from keystead.errors import AgentProblem
from keystead.model.credentials import Credentials
from keystead.system import System

IDLE_SECONDS = 8 * 3600
IDLE_VARIABLE = "KEYSTEAD_AGENT_IDLE"
_START_SECONDS = 0.0 if sys.platform == "win32" else 1.0
_TRIES = 100
_PAUSE_SECONDS = 0.1
_LONGEST_PATH = 103
"""What every system takes for a Unix socket: macOS ends at 104 bytes, its last one a NUL."""

_TELLS_NOTHING = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")
_OWN_PREFIXES = ("AWS_", "KEYSTEAD_")
_REQUEST = tuple[str, str, bytes]


class Agent:
    """The agent of this user, as the environment of ``system`` names it."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._environ = {os.fsencode(k): os.fsencode(v) for k, v in system.environ.items()}
        self._path = address.socket_path(self._environ)
        self._starts_itself = system.environ.get("KEYSTEAD_AGENT", "auto") in ("", "auto")

    @property
    def path(self) -> str | None:
        """The path of its socket; None where there is to be none."""
        return None if self._path is None else os.fsdecode(self._path)

    def stamps(self) -> dict[str, Stamp | None]:
        """The states of the files that profiles are in; to be taken before they are read.

        Empty: an answer made from them is not to be held.
        """
        if self._path is None:
            return {}
        folders = self._system.folders
        files = (folders.credentials_file, folders.config_file, folders.accounts_file)
        now = self._system.clock().timestamp()
        found = {str(path): stamp(str(path)) for path in files}
        return found if all(settled(state, now) for state in found.values()) else {}

    def keep(
        self,
        name: str,
        output: str,
        files: Mapping[str, Stamp | None],
        renew_at: float | None,
        credentials: Credentials,
    ) -> None:
        """Has the agent hold what ``keystead process`` prints; starts one where none is there."""
        scope, target = address.scope(self._environ), address.target(name)
        if scope is None or target is None:
            return
        ends = credentials.expires_at
        told = {
            "body": output,
            "told": (
                credentials.access_key_id,
                credentials.source,
                ends.isoformat() if ends else None,
                str(self._system.folders.state),
            ),
            "scope": scope.decode("latin-1"),
            "files": list(files.items()),
            "renew_at": renew_at,
        }
        self._hand_over(("PUT", f"/ready/{target.decode()}", json.dumps(told).encode()))

    def key(self, store_id: str) -> tuple[str, bytes] | None:
        """The data key of a store that was opened before, behind the record that gave it."""
        _, found = self._ask("GET", f"/keys/{store_id}")
        try:
            return str(found["record"]), bytes.fromhex(found["key"])
        except (KeyError, ValueError, TypeError):
            return None

    def keep_key(self, store_id: str, record: str, raw: bytes, *, start: bool) -> None:
        """Has the agent hold an opened data key. ``start``: it is worth starting one."""
        told = {"record": record, "key": raw.hex()}
        request = "PUT", f"/keys/{store_id}", json.dumps(told).encode()
        if start:
            self._hand_over(request)
        else:
            self._ask(*request)

    def forget(self) -> None:
        """Has the agent forget its finished answers."""
        self._ask("POST", "/forget")

    def lock(self) -> bool:
        """Has the agent forget everything; whether there was one."""
        return self._ask("POST", "/lock")[0] != 0

    def stop(self) -> bool:
        """Ends the agent; whether there was one."""
        return self._ask("POST", "/stop")[0] != 0

    def status(self) -> dict[str, Any] | None:
        """What the agent says of itself; None where there is none. Raises `AgentProblem`."""
        self._require_usable()
        status, found = self._ask("GET", "/status")
        return found if status else None

    def start(self) -> None:
        """Starts the agent, unless there is one of this version. Raises `AgentProblem`."""
        self._require_usable()
        found = self.status()
        if found and found.get("version") == __version__:
            return
        if found:
            self.stop()
        if self._spawn([]) == 0:
            return
        if sys.platform == "win32":  # what was started is the agent itself
            for _ in range(_TRIES):
                self._system.sleep(_PAUSE_SECONDS)
                if self._ask("GET", "/status")[0]:
                    return
        raise AgentProblem("the agent did not start", hint=f"look at {self.path} and its folder")

    def _ask(self, method: str, where: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
        """Status and JSON object of an answer; 0 where there is no agent, or no such answer."""
        if self._path is None:
            return 0, {}
        try:
            answer = address.ask(self._path, method.encode(), where.encode(), body)
            found = json.loads(address.body_of(answer) or b"")
        except TimeoutError:
            self._path = None  # one that hangs is waited for once
            return 0, {}
        except (OSError, ValueError):
            return 0, {}
        return (int(answer[9:12]), found) if isinstance(found, dict) else (0, {})

    def _hand_over(self, request: _REQUEST) -> None:
        status, _ = self._ask(*request)
        if status in (0, address.OTHER_VERSION) and self._path and self._starts_itself:
            try:
                if status:
                    self.stop()
                self._require_usable()
                self._spawn([request])
            except AgentProblem:
                pass  # `keystead agent start` tells of it

    def _spawn(self, requests: Iterable[_REQUEST]) -> int | None:
        from keystead.system import daemon

        environ = self._system.environ
        plain = {k: v for k, v in environ.items() if not k.startswith(_OWN_PREFIXES)}
        own = {k: v for k, v in environ.items() if k == "KEYSTEAD_HOME"}
        told = {
            "path": self.path,
            "environ": {**plain, **own},
            "idle_seconds": self._idle_seconds(),
            "requests": [[m, where, body.decode("latin-1")] for m, where, body in requests],
        }
        # What others may see of a process is not to hold what is in this one's environment.
        bare = {k: v for k, v in environ.items() if k in _TELLS_NOTHING}
        argv = [sys.executable, "-P", "-m", "keystead.agent"]
        if not sys.executable:
            return 1
        try:
            return daemon.start(argv, bare, json.dumps(told).encode(), seconds=_START_SECONDS)
        except OSError:
            return 1

    def _idle_seconds(self) -> float:
        text = self._system.environ.get(IDLE_VARIABLE) or str(IDLE_SECONDS)
        if not text.isdecimal() or not int(text):
            raise AgentProblem(
                f"{IDLE_VARIABLE} is no number of seconds", hint=f"such as {IDLE_SECONDS}"
            )
        return float(text)

    def _require_usable(self) -> None:
        """Raises `AgentProblem` where an agent cannot, or must not, be."""
        if self._path is None:
            raise AgentProblem(
                "KEYSTEAD_AGENT leaves no place for an agent",
                hint="unset it; or set it to `auto` or to an absolute path",
            )
        if sys.platform != "win32":
            if len(self._path) > _LONGEST_PATH:
                raise AgentProblem(
                    f"the agent's socket has a path of over {_LONGEST_PATH} bytes: {self.path}",
                    hint="set KEYSTEAD_AGENT to a shorter one",
                )
            _require_private(os.path.dirname(self._path))


if sys.platform != "win32":

    def _require_private(folder: bytes) -> None:
        try:
            address.require_private(folder)
        except FileNotFoundError:
            pass  # it is made
        except PermissionError:
            raise AgentProblem(
                f"the agent's folder is not yours alone: {os.fsdecode(folder)}",
                hint="it has to be a folder of yours with mode 0700",
            ) from None
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise AgentProblem(
                f"the agent's folder cannot be used: {os.fsdecode(folder)}: {reason}"
            ) from None
