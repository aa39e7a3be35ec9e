"""A sandboxed program of the user, which asks the fork server for a child outside of its sandbox."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from keystead.system.confinement import filtering_groups
from tests.fork_servers import ForkServer, fork_server

pytestmark = [
    pytest.mark.posix("the fork server"),
    pytest.mark.skipif(sys.platform != "linux", reason="the fork server runs on Linux"),
]

ASK = """
import ctypes, os, resource, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
PATH = sys.argv[1]
def required(result):
    if result == -1:
        sys.exit("not possible here: " + os.strerror(ctypes.get_errno()))
{restrict}
connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
connection.connect(PATH)
print("served" if connection.recv(100) else "refused")
"""
NEW = {"ipc": 0x08000000, "mnt": 0x20000, "net": 0x40000000, "user": 0x10000000, "uts": 0x4000000}
CLONE_NEWCGROUP, CLONE_NEWPID = 0x02000000, 0x20000000
IN_CHILD = "if os.fork():\n    os.wait(); os._exit(0)"
CHROOT = """
os.chroot(os.path.dirname(PATH))
PATH = "/" + os.path.basename(PATH)
"""
SECCOMP = """
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]
allow = Filter(1, (6).to_bytes(2, "little") + bytes(2) + (0x7FFF0000).to_bytes(4, "little"))
required(libc.prctl(22, 2, ctypes.byref(allow), 0, 0))
"""
LIMITS = ["AS", "CPU", "DATA", "FSIZE", "MEMLOCK", "MSGQUEUE", "NPROC", "SIGPENDING", "STACK"]


def lower(limit: str) -> str:
    most = "1 << 32" if limit in ("AS", "CPU", "DATA", "FSIZE") else "4096"
    return f"resource.setrlimit(resource.RLIMIT_{limit}, ({most}, {most}))"


ANY_USER = {
    "no new privileges": "required(libc.prctl(38, 1, 0, 0, 0))",
    "traced": "required(libc.ptrace(0, 0, 0, 0))",
    "a user namespace": f"required(libc.unshare({NEW['user']}))",
    "nice": "os.nice(5)",
    "batch scheduling": "os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))",
    "one processor": "len(os.sched_getaffinity(0)) > 1 or required(-1); "
    "os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])",
    "fewer open files": "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
    **{f"a lower limit {limit}": lower(limit) for limit in LIMITS},
}
ROOT = {
    "seccomp": SECCOMP,
    "a root folder": CHROOT,
    "other groups": "os.setgroups([12345])",
    "another group": "os.setgid(12345)",
    "another effective user": "os.seteuid(12345)",
    "another real user": "os.setreuid(12345, 0)",
    "fewer capabilities to gain": "required(libc.prctl(24, 0, 0, 0, 0))",
    "another process namespace": f"required(libc.unshare({CLONE_NEWPID}))\n{IN_CHILD}",
    "another cgroup namespace": f"required(libc.unshare({CLONE_NEWCGROUP}))",
    **{
        f"another {name} namespace": f"required(libc.unshare({flag}))"
        for name, flag in NEW.items()
        if name != "user"
    },
}


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """A fork server whose socket other users can reach."""
    with tempfile.TemporaryDirectory() as folder, fork_server(Path(folder) / "a") as found:
        Path(folder).chmod(0o755)
        found.path.chmod(0o777)
        yield found


def ask(server: ForkServer, restrict: str) -> str:
    """Whether the server greets a program that first restricted itself."""
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(restrict=restrict), server.path],
        capture_output=True,
        text=True,
        check=False,
    )
    if "not possible here" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("restrict", ANY_USER.values(), ids=ANY_USER)
def test_a_restricted_program_is_not_served(server: ForkServer, restrict: str) -> None:
    assert ask(server, restrict) == "refused"


@pytest.mark.root("giving up rights")
@pytest.mark.parametrize("restrict", ROOT.values(), ids=ROOT)
def test_a_program_with_other_rights_is_not_served(server: ForkServer, restrict: str) -> None:
    assert ask(server, restrict) == "refused"


SAME = {
    "no change": "",
    "another folder": "os.chdir('/')",
    "another mask": "os.umask(0)",
    "another session": f"{IN_CHILD}\nos.setsid()",
    "fewer open files at first": "resource.setrlimit(resource.RLIMIT_NOFILE, "
    "(64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))",
    "core files": "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_a_program_with_the_same_rights_is_served(server: ForkServer, change: str) -> None:
    assert ask(server, change) == "served"


@pytest.mark.parametrize(
    "restrict",
    [
        "required(libc.prctl(38, 1, 0, 0, 0))",
        pytest.param(SECCOMP, marks=pytest.mark.root("filters without losing privileges")),
    ],
    ids=["no new privileges", "seccomp"],
)
def test_a_server_whose_rules_linux_does_not_show_serves_nobody(
    tmp_path: Path, restrict: str
) -> None:
    # Two programs with as many filters may have different ones, and Landlock's are not shown.
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    start = "os.execv(sys.executable, [sys.executable, '-P', '-m', 'keystead.warm', PATH])"
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(restrict=f"{restrict}\n{start}"), folder / "a"],
        stdin=subprocess.PIPE,
        check=False,
    )
    assert done.returncode == 1
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("0::/user.slice/user-7.slice/session-3.scope", "0::/user.slice/user-7.slice/a/b", True),
        ("0::/user.slice/user-7.slice/a", "0::/user.slice/user-8.slice/a", False),
        ("0::/system.slice/a.service", "0::/system.slice/b.service", False),
        ("0::/user.slice/user-7.slice/a", "0::/system.slice/b.service", False),
        ("4:memory:/a\n0::/", "4:memory:/b\n0::/", True),
        ("5:devices:/a\n0::/", "5:devices:/b\n0::/", False),
        ("1:name=systemd:/a\n", "1:name=systemd:/b\n", False),
    ],
)
def test_control_groups_count_where_they_can_filter(one: str, other: str, equal: bool) -> None:
    groups = [filtering_groups(text.encode()) for text in (one, other)]
    assert (groups[0] == groups[1]) == equal
