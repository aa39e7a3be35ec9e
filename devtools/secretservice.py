"""A real Secret Service for tests: gnome-keyring on a D-Bus session of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
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
        _await(environ)
        yield environ


def _await(environ: Mapping[str, str]) -> None:
    """Returns when the daemon has taken its name on the bus."""
    question = "dbus-send --session --print-reply --dest=org.freedesktop.DBus / "
    question += "org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets"
    for _ in range(200):
        answer = subprocess.run(
            question.split(), env=environ, capture_output=True, text=True, check=True
        )
        if "true" in answer.stdout:
            return
        time.sleep(0.05)
    raise RuntimeError("gnome-keyring did not start within ten seconds")


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)
    if process.stdout:
        process.stdout.close()
