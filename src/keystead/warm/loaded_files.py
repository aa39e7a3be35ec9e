"""The files of the modules in memory: after an upgrade a process must not go on with old ones."""

from __future__ import annotations

import os
import sys

import keystead

_Version = tuple[int, int, int]


class LoadedFiles:
    """keystead's loaded files, and the folders of all loaded modules, with their versions."""

    def __init__(self) -> None:
        files = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
        own = {file for file in files if file.startswith(os.path.dirname(keystead.__file__))}
        folders = {os.path.dirname(file) for file in files if file}
        self._versions = [(path, _version(path)) for path in sorted(own | folders)]

    @property
    def are_current(self) -> bool:
        """Whether none of them has changed."""
        return all(_version(path) == version for path, version in self._versions)


def _version(path: str) -> _Version | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
