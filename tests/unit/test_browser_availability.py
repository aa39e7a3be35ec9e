"""Where a browser can open that reaches this machine."""

import pytest

from keystead.browser.availability import Facts, why_no_browser

DESKTOP = {"DISPLAY": ":0"}
SSH = {"SSH_CONNECTION": "203.0.113.1 50000 203.0.113.2 22"}
WSL = "5.15.90.1-microsoft-standard-WSL2"


@pytest.mark.parametrize(
    ("environ", "platform", "kernel", "is_container", "why"),
    [
        (DESKTOP, "linux", "6.1", False, None),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", "6.1", False, None),
        ({}, "linux", "6.1", False, "there is no display"),
        ({}, "darwin", "23.0", False, None),
        ({}, "win32", "10", False, None),
        ({**DESKTOP, **SSH}, "linux", "6.1", False, "this is an SSH session"),
        ({"SSH_TTY": "/dev/ttys001"}, "darwin", "23.0", False, "this is an SSH session"),
        (DESKTOP, "linux", "6.1", True, "this is a container"),
        ({"container": "podman"}, "linux", "6.1", False, "this is a container"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "linux", "6.1", False, "this is a container"),
        (DESKTOP, "linux", WSL, False, "this is the Windows Subsystem for Linux"),
        (
            {"WSL_DISTRO_NAME": "Debian"},
            "linux",
            "6.1",
            False,
            "this is the Windows Subsystem for Linux",
        ),
        ({**SSH, "BROWSER": "code --openExternal"}, "linux", WSL, True, None),
    ],
)
def test_it_is_said_why_no_browser_can_open(
    environ: dict[str, str], platform: str, kernel: str, is_container: bool, why: str | None
) -> None:
    assert why_no_browser(Facts(environ, platform, kernel, is_container)) == why
