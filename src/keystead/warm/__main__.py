"""``python -m keystead.warm PATH``: the fork server of the agent whose socket is at PATH.

Standard input is a pipe of the agent. The process exits once the server, its child, listens.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"  # noqa: S101  # for the type checker

import contextlib
import gc
import os
import socket

from keystead.agent.protocol import require_private
from keystead.system.confinement import process
from keystead.system.protection import protect
from keystead.warm import protocol
from keystead.warm.loaded_files import loaded_files
from keystead.warm.preload import preload
from keystead.warm.server import Server


def main() -> int:
    """Starts the server; returns the exit code."""
    protect()
    os.umask(0o077)
    ready, done = os.pipe()
    if os.fork():
        os.close(done)
        return 0 if os.read(ready, 1) else 1
    own = process(os.getpid()).confinement
    if own.may_have_unreported_rules:
        return 1
    preload()
    gc.collect()
    gc.freeze()
    server = Server(_listen(os.fsencode(sys.argv[1])), sys.stdin.fileno(), own, loaded_files())
    os.write(done, b".")
    os.close(done)
    os.close(ready)
    server.run()
    return 0


def _listen(agent: bytes) -> socket.socket:
    """The socket next to the agent's, in place of an earlier one. Raises `OSError`."""
    path = protocol.socket_path(agent)
    require_private(os.path.dirname(path))
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    new = path + b".new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new)
    listener.bind(new)
    listener.listen(128)
    os.replace(new, path)
    return listener


if __name__ == "__main__":
    sys.exit(main())
