"""The browser of this machine: whether one can open, and opening it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping

from keystead.value import NamedTuple

_CONTAINERS = ("/.dockerenv", "/run/.containerenv")
_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


class Facts(NamedTuple):
    """What tells whether a browser can open; ``kernel`` is the release of the kernel."""

    environ: Mapping[str, str]
    platform: str
    kernel: str
    is_container: bool


def facts(environ: Mapping[str, str]) -> Facts:
    """Those of this machine."""
    import platform

    return Facts(environ, sys.platform, platform.release(), any(map(os.path.exists, _CONTAINERS)))


def why_no_browser(facts: Facts) -> str | None:
    """Why no browser can open that a person sees and that reaches this machine's loopback.

    None where one can, or where ``BROWSER`` says how.
    """
    environ = facts.environ
    if environ.get("BROWSER"):
        return None
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return "this is an SSH session"
    if facts.platform != "linux":
        return None
    if facts.is_container or environ.get("KUBERNETES_SERVICE_HOST") or environ.get("container"):
        return "this is a container"
    if environ.get("WSL_DISTRO_NAME") or "microsoft" in facts.kernel.lower():
        return "this is the Windows Subsystem for Linux"
    if not environ.get("DISPLAY") and not environ.get("WAYLAND_DISPLAY"):
        return "there is no display"
    return None


class Opened:
    """A browser that was started; ``child`` is the process that does it, where it could start."""

    def __init__(self, child: subprocess.Popen[bytes] | None) -> None:
        self._child = child
        if child:  # else it stays a zombie until this process ends
            threading.Thread(target=child.wait, daemon=True).start()

    def has_failed(self) -> bool:
        """Whether it is known by now that none opened."""
        return self._child is None or bool(self._child.returncode)


def open_browser(address: str, environ: Mapping[str, str]) -> Opened:
    """Opens ``address`` in the browser that ``BROWSER`` names, else the system's.

    Another process does it, with no terminal and no output: some browsers stay in the
    foreground, print, or would end with this command.
    """
    try:
        child = subprocess.Popen(  # noqa: S603  # this Python, and the address as one word
            [sys.executable, "-I", "-c", _OPEN, address],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=sys.platform != "win32",
        )
    except OSError:
        return Opened(None)
    return Opened(child)
