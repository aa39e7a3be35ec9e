"""A child of the fork server: takes the state of the client's process and runs its command."""

from __future__ import annotations

import sys

assert sys.platform == "linux"  # noqa: S101  # for the type checker

import io
import os
import resource
import socket
import time

from keystead.warm.conversation import Request

_STREAMS = 3


def run(connection: socket.socket, request: Request) -> int:
    """Runs the command of the request; returns its exit code."""
    for number, descriptor in enumerate(request.streams):
        os.dup2(descriptor, number)
    os.fchdir(request.folder)
    own = connection.fileno()
    os.closerange(_STREAMS, own)
    os.closerange(own + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    os.umask(request.client.umask)
    variables = {os.fsdecode(k): os.fsdecode(v) for k, v in request.environ.items()}
    os.environ.clear()  # noqa: TID251  # the client's take its place
    os.environ.update(variables)  # noqa: TID251  # as above
    time.tzset()
    sys.argv[1:] = map(os.fsdecode, request.arguments)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), "utf-8", "surrogateescape")
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8", "surrogateescape")
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), "utf-8", "backslashreplace")
    from keystead.cli.main import main

    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    return code
