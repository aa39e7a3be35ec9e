"""A home with generated profiles, and the actions to time."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import botocore.configloader
import botocore.session

from keystead.stores.shared import SharedStore
from keystead.system import System

Action = Callable[[], object]
ROLE = "a-role"


class World:
    """Shared files with ``size`` profiles: keys in one, region and output in the other.

    `ROLE` is one profile more, with the last one as its source.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.last = f"profile-{size - 1:06}"
        self.last_key_id = f"AKIA{size - 1:016}"
        self._config = folder / ".aws" / "config"
        self._credentials = folder / ".aws" / "credentials"
        self._config.parent.mkdir(parents=True)
        names = [f"profile-{number:06}" for number in range(size)]
        self._config.write_text(
            "\n".join(f"[profile {name}]\nregion = eu-west-1\noutput = json\n" for name in names)
            + f"\n[profile {ROLE}]\nregion = us-east-1\nsource_profile = {self.last}\n"
            "role_arn = arn:aws:iam::123456789012:role/demo\n"
        )
        self._credentials.write_text(
            "\n".join(
                f"[{name}]\naws_access_key_id = AKIA{number:016}\n"
                f"aws_secret_access_key = {number:040}\n"
                for number, name in enumerate(names)
            )
        )
        self._credentials.chmod(0o600)
        unset = ("AWS_", "KEYSTEAD_", "PYTHON")  # PYTHONDONTWRITEBYTECODE, for one
        clean = {k: v for k, v in os.environ.items() if not k.startswith(unset)}
        self.environ = {
            **clean,
            "HOME": str(folder),
            "KEYSTEAD_HOME": str(folder / "keystead"),
            "AWS_CONFIG_FILE": str(self._config),
            "AWS_SHARED_CREDENTIALS_FILE": str(self._credentials),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self._store = SharedStore.open(System(environ=self.environ))
        self._edits = 0

    def in_process(self) -> dict[str, Action]:
        """The actions within one process, by label."""
        return {
            "keystead: load all": self._store.profiles,
            "botocore: load all": self._load,
            "keystead: look up one": self.look_up,
            "botocore: look up one": self._session,
            "keystead: edit one": lambda: self._store.change(
                self.last, lambda _: {"region": self._next_region()}
            ),
        }

    def look_up(self) -> None:
        """Find one profile by its name."""
        self._store.find(self.last)

    def bytes_per_profile(self) -> float:
        """The memory per profile with all profiles loaded."""
        tracemalloc.start()
        profiles = self._store.profiles()
        allocated, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return allocated / len(profiles)

    def commands(self, aws: Path | None) -> dict[str, Action]:
        """The commands to time, with Python's start, by label."""
        keystead = [sys.executable, "-m", "keystead"]
        found: dict[str, Action] = {
            "keystead list": lambda: self._run(*keystead, "list", "--location", self._credentials),
            "keystead show": lambda: self._run(
                *keystead, "show", self.last, "--location", self._credentials
            ),
            "keystead set": lambda: self._run(
                *keystead,
                "set",
                self.last,
                f"region={self._next_region()}",
                "--location",
                self._credentials,
            ),
        }
        if aws:
            profile = ["--profile", self.last]
            found["aws configure get"] = lambda: self._run(
                aws, "configure", "get", "region", *profile
            )
            found["aws configure set"] = lambda: self._run(
                aws, "configure", "set", "region", self._next_region(), *profile
            )
        return found

    def _load(self) -> None:
        botocore.configloader.load_config(str(self._config))
        botocore.configloader.raw_config_parse(str(self._credentials))

    def _session(self) -> None:
        os.environ.update(self.environ)
        session = botocore.session.Session(profile=self.last)
        session.get_scoped_config()
        assert session.get_credentials().access_key

    def _next_region(self) -> str:
        self._edits += 1
        return f"eu-west-{self._edits % 8 + 1}"

    def _run(self, *command: str | Path) -> None:
        subprocess.run(command, env=self.environ, check=True, capture_output=True)
