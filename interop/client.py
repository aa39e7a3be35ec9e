"""The definition of a client, and fetching one from its package registry."""

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
"""The profiles, a user's long-term keys and a role's; whether their keys have a session token."""


@dataclass(frozen=True)
class Client:
    """One client; ``name`` is also its folder in clients/ and, when fetched, in .interop/.

    ``fetch`` completes the latter, a copy of the former. ``command`` calls AWS with the credentials
    that the client finds, and ``version`` prints the client's version. ``operation`` is the call.
    ``shell`` evaluates the output of `keystead env`: ``bash`` or ``powershell``. ``cannot`` has the
    reason for each unsupported way, which the run checks. ``environ`` has additional variables.
    """

    name: str
    title: str
    package: str
    fetch: Callable[[Path], None]
    command: Callable[[Path], Sequence[str]]
    version: Callable[[Path], Sequence[str]]
    needs: Mapping[str, str] = field(default_factory=dict)
    """Required programs, with what to install for each."""
    operation: str = "GetCallerIdentity"
    shell: str = "bash"
    environ: Mapping[str, str] = field(default_factory=dict)
    cannot: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder of the fetched client."""
        return FETCHED / self.name

    def missing(self) -> dict[str, str]:
        """The missing programs, with what to install."""
        return {name: what for name, what in self.needs.items() if shutil.which(name) is None}

    def prepare(self) -> None:
        """Fetch it unless it is up to date. Raises `subprocess.CalledProcessError`."""
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
        """Its version, such as ``1.2.3``. Raises `RuntimeError` if it prints none."""
        done = run(self.version(self.folder), environ=clean_environ(os.environ), cwd=self.folder)
        found = re.search(r"\d+(\.\d+){2}", done.stdout)
        if done.code != 0 or found is None:
            raise RuntimeError(f"{self.title} does not tell its version: {done.stderr}")
        return found[0]


def call(argv: Sequence[str | Path], cwd: Path, **variables: str | Path) -> None:
    """Run a registry's client with its output on standard error."""
    environ = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    subprocess.run([str(part) for part in argv], cwd=cwd, env=environ, stdout=2, check=True)


def pip(verb: str, *arguments: str | Path, folder: Path, **options: str | Path) -> None:
    """Run an external pip, as this environment has none, on requirements.txt."""
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
    """Install requirements.txt into a separate environment."""
    venv.create(folder / "venv", with_pip=False, clear=True)
    pip("install", folder=folder, python=folder / "venv" / "bin" / "python")


def go_program(folder: Path) -> None:
    """Build the module in ``folder`` as the program `identity`."""
    call(
        ["go", "build", "-modcacherw", "-o", "identity", "."],
        folder,
        GOMODCACHE=CACHES / "go-modules",
        GOCACHE=CACHES / "go",
    )
