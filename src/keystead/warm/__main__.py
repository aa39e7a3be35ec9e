"""``python -m keystead.warm PATH``: the fork server of the agent whose socket is at PATH.

Standard input is a pipe of the agent. The process exits once the server, its child, listens.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"  # noqa: S101  # for the type checker

import gc
import os

from keystead.agent.protocol import fork_server_path
from keystead.system.confinement import process
from keystead.system.protection import protect
from keystead.warm.listener import Listener
from keystead.warm.loaded_files import LoadedFiles
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
    loaded = LoadedFiles()
    preload()
    loaded.add_folders()
    gc.collect()
    gc.freeze()  # else a collection in a child would copy the memory that it shares
    listener = Listener(fork_server_path(os.fsencode(sys.argv[1])))
    pipe = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    server = Server(listener, pipe, own, loaded)
    os.write(done, b".")
    os.close(done)
    os.close(ready)
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
