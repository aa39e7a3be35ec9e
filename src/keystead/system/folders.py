"""The paths of the shared files and of keystead's folders."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping

from keystead.errors import FileProblem
from keystead.system.path import Path
from keystead.value import NamedTuple

NO_HOME = Path(os.devnull) / "HOME-is-not-set"
"""The home folder of a user without one; no file exists there."""


_CREDENTIALS = "AWS_SHARED_CREDENTIALS_FILE"
_CONFIG = "AWS_CONFIG_FILE"
_VARIABLE = r"\$\{\w+\}|\$[A-Za-z_]\w*|%[A-Za-z_]\w*%"


def unexpanded(name: str) -> str | None:
    """The part of ``name``, such as ``$HOME``, that looks like a variable."""
    part = re.search(_VARIABLE, name)
    return part[0] if part else None


def is_homeless(path: Path) -> bool:
    """Whether ``path`` is below `NO_HOME`."""
    return path.is_relative_to(NO_HOME)


def require_home(path: Path) -> None:
    """Raises `FileProblem` for a path below `NO_HOME`."""
    if is_homeless(path):
        raise FileProblem(
            "there is no home folder to write in",
            id="no-home-folder",
            hint="set HOME, or KEYSTEAD_HOME",
        )


class NamedFile(NamedTuple):
    """A file that a variable names and that does not exist; ``unexpanded`` as `unexpanded` says."""

    variable: str
    path: Path
    unexpanded: str | None

    def __str__(self) -> str:
        text = f"{self.variable} names a file that does not exist: {self.path}"
        if self.unexpanded is None:
            return text
        # botocore calls `os.path.expandvars`, which knows `%NAME%` on Windows alone.
        by = "botocore and the AWS CLI alone"
        by = by if self.unexpanded[0] == "$" or os.name == "nt" else "no tool"
        return f"{text} (`{self.unexpanded}` in it is expanded by {by}; write the path in full)"


class Folders:
    """The paths that the environment gives. Nothing is created."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    @property
    def home(self) -> Path:
        """``HOME``, else the platform's home folder, as in the AWS SDKs; else `NO_HOME`."""
        named = self._environ.get("HOME")
        if named:
            return Path(named)
        if sys.platform == "win32":
            return Path(os.path.expanduser("~"))
        else:  # noqa: RET505  # a branch for the type checker of each platform
            import pwd  # as `expanduser` takes an empty HOME for the root folder

            try:
                return Path(pwd.getpwuid(os.getuid()).pw_dir)
            except KeyError:
                return NO_HOME

    def expand(self, path: str) -> Path:
        """``path`` with a leading ``~`` before a separator (or alone) expanded."""
        if path == "~" or path.startswith(("~/", "~" + os.sep)):
            return self.home / path[2:].lstrip(f"/{os.sep}")
        return Path(path)

    @property
    def credentials_file(self) -> Path:
        """``AWS_SHARED_CREDENTIALS_FILE``, else ``~/.aws/credentials``."""
        named = self._environ.get(_CREDENTIALS)
        return self.expand(named) if named else self.home / ".aws" / "credentials"

    @property
    def config_file(self) -> Path:
        """``AWS_CONFIG_FILE``, else ``~/.aws/config``."""
        named = self._environ.get(_CONFIG)
        return self.expand(named) if named else self.home / ".aws" / "config"

    def missing_files(self) -> Iterator[NamedFile]:
        """The shared files that a variable names and that do not exist."""
        for variable, path in ((_CREDENTIALS, self.credentials_file), (_CONFIG, self.config_file)):
            named = self._environ.get(variable)
            if named and not os.path.lexists(path):
                yield NamedFile(variable, path, unexpanded(named))

    @property
    def data(self) -> Path:
        """The folder of the encrypted store: ``KEYSTEAD_HOME``, else the platform's data folder."""
        return self._own("XDG_DATA_HOME", ".local/share", "user_data_dir")

    @property
    def accounts_file(self) -> Path:
        """The file of the encrypted store; on Windows it is the .NET SDK's file."""
        if os.name != "nt" or self._environ.get("KEYSTEAD_HOME"):
            return self.data / "RegisteredAccounts.json"
        home = self._environ.get("HOME") or self._environ.get("USERPROFILE")
        folder = (Path(home) if home else self.home) / "AppData" / "Local" / "AWSToolkit"
        return folder / "RegisteredAccounts.json"

    @property
    def state(self) -> Path:
        """The folder of the shell's history: ``KEYSTEAD_HOME``, else the platform's."""
        return self._own("XDG_STATE_HOME", ".local/state", "user_state_dir")

    @property
    def known_stores(self) -> Path:
        """The file that identifies the known encrypted stores."""
        return self.state / "known_stores.json"

    @property
    def choices(self) -> Path:
        """The file of the names that were chosen before."""
        return self.state / "choices.json"

    def within_store_folder(self, path: Path) -> bool:
        """Whether users who can write the encrypted store's folder can replace ``path``."""
        name = os.path.abspath(path)
        folder = self.accounts_file.parent
        through_links = os.path.join(
            os.path.realpath(os.path.dirname(name)), os.path.basename(name)
        )
        return any(
            Path(place).is_relative_to(top)
            for place in (name, through_links, os.path.realpath(name))
            for top in (os.path.abspath(folder), os.path.realpath(folder))
        )

    @property
    def programs(self) -> Path:
        """The folder of the config files for programs run by ``keystead exec``."""
        return self.state / "programs"

    @property
    def sessions(self) -> Path:
        """The folder of cached temporary credentials."""
        return self._cache / "sessions"

    @property
    def sessions_key(self) -> Path:
        """The key of the cache while there is no encrypted store, outside of the cache folder."""
        own = self._environ.get("KEYSTEAD_HOME")
        return self.sessions / "key" if own else self.state / "sessions.key"

    @property
    def logins(self) -> Path:
        """The folder of sealed logins."""
        return self.state / "logins"

    @property
    def logins_key(self) -> Path:
        """Their key while there is no encrypted store, outside of their folder."""
        return self.data / "logins.key"

    @property
    def accounts(self) -> Path:
        """The folder of cached accounts and roles of logins."""
        return self._cache / "accounts"

    @property
    def cmdlets(self) -> Path:
        """The folder of cached names of service cmdlets."""
        return self._cache / "cmdlets"

    @property
    def undo_copies(self) -> Path:
        """The folder of undo copies."""
        return self.state / "generations"

    @property
    def launcher(self) -> Path:
        """The default path of the launcher of ``credential_process``."""
        return self.data / "bin" / "keystead-process"

    @property
    def undo_key(self) -> Path:
        """The key that authenticates the undo copies, outside of their folder."""
        return self.data / "undo.key"

    @property
    def _cache(self) -> Path:
        return self._own("XDG_CACHE_HOME", ".cache", "user_cache_dir")

    def _own(self, variable: str, default: str, by_platform: str) -> Path:
        """``KEYSTEAD_HOME``, else keystead's folder where the platform has such folders."""
        own = self._environ.get("KEYSTEAD_HOME")
        if own:
            return self.expand(own)
        if os.name == "posix" and sys.platform != "darwin":
            # As platformdirs, which takes a tenth of a command to load.
            named = self._environ.get(variable, "")
            return (Path(named) if named.strip() else self.home / default) / "keystead"
        import platformdirs

        try:
            return Path(getattr(platformdirs, by_platform)("keystead", appauthor=False))
        except RuntimeError:
            return NO_HOME / "keystead"
