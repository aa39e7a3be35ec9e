"""Other programs that deliver credentials, each from its package registry."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from interop.client import FETCHED
from interop.clients import awscli_v2

_BOTO3 = (
    "import boto3, sys; "
    "print(boto3.Session(profile_name=sys.argv[1]).get_credentials().get_frozen_credentials())"
)

NOT_TO_BE_HAD = ("aws-vault", "granted")
"""Go programs whose modules were not available from Go's proxy when the pages were generated."""


@dataclass(frozen=True)
class Peer:
    """One program: ``command`` prints the profile's keys, ``version`` its version.

    Both get the path of the program.
    """

    title: str
    fetch: Callable[[], Path]
    command: Callable[[Path, str], Sequence[str | Path]]
    version: Callable[[Path], Sequence[str | Path]]


def _of_pypi(program: str, *packages: str) -> Callable[[], Path]:
    """Install ``packages`` for ``program`` into a separate environment, the first time."""

    def fetch() -> Path:
        folder = FETCHED / "peers" / program
        ready = folder / ".ready"
        if not ready.exists() or ready.read_text() != repr(packages):
            venv.create(folder, with_pip=False, clear=True)
            pip = [Path(sys.base_prefix) / "bin" / "python3", "-m", "pip"]
            into = ["--python", folder / "bin" / "python", "install", "--quiet"]
            subprocess.run([*pip, *into, *packages], check=True, capture_output=True)
            ready.write_text(repr(packages))
        return folder / "bin" / program

    return fetch


def _aws_cli() -> Path:
    awscli_v2.CLIENT.prepare()
    return Path(awscli_v2.CLIENT.version(awscli_v2.CLIENT.folder)[0])


PEERS = (
    Peer(
        "boto3",
        lambda: Path(sys.executable),
        lambda python, profile: (python, "-c", _BOTO3, profile),
        lambda python: (python, "-c", "import boto3; print(boto3.__version__)"),
    ),
    Peer(
        "aws-export-credentials",
        # It creates botocore's objects itself, which newer versions define differently.
        _of_pypi("aws-export-credentials", "aws-export-credentials", "botocore<1.36"),
        lambda program, profile: (program, "--profile", profile, "--json"),
        lambda program: (program, "--version"),
    ),
    Peer(
        "awsume",
        _of_pypi("awsumepy", "awsume", "setuptools<81"),
        lambda program, profile: (program, profile, "-s"),
        lambda program: (program, "--version"),
    ),
    Peer(
        "aws configure export-credentials",
        _aws_cli,
        lambda program, profile: (
            *(program, "configure", "export-credentials"),
            *("--profile", profile, "--format", "process"),
        ),
        lambda program: (program, "--version"),
    ),
)


def available(environ: Mapping[str, str]) -> dict[str, tuple[Peer, Path]]:
    """The available programs by title and version; reports the others."""
    found: dict[str, tuple[Peer, Path]] = {}
    for peer in PEERS:
        try:
            program = peer.fetch()
            done = subprocess.run(
                peer.version(program), env=environ, check=True, capture_output=True, text=True
            )
        except (OSError, subprocess.CalledProcessError, ValueError) as error:
            print(f"{peer.title} is left out: {type(error).__name__}", file=sys.stderr)
            continue
        words = (done.stdout + done.stderr).replace("/", " ").split()
        version = next(word for word in words if word[:1].isdigit())
        found[f"{peer.title} {version}"] = peer, program
    return found
