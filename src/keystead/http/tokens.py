"""The tokens of clients: one for each profile, which can be revoked at any time."""

from __future__ import annotations

import contextlib
import hmac
import os
from collections.abc import Callable
from pathlib import Path

from keystead.errors import FileProblem
from keystead.system.file_versions import FileVersion
from keystead.system.files import Files
from keystead.system.private import Exposed
from keystead.system.status import problem

_BYTES = 32
_MOST_BYTES = 256
_NOBODYS = os.urandom(_BYTES).hex().encode()
"""Compared with where there is no token, so that it takes the same time."""


Token = Callable[[], bytes | None]
"""Returns the current token, None after it was revoked."""


def new_token() -> str:
    """A new token: 256 random bits as hexadecimal digits."""
    return os.urandom(_BYTES).hex()


def matches(token: Token | None, given: str) -> bool:
    """Whether ``given`` is the token, compared in constant time."""
    expected = token() if token else None
    same = hmac.compare_digest(given.encode(errors="replace"), expected or _NOBODYS)
    return same and expected is not None


class TokenFile:
    """A token in a private file, which clients read.

    The file is checked at every request, so removing it revokes the token. A file that another
    user can replace is ignored. It has no line end, which SDKs would send.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._cached: tuple[FileVersion | None, bytes | None] | None = None

    @classmethod
    def make(cls, folder: Path) -> TokenFile:
        """A file with a new token in ``folder``, which is created with mode 0700.

        Raises `FileProblem`, also where another user could replace it.
        """
        path = folder / f"{os.urandom(8).hex()}.token"
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise problem("the token's file cannot be created", path, error) from error
        with os.fdopen(fd, "w") as file:
            file.write(new_token())
        try:
            Files().read(path, private=True)
        except Exposed as error:
            os.unlink(path)
            raise FileProblem(
                f"the token's file {error.message}",
                hint=f"{error.hint}; KEYSTEAD_HOME names where it is",
                where=error.where,
            ) from None
        return cls(path)

    def current(self) -> bytes | None:
        """The content of the file, which is read again after a change."""
        version = FileVersion.at(self.path)
        if self._cached is None or self._cached[0] != version:
            self._cached = version, self._content()
        return self._cached[1]

    def _content(self) -> bytes | None:
        try:
            data = Files().read(self.path, private=True).data
        except FileProblem:
            return None
        return (data or b"")[:_MOST_BYTES].strip() or None

    def remove(self) -> None:
        """Revokes the token."""
        with contextlib.suppress(OSError):
            os.unlink(self.path)
