"""A key in a file: it is used where there is no encrypted store, or proves what keystead wrote.

It keeps secrets from a search and from a careless copy, and from nobody who looks for it: what it
seals is as safe as the plain-text files it came from. On Windows the key itself is under data
protection.
"""

from __future__ import annotations

import os
from pathlib import Path

from keystead import crypto
from keystead.errors import StoreUnavailable
from keystead.system import System


class FallbackKey:
    """`seal.KEY_BYTES` random bytes in the file ``path``, of its owner alone."""

    def __init__(self, system: System, path: Path) -> None:
        self._system = system
        self.path = path

    def find(self) -> bytes | None:
        """The key; None when there is none or what is there is none.

        Raises `FileProblem`, also where another user could have put it there.
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
        """The key, made when there is none. Raises `FileProblem`."""
        found = self.find()
        if found:
            return found
        key = os.urandom(crypto.KEY_BYTES)
        content = self._system.dpapi.protect(key) if self._system.dpapi else key
        with self._system.files.lock(self.path):
            found = self.find()  # another keystead may have been faster
            if found:
                return found
            version = self._system.files.read(self.path).version
            text = f"{content.hex()}\n".encode()
            self._system.files.replace(self.path, text, expect=version, private=True)
        return key
