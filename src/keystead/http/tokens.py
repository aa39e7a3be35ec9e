"""The secrets that a client shows: one for each profile, which can be taken back at any moment."""

from __future__ import annotations

import contextlib
import hmac
import os
from pathlib import Path
from typing import Protocol

from keystead.errors import FileProblem
from keystead.system.file_versions import FileVersion
from keystead.system.files import Files
from keystead.system.private import Exposed
from keystead.system.status import problem

_BYTES = 32
_MOST_BYTES = 256
_NOBODYS = os.urandom(_BYTES).hex().encode()
"""What is compared with where there is not a token, so that it takes as long."""


class Token(Protocol):
    """A secret that counts right now, or none."""

    def current(self) -> bytes | None:
        """The token; None once it was taken back."""
        ...


def new_token() -> str:
    """A new token: 256 random bits as hexadecimal digits, which every header can hold."""
    return os.urandom(_BYTES).hex()


def matches(token: Token | None, given: str) -> bool:
    """Whether ``given`` is the token, found out in a time that does not tell how much of it is."""
    expected = token.current() if token else None
    same = hmac.compare_digest(given.encode(errors="replace"), expected or _NOBODYS)
    return same and expected is not None


class FixedToken:
    """A token that counts as long as the endpoint: that of one child."""

    def __init__(self, text: str) -> None:
        self._value = text.encode()

    def current(self) -> bytes | None:
        """The token."""
        return self._value


class TokenFile:
    """A token in a file of its owner's alone, which clients read by themselves.

    The file is what counts, at every request: to remove it takes the token back, and to write
    another one into it changes it for both sides. One that another user could have put there does
    not count. There is no line end in it, as SDKs send what they find.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept: tuple[FileVersion | None, bytes | None] | None = None

    @classmethod
    def make(cls, folder: Path) -> TokenFile:
        """A file with a new token in ``folder``, which is made 0700 when it is not there.

        Raises `FileProblem` where it cannot be, or another user could replace it.
        """
        path = folder / f"{os.urandom(8).hex()}.token"
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise problem("the token's file cannot be made", path, error) from error
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
        """What is in the file now; it is read when it is another one."""
        version = FileVersion.at(self.path)
        if self._kept is None or self._kept[0] != version:
            self._kept = version, self._content()
        return self._kept[1]

    def _content(self) -> bytes | None:
        try:
            data = Files().read(self.path, private=True).data
        except FileProblem:
            return None
        return (data or b"")[:_MOST_BYTES].strip() or None

    def remove(self) -> None:
        """Takes the token back."""
        with contextlib.suppress(OSError):
            os.unlink(self.path)
