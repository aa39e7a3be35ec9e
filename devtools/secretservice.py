"""A real Secret Service for tests: gnome-keyring on a private D-Bus session."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path


class SecretService:
    """A Secret Service that is restarted when gnome-keyring crashes, which loses its content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self._environ: Mapping[str, str] = {}
        self._starts = 0

    def environ(self) -> Mapping[str, str]:
        """The variables with which a program finds it. Starts it unless it is running."""
        if not self._environ or not _is_there(self._environ):
            self.stop()
            self._starts += 1
            folder = self._folder / str(self._starts)
            self._environ = self._stack.enter_context(secret_service(folder))
        return self._environ

    def stop(self) -> None:
        """Stop it."""
        self._stack.close()


@contextlib.contextmanager
def secret_service(folder: Path, *, unlocked: bool = True) -> Iterator[Mapping[str, str]]:
    """Run one with its collection in ``folder``; the variables with which a program finds it.

    Unless ``unlocked`` it is locked and cannot prompt.
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
    """Wait until the daemon has its name on the bus."""
    for _ in range(200):
        if _is_there(environ):
            return
        time.sleep(0.05)
    raise RuntimeError("gnome-keyring did not start within ten seconds")


def _is_there(environ: Mapping[str, str]) -> bool:
    """Whether a daemon has its name on the bus."""
    question = "dbus-send --session --print-reply --dest=org.freedesktop.DBus / "
    question += "org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets"
    answer = subprocess.run(
        question.split(), env=environ, capture_output=True, text=True, check=False
    )
    return "true" in answer.stdout


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)
    if process.stdout:
        process.stdout.close()
