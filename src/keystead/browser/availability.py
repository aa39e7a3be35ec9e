"""Whether a browser can open on this machine that the person sees."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from keystead.value import NamedTuple

_CONTAINERS = ("/.dockerenv", "/run/.containerenv")


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
