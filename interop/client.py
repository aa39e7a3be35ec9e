"""What a client is, and how one is fetched from its own package registry."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devtools.command import clean_environ, run

ROOT = Path(__file__).parent.parent
FETCHED = ROOT / ".interop"
CACHES = FETCHED / "caches"
SOURCES = Path(__file__).parent / "clients"

USER = "user"
ROLE = "role"
PROFILES = {USER: False, ROLE: True}
"""The profiles by name, and whether their keys come with a session token: a user's long-term keys,
and a role's, which end."""


@dataclass(frozen=True)
class Client:
    """One client; ``name`` is also its folder in clients/ and, as fetched, in .interop/.

    ``fetch`` gets the latter, with what the former holds already in it. ``command`` calls AWS with
    the credentials that the client finds by itself, and ``version`` prints the client's version.
    ``operation`` is the call. ``shell`` is the one in which its users evaluate what `keystead env`
    prints: ``bash`` or ``powershell``. ``cannot`` gives the reason by way; the run holds it against
    the client. ``environ`` is added to what every client gets.
    """

    name: str
    title: str
    package: str
    fetch: Callable[[Path], None]
    command: Callable[[Path], Sequence[str]]
    version: Callable[[Path], Sequence[str]]
    needs: Mapping[str, str] = field(default_factory=dict)
    """Programs that have to be there, with what to install for each."""
    operation: str = "GetCallerIdentity"
    shell: str = "bash"
    environ: Mapping[str, str] = field(default_factory=dict)
    cannot: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where it is when it was fetched."""
        return FETCHED / self.name

    def missing(self) -> dict[str, str]:
        """The needed programs that are not there, with what to install."""
        return {name: what for name, what in self.needs.items() if shutil.which(name) is None}

    def prepare(self) -> None:
        """Fetches it, unless what it is made from is the same as the last time.

        Raises `subprocess.CalledProcessError` where its tool fails.
        """
        source = SOURCES / self.name
        digest = hashlib.sha256()
        for path in sorted(source.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.read_bytes())
        stamp = self.folder / ".ready"
        if stamp.exists() and stamp.read_text() == digest.hexdigest():
            return
        print(f"fetching {self.title}", file=sys.stderr)
        shutil.copytree(
            source,
            self.folder,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("__init__.py", "__pycache__"),
        )
        self.fetch(self.folder)
        stamp.write_text(digest.hexdigest())

    def its_version(self) -> str:
        """The version that it tells, such as ``1.2.3``; raises `RuntimeError` where it does not."""
        done = run(self.version(self.folder), environ=clean_environ(os.environ), cwd=self.folder)
        found = re.search(r"\d+(\.\d+){2}", done.stdout)
        if done.code != 0 or found is None:
            raise RuntimeError(f"{self.title} does not tell its version: {done.stderr}")
        return found[0]


def call(argv: Sequence[str | Path], cwd: Path, **variables: str | Path) -> None:
    """Runs a registry's own client; what it prints goes to standard error."""
    environ = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    subprocess.run([str(part) for part in argv], cwd=cwd, env=environ, stdout=2, check=True)


def pip(verb: str, *arguments: str | Path, folder: Path, **options: str | Path) -> None:
    """Has a pip from outside, as this environment has none, deal with requirements.txt."""
    call(
        [
            Path(sys.base_prefix) / "bin" / "python3",
            *("-m", "pip", *(f"--{name}={value}" for name, value in options.items()), verb),
            *("--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"),
            *("-r", folder / "requirements.txt", *arguments),
        ],
        folder,
    )


def python_packages(folder: Path) -> None:
    """Installs requirements.txt into an environment of its own."""
    venv.create(folder / "venv", with_pip=False, clear=True)
    pip("install", folder=folder, python=folder / "venv" / "bin" / "python")


def go_program(folder: Path) -> None:
    """Builds the module in ``folder`` as the program `identity`."""
    call(
        ["go", "build", "-modcacherw", "-o", "identity", "."],
        folder,
        GOMODCACHE=CACHES / "go-modules",
        GOCACHE=CACHES / "go",
    )
