"""The settings of an agent, and re-executing it after a lock.

Python does not overwrite freed memory, so only a new image of the process has no copy of a key.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping

from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any

    from keystead.agent.listener import Inherited

ARGV = (sys.executable, "-P", "-m", "keystead.agent")
"""The command line of an agent; it reads a `message` from standard input."""


class Settings(NamedTuple):
    """``environ`` is for its commands; it ends ``idle_seconds`` after the last request."""

    path: bytes
    environ: Mapping[str, str]
    idle_seconds: float


def message(
    settings: Settings,
    requests: list[tuple[str, str, bytes]],
    inherited: Inherited | None = None,
) -> bytes:
    """The standard input of an agent: settings, first requests, inherited descriptors."""
    return json.dumps(
        {
            "path": os.fsdecode(settings.path),
            "environ": dict(settings.environ),
            "idle_seconds": settings.idle_seconds,
            "requests": [[m, where, body.decode("latin-1")] for m, where, body in requests],
            "inherited": inherited,
        }
    ).encode()


def read_message(
    given: dict[str, Any],
) -> tuple[Settings, list[tuple[bytes, ...]], Inherited | None]:
    """The three parts of a `message`."""
    settings = Settings(os.fsencode(given["path"]), given["environ"], float(given["idle_seconds"]))
    requests = [tuple(part.encode("latin-1") for part in parts) for parts in given["requests"]]
    from keystead.agent.listener import Inherited

    inherited = given["inherited"]
    return settings, requests, Inherited(*inherited) if inherited else None


def execute(settings: Settings, inherited: Inherited) -> None:
    """Re-executes the agent in this process. Raises `OSError`."""
    with _unnamed_file() as file:
        file.write(message(settings, [], inherited))
        file.flush()
        file.seek(0)
        os.dup2(file.fileno(), 0)
        os.execv(sys.executable, ARGV)  # noqa: S606  # ourselves


def _unnamed_file() -> IO[bytes]:
    """An unnamed file, on Linux in memory, as it contains the user's environment."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("keystead"), "w+b")
    else:  # noqa: RET505  # a branch for the type checker of each platform
        import tempfile

        return tempfile.TemporaryFile()
