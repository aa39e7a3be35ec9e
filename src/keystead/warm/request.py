"""What a child of the fork server has to run, and for which process."""

from __future__ import annotations

from typing import NamedTuple


class ClientState(NamedTuple):
    """What the kernel reports of the client's process; signals are bits of a number."""

    pid: int
    parent: int
    umask: int
    ignored_signals: int


class Request(NamedTuple):
    """A command of a client, as descriptors."""

    client: ClientState
    pidfd: int
    folder: int
    """Its working directory."""
    stdin: int
    stdout: int
    stderr: int
    command: int
    """A file with arguments and environment, a `protocol.command`."""

    @property
    def streams(self) -> tuple[int, ...]:
        """The standard streams."""
        return self.stdin, self.stdout, self.stderr
