"""The modules that commands need, loaded before they are forked."""

from __future__ import annotations

import importlib
import pkgutil

import keystead

_WITHOUT = tuple(
    f"keystead.{name}"
    for name in ("http", "powershell", "serve", "system.dpapi", "testing", "warm.client")
)
_FOREIGN = ("ssl", "http.client", "argparse", "json")


def preload() -> None:
    """Loads them. No thread is started, and no file of the user is opened."""
    for name in _FOREIGN:
        importlib.import_module(name)
    for module in pkgutil.walk_packages(keystead.__path__, "keystead."):
        if not module.name.startswith(_WITHOUT) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
