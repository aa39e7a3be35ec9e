"""The files of the modules in memory: after an upgrade a process must not go on with old ones."""

from __future__ import annotations

import os
import sys

import keystead

_Version = tuple[int, int, int]


class LoadedFiles:
    """keystead's files and the folders of all loaded modules, with their versions.

    It is made before the modules are loaded: a file that is replaced meanwhile has changed.
    """

    def __init__(self) -> None:
        own = [
            os.path.join(folder, name)
            for folder, _, names in os.walk(os.path.dirname(keystead.__file__))
            for name in names
            if name.endswith(".py")
        ]
        self._versions = {path: _version(path) for path in own}

    def add_folders(self) -> None:
        """Adds the folders of the modules that are loaded by now."""
        files = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
        for folder in sorted({os.path.dirname(file) for file in files if file}):
            self._versions.setdefault(folder, _version(folder))

    @property
    def are_current(self) -> bool:
        """Whether none of them has changed."""
        return all(_version(path) == version for path, version in self._versions.items())


def _version(path: str) -> _Version | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
