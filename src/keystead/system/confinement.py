"""What Linux reports of a process: who it is, and what it may do."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

_STATUS = (
    *(b"Uid", b"Gid", b"Groups", b"TracerPid", b"NoNewPrivs", b"Seccomp", b"Seccomp_filters"),
    *(b"CapInh", b"CapPrm", b"CapEff", b"CapBnd", b"CapAmb"),
    *(b"Cpus_allowed_list", b"Mems_allowed_list"),
)
_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
_SCHEDULING = (15, 16, 37, 38)
"""Priority, nice value, real-time priority and policy in ``stat``, after the program's name."""

_SET_PER_PROCESS = re.compile(rb"^Max core file size.*\n|(?<=^Max open files) +\w+ +", re.MULTILINE)
"""Limits that the agent changes for itself: of core files, and the soft one of open files."""

_FILTERING = re.compile(rb"^\d+:(?:|devices|name=systemd):(.*)", re.MULTILINE)
_USERS_SLICE = re.compile(rb"(/user\.slice/user-\d+\.slice)/.*")


_MOST_BYTES = 64 * 1024


class Confinement(NamedTuple):
    """What two processes must have in common so that one may work for the other."""

    status: tuple[bytes | None, ...]
    namespaces: tuple[tuple[int, int], ...]
    root: tuple[str, int, int]
    limits: bytes
    label: bytes | None
    """Of a security module, such as AppArmor's profile."""
    groups: tuple[bytes, ...]
    scheduling: tuple[bytes, ...]

    @property
    def may_have_unreported_rules(self) -> bool:
        """Whether there may be rules that Linux does not show: of Landlock, or of seccomp filters.

        A process without privileges needs ``NoNewPrivs`` for both. Filters that the first process
        has as well were inherited from it.
        """
        own = dict(zip(_STATUS, self.status, strict=True))
        if own[b"NoNewPrivs"] != b"0":
            return True
        return own[b"Seccomp"] != b"0" and any(
            own[name] != _status(1).get(name) for name in (b"Seccomp", b"Seccomp_filters")
        )


class Process(NamedTuple):
    """A process at one moment; signals are bits of a number."""

    pid: int
    parent: int
    umask: int
    ignored_signals: int
    blocked_signals: int
    confinement: Confinement


def process(pid: int) -> Process:
    """The process ``pid``. Raises `OSError` or `ValueError`.

    The caller checks that it was the same process before and after.
    """
    folder = f"/proc/{pid}"
    status = _status(pid)
    root = os.stat(f"{folder}/root")
    confinement = Confinement(
        tuple(status.get(name) for name in _STATUS),
        tuple(_file(f"{folder}/ns/{name}") for name in _NAMESPACES),
        (os.readlink(f"{folder}/root"), root.st_dev, root.st_ino),
        _SET_PER_PROCESS.sub(b"", _content(f"{folder}/limits")),
        _label(folder),
        filtering_groups(_content(f"{folder}/cgroup")),
        _scheduling(folder),
    )
    return Process(
        pid,
        int(status[b"PPid"]),
        int(status[b"Umask"], 8),
        int(status[b"SigIgn"], 16),
        int(status[b"SigBlk"], 16),
        confinement,
    )


def filtering_groups(content: bytes) -> tuple[bytes, ...]:
    """The control groups that can filter what a process reaches, in the file ``cgroup``.

    All groups of a user's own slice count as one, as they have no privileged filters.
    """
    return tuple(_USERS_SLICE.sub(rb"\1", path) for path in _FILTERING.findall(content))


def _content(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, _MOST_BYTES)
    finally:
        os.close(fd)


def _status(pid: int) -> dict[bytes, bytes]:
    lines = (line.partition(b":\t") for line in _content(f"/proc/{pid}/status").splitlines())
    return {name: value.strip() for name, _, value in lines}


def _scheduling(folder: str) -> tuple[bytes, ...]:
    fields = _content(f"{folder}/stat").rpartition(b")")[2].split()
    return tuple(fields[number] for number in _SCHEDULING)


def _file(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except FileNotFoundError:  # a namespace that this kernel does not have
        return 0, 0
    return found.st_dev, found.st_ino


def _label(folder: str) -> bytes | None:
    try:
        return _content(f"{folder}/attr/current")
    except OSError:  # there is no such module
        return None
