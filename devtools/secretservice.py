"""A real Secret Service for tests: gnome-keyring on a D-Bus session of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path


@contextlib.contextmanager
def secret_service(folder: Path, *, unlocked: bool = True) -> Iterator[Mapping[str, str]]:
    """The variables with which a program finds it; its collection lives in ``folder``.

    Not ``unlocked``, it is one whose password nobody has typed yet and that can ask nobody.
    """
    for name in ("run", "data"):
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    environ = {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    with contextlib.ExitStack() as stack:
        bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--print-address"],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        stack.callback(_end, bus)
        assert bus.stdout
        environ["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
        how = ["--unlock"] if unlocked else []
        keyring = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--components=secrets", *how],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(_end, keyring)
        assert keyring.stdin
        keyring.stdin.write(b"test bench")
        keyring.stdin.close()
        # The name is on the bus when the daemon is ready; asking for it waits for nothing else.
        subprocess.run(
            ["gdbus", "wait", "--session", "--timeout", "10", "org.freedesktop.secrets"],
            env=environ,
            check=True,
        )
        yield environ


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)
    if process.stdout:
        process.stdout.close()
