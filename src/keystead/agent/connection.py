"""Requests to the agent: for its client, and for `keystead agent status`, which loads this only."""

from __future__ import annotations

import os
import stat
import sys

from keystead.agent import protocol
from keystead.errors import AgentProblem
from keystead.outside import parse_json, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_LONGEST_PATH = 103
"""The longest path of a Unix socket: 104 bytes on macOS, including a NUL."""


class Connection:
    """Asks the agent that ``environ`` names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {os.fsencode(k): os.fsencode(v) for k, v in environ.items()}
        self._path = protocol.socket_path(self._environ)
        self._is_unresponsive = False

    @property
    def path(self) -> str | None:
        """The path of its socket; None if the agent is disabled."""
        return None if self._path is None else os.fsdecode(self._path)

    def status(self) -> dict[str, Any] | None:
        """The agent's status; None without an agent. Raises `AgentProblem`."""
        self._require_usable()
        status, found = self._ask("GET", "/status")
        return found if status else None

    def _ask(
        self,
        method: str,
        where: str,
        body: bytes = b"",
        *,
        seconds: float = protocol.SECONDS,
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of an answer; status 0 without a valid answer."""
        if self._path is None or self._is_unresponsive:
            return 0, {}
        try:
            answer = protocol.ask(self._path, method.encode(), where.encode(), body, seconds)
            found = parse_json(protocol.body_of(answer) or b"")
            status = whole(answer[9:12].decode(), 100, 599)
        except TimeoutError:
            self._is_unresponsive = True  # it is waited for only once
            return 0, {}
        except (OSError, ValueError):
            return 0, {}
        return (status, found) if isinstance(found, dict) else (0, {})

    def _require_usable(self) -> None:
        """Raises `AgentProblem` where an agent is disabled or impossible."""
        if self._path is None:
            raise AgentProblem(
                "KEYSTEAD_AGENT disables the agent",
                id="agent-disabled",
                hint="unset it; or set it to `auto` or to an absolute path",
            )
        if sys.platform != "win32":
            if len(self._path) > _LONGEST_PATH:
                raise AgentProblem(
                    f"the agent's socket has a path of over {_LONGEST_PATH} bytes: {self.path}",
                    id="agent-socket-unusable",
                    hint="set KEYSTEAD_AGENT to a shorter one",
                )
            _require_private(os.path.dirname(self._path))
        try:
            require_free(self._path)
        except FileExistsError:
            raise AgentProblem(
                f"the path of the agent's socket is taken by another file: {self.path}",
                id="agent-socket-unusable",
                hint="set KEYSTEAD_AGENT to a path where there is no file",
            ) from None


def require_free(path: bytes) -> None:
    """Raises `FileExistsError` when ``path`` is another file than an agent's."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if sys.platform == "win32":
        import re

        with open(path, "rb") as file:
            ours = re.fullmatch(rb"\d{1,5} [0-9a-f]{64}", file.read(100)) is not None
    else:
        ours = stat.S_ISSOCK(found.st_mode) and found.st_uid == os.geteuid()
    if not ours:
        raise FileExistsError("a file that is not an agent's socket")


if sys.platform != "win32":

    def _require_private(folder: bytes) -> None:
        try:
            protocol.require_private(folder)
        except FileNotFoundError:
            pass  # it is created later
        except PermissionError:
            raise AgentProblem(
                f"the agent's folder is not yours alone: {os.fsdecode(folder)}",
                id="agent-folder-unusable",
                hint="it must be a folder of yours with mode 0700",
            ) from None
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise AgentProblem(
                f"the agent's folder cannot be used: {os.fsdecode(folder)}: {reason}",
                id="agent-folder-unusable",
            ) from None
