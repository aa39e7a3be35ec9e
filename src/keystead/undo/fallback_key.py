"""A key in a file: encrypts undo copies without an encrypted store, and signs all of them.

It protects against text searches and accidental copies, not against a reader of the key file: the
copies are as safe as the plain-text files. On Windows DPAPI protects the key.
"""

from __future__ import annotations

import os

from keystead import crypto
from keystead.errors import StoreUnavailable
from keystead.system import System
from keystead.system.path import Path


class FallbackKey:
    """`crypto.KEY_BYTES` random bytes in the file ``path``, private to its owner."""

    def __init__(self, system: System, path: Path) -> None:
        self._system = system
        self.path = path

    def find(self) -> bytes | None:
        """The key; None without a valid one.

        Raises `FileProblem`, also if another user could have written the file.
        """
        data = self._system.files.read(self.path, private=True).data
        if data is None:
            return None
        try:
            content = bytes.fromhex(data.decode())
            key = self._system.dpapi.unprotect(content) if self._system.dpapi else content
        except (ValueError, StoreUnavailable):
            return None
        return key if len(key) == crypto.KEY_BYTES else None

    def get(self) -> bytes:
        """The key, created if there is none. Raises `FileProblem`."""
        found = self.find()
        if found:
            return found
        key = os.urandom(crypto.KEY_BYTES)
        content = self._system.dpapi.protect(key) if self._system.dpapi else key
        with self._system.files.lock(self.path):
            found = self.find()  # another process may have created it
            if found:
                return found
            version = self._system.files.read(self.path).version
            text = f"{content.hex()}\n".encode()
            self._system.files.replace(self.path, text, expect=version, private=True)
        return key
