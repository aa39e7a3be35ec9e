"""Other programs that deliver credentials, from their package registries or from PATH."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.world import World
from interop.client import FETCHED
from interop.clients import awscli_v2

Command = Sequence[str | Path]

START, PROCESS, ROLE, EXEC = "start", "process", "a role", "exec"
LIST, WHOAMI, SSO = "list", "whoami", "a role of IAM Identity Center"
"""What programs have in common; each prints its version, the keys, those of a role, and so on."""

_KEYS = (
    "import boto3, sys; "
    "print(boto3.Session(profile_name=sys.argv[1]).get_credentials().get_frozen_credentials())"
)
_IDENTITY = (
    "import boto3, sys; "
    "print(boto3.Session(profile_name=sys.argv[1]).client('sts').get_caller_identity())"
)
_EXPORT = ("configure", "export-credentials", "--profile", "PROFILE", "--format", "process")
# Both, as pip else tries hundreds of versions of boto3.
_OLDER = ("boto3==1.35.99", "botocore==1.35.99")
_NAMES = "import boto3; print(boto3.Session().available_profiles)"


class Peer(NamedTuple):
    """One program: ``fetch`` returns its path, ``works`` its arguments for each kind of work.

    PROFILE stands for the profile. ``prepare`` gives it the keys of the last profile.
    """

    title: str
    fetch: Callable[[], str | Path]
    works: Mapping[str, Sequence[str]]
    prepare: Callable[[World], None] = lambda _: None
    environ: Callable[[str], Mapping[str, str]] = lambda _: {}
    """Variables for the address of STS as a proxy."""

    def command(self, program: str | Path, work: str, profile: str) -> Command:
        """The command for this work."""
        words = (profile if word == "PROFILE" else word for word in self.works[work])
        return (program, *words)


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


def _on_path(program: str) -> Callable[[], str]:
    def fetch() -> str:
        found = shutil.which(program)
        if found is None:
            raise FileNotFoundError(program)
        return found

    return fetch


def _add_to_vault(world: World) -> None:
    """Store the last profile's keys in aws-vault's encrypted file, which needs no desktop."""
    home = world.environ["HOME"]
    world.environ.update(
        AWS_VAULT_BACKEND="file",
        AWS_VAULT_FILE_DIR=f"{home}/vault",
        AWS_VAULT_FILE_PASSPHRASE="x",
    )
    keys = {"AWS_ACCESS_KEY_ID": world.last_key_id, "AWS_SECRET_ACCESS_KEY": "0" * 40}
    add = ["aws-vault", "add", world.last, "--env"]
    subprocess.run(add, env={**world.environ, **keys}, check=True, capture_output=True)


VAULT = Peer(
    "aws-vault",
    _on_path("aws-vault"),
    {
        START: ("--version",),
        PROCESS: ("export", "--no-session", "--format=json", "PROFILE"),
        ROLE: ("export", "--no-session", "--format=json", "PROFILE"),
        EXEC: ("exec", "--no-session", "PROFILE", "--", "true"),
        LIST: ("list",),
    },
    _add_to_vault,
    lambda proxy: {"HTTPS_PROXY": proxy},
)
PEERS = (
    VAULT,
    Peer(
        "granted",
        _on_path("granted"),
        {START: ("--version",), PROCESS: ("credential-process", "--profile", "PROFILE")},
    ),
    # Its other commands need a session of IAM Identity Center.
    Peer("aws-sso-cli", _on_path("aws-sso"), {START: ("version",)}),
    Peer(
        "boto3",
        lambda: sys.executable,
        {
            START: ("-c", "import boto3; print(boto3.__version__)"),
            PROCESS: ("-c", _KEYS, "PROFILE"),
            ROLE: ("-c", _KEYS, "PROFILE"),
            SSO: ("-c", _KEYS, "PROFILE"),
            LIST: ("-c", _NAMES),
            WHOAMI: ("-c", _IDENTITY, "PROFILE"),
        },
    ),
    Peer(
        "aws-export-credentials",
        # It creates botocore's objects itself, which newer versions define differently.
        _of_pypi("aws-export-credentials", "aws-export-credentials", *_OLDER),
        {START: ("--version",), PROCESS: ("--profile", "PROFILE", "--json")},
    ),
    Peer(
        "awsume",
        _of_pypi("awsumepy", "awsume", "setuptools<81"),
        {START: ("--version",), PROCESS: ("PROFILE", "-s")},
    ),
    Peer(
        "the AWS CLI",
        _aws_cli,
        {
            START: ("--version",),
            **dict.fromkeys((PROCESS, ROLE, SSO), _EXPORT),
            LIST: ("configure", "list-profiles"),
            WHOAMI: ("sts", "get-caller-identity", "--profile", "PROFILE"),
        },
    ),
)


def available(environ: Mapping[str, str]) -> dict[str, tuple[Peer, str | Path]]:
    """The available programs by title and version; reports the others."""
    found: dict[str, tuple[Peer, str | Path]] = {}
    for peer in PEERS:
        try:
            program = peer.fetch()
            done = subprocess.run(
                peer.command(program, START, ""),
                env=environ,
                check=True,
                capture_output=True,
                text=True,
            )
        except (OSError, subprocess.CalledProcessError, ValueError) as error:
            print(f"{peer.title} is left out: {type(error).__name__}", file=sys.stderr)
            continue
        version = re.findall(r"\d+\.\d[\w.]*", done.stdout + done.stderr)
        found[" ".join([peer.title, *version[:1]])] = peer, program
    return found


def aws_cli_1() -> Path | None:
    """The AWS CLI 1; None if it cannot be installed, which is reported."""
    try:
        return _of_pypi("aws", "awscli")()
    except (OSError, subprocess.CalledProcessError):
        print("the AWS CLI cannot be installed here; it is left out", file=sys.stderr)
        return None


def aws_vault(world: World) -> bool:
    """Whether aws-vault is on PATH; it is prepared for the world then."""
    if shutil.which("aws-vault") is None:
        return False
    VAULT.prepare(world)
    return True
