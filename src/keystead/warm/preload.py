"""The modules that commands need, loaded before they are forked."""

from __future__ import annotations

import importlib
import pkgutil

import keystead

_WITHOUT = tuple(
    f"keystead.{name}"
    for name in ("http", "powershell", "serve", "system.dpapi", "testing", "warm.client")
)
_OTHERS = (
    "_strptime",
    "cryptography.hazmat.primitives.asymmetric.x25519",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.hazmat.primitives.kdf.hkdf",
    "encodings.idna",
    "encodings.utf_8_sig",
    "http.client",
    "ssl",
    "tomllib",
)
"""What keystead's modules load when it is due; without `keyring`, which reads the environment."""


_FOR_SERVICES = (
    "botocore.session",
    "keystead.powershell.services.run",
    "keystead.powershell.shell.lines",
    "keystead.powershell.table",
)
"""What the cmdlets of AWS services load: 9 MB, and 0.1 s of each."""


def preload() -> None:
    """Loads them. That starts no thread and opens no file of the user."""
    for name in _OTHERS:
        importlib.import_module(name)
    for module in pkgutil.walk_packages(keystead.__path__, "keystead."):
        if not module.name.startswith(_WITHOUT) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def preload_services() -> None:
    """Loads what cmdlets of services need, as `preload`."""
    for name in _FOR_SERVICES:
        importlib.import_module(name)
