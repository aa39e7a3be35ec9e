"""The real programs that tests need besides Python, and what installs each.

A test says `@pytest.mark.needs("zsh")`, a fixture calls `need`. Where the part is missing the test
is skipped, and the summary of the run has a line for each part. With `--all-parts`, which CI gives,
it fails instead.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest


class Part(NamedTuple):
    """One part: the programs that have to be on PATH, and how they get there."""

    programs: tuple[str, ...]
    install: str


def _debian(package: str) -> Part:
    """A Debian package with a program of its name."""
    return Part((package,), f"apt-get install {package}")


_AWS_CLI = Path(__file__).parent.parent / ".interop/awscli_v2/aws"

PARTS = {
    "a Secret Service": Part(
        ("gnome-keyring-daemon", "dbus-daemon", "dbus-send"),
        "apt-get install gnome-keyring dbus-daemon dbus-bin",
    ),
    **{name: _debian(name) for name in ("curl", "dash", "fish", "fzf", "git", "valgrind", "zsh")},
    "AWS CLI v2": Part((str(_AWS_CLI),), "make interop CLIENTS=awscli_v2"),
    "cc": Part(("cc",), "apt-get install gcc libc6-dev"),
    "chromium": Part(("chromium", "chromedriver"), "apt-get install chromium chromium-driver"),
    "pwsh": Part(("pwsh",), "put PowerShell 7 on PATH"),
    "aws-sdk-net.sh": Part(
        ("aws-sdk-net.sh", "xz"),
        "put a program of that name on PATH that calls the AWS SDK for .NET",
    ),
}


def need(name: str, config: pytest.Config) -> None:
    """Skips the test where the part is missing; fails it where all have to be there."""
    part = PARTS[name]
    if all(shutil.which(program) for program in part.programs):
        return
    missing = f"{name} is missing: {part.install}"
    if config.getoption("--all-parts"):
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)
