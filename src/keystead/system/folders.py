"""Where files live: the user's shared files and keystead's own folders."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from keystead.errors import FileProblem

_HOMELESS = "there is no home folder"


class Folders:
    """Paths as the environment decides them. Nothing is created by asking."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    @property
    def home(self) -> Path:
        """The home folder: ``HOME`` before the platform's own answer, as the AWS SDKs do.

        Raises `FileProblem` where neither has one, as for a user of a container that has no
        account there.
        """
        named = self._environ.get("HOME")
        if named:
            return Path(named)
        if sys.platform == "win32":
            return Path(os.path.expanduser("~"))
        else:  # noqa: RET505  # a branch of its own, for the type checker of each platform
            import pwd  # asked for itself, as `expanduser` takes an empty HOME for the root folder

            try:
                return Path(pwd.getpwuid(os.getuid()).pw_dir)
            except KeyError:
                raise FileProblem(_HOMELESS, hint="set HOME") from None

    def expand(self, path: str) -> Path:
        """``path`` with a leading ``~`` that stands before a separator (or alone) expanded."""
        if path == "~" or path.startswith(("~/", "~" + os.sep)):
            return self.home / path[2:].lstrip(f"/{os.sep}")
        return Path(path)

    @property
    def credentials_file(self) -> Path:
        """``AWS_SHARED_CREDENTIALS_FILE``, else ``~/.aws/credentials``."""
        named = self._environ.get("AWS_SHARED_CREDENTIALS_FILE")
        return self.expand(named) if named else self.home / ".aws" / "credentials"

    @property
    def config_file(self) -> Path:
        """``AWS_CONFIG_FILE``, else ``~/.aws/config``."""
        named = self._environ.get("AWS_CONFIG_FILE")
        return self.expand(named) if named else self.home / ".aws" / "config"

    @property
    def data(self) -> Path:
        """Where the encrypted store lives: ``KEYSTEAD_HOME``, else the platform's data folder."""
        own = self._environ.get("KEYSTEAD_HOME")
        if own:
            return self.expand(own)
        import platformdirs

        with _at_home():
            return Path(platformdirs.user_data_dir("keystead", appauthor=False))

    @property
    def accounts_file(self) -> Path:
        """The file of the encrypted store; on Windows the one that is the .NET SDK's too."""
        if os.name != "nt" or self._environ.get("KEYSTEAD_HOME"):
            return self.data / "RegisteredAccounts.json"
        home = self._environ.get("HOME") or self._environ.get("USERPROFILE")
        folder = (Path(home) if home else self.home) / "AppData" / "Local" / "AWSToolkit"
        return folder / "RegisteredAccounts.json"

    @property
    def state(self) -> Path:
        """Where the shell keeps its history: ``KEYSTEAD_HOME``, else the platform's."""
        own = self._environ.get("KEYSTEAD_HOME")
        if own:
            return self.expand(own)
        import platformdirs

        with _at_home():
            return Path(platformdirs.user_state_dir("keystead", appauthor=False))

    @property
    def sessions(self) -> Path:
        """Where temporary credentials are kept until they end."""
        return self._cached("sessions")

    @property
    def cmdlets(self) -> Path:
        """Where the names of service cmdlets are kept."""
        return self._cached("cmdlets")

    @property
    def generations(self) -> Path:
        """Where the last versions of changed files are kept."""
        return self.state / "generations"

    def _cached(self, name: str) -> Path:
        """A folder of what can be had anew: in ``KEYSTEAD_HOME``, else the platform's cache."""
        own = self._environ.get("KEYSTEAD_HOME")
        if own:
            return self.expand(own) / name
        import platformdirs

        with _at_home():
            return Path(platformdirs.user_cache_dir("keystead", appauthor=False)) / name


@contextlib.contextmanager
def _at_home() -> Iterator[None]:
    """What platformdirs raises for want of a home folder, in our words."""
    try:
        yield
    except RuntimeError:
        raise FileProblem(_HOMELESS, hint="set HOME, or KEYSTEAD_HOME") from None
