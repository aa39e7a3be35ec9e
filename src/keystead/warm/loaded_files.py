"""The files of the modules in memory: after an upgrade a process must not go on with old ones."""

from __future__ import annotations

import os
import sys

import keystead
from keystead.system.file_versions import ChangeToken, change_token


def loaded_files() -> ChangeToken:
    """Keystead's loaded files and the folders of all loaded modules, with their versions."""
    files = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
    own = os.path.dirname(keystead.__file__)
    paths = {path for path in files if path.startswith(own)}
    return change_token(sorted(paths | {os.path.dirname(path) for path in files if path}))


def are_current(loaded: ChangeToken) -> bool:
    """Whether none of the files has changed since."""
    return change_token(path for path, _ in loaded) == loaded
