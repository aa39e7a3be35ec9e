"""Where the document of a login is: a file of the AWS CLI's cache, or a sealed one."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager

from keystead.model.login_state import LoginState
from keystead.resolve.credentials_json import BadDocument, read_object
from keystead.system.file_versions import FileVersion
from keystead.system.files import LOCK_SECONDS, Files, Snapshot
from keystead.system.path import Path
from keystead.value import NamedTuple, Protocol

SEALED_OTHERWISE = "login-sealed-otherwise"
"""The id of the error for a seal that no key of this machine opens any more."""


class Place(Protocol):
    """One document, replaced as a whole."""

    @property
    def path(self) -> Path:
        """The file, for messages."""

    def read(self) -> Snapshot:
        """The document as JSON. Raises `FileProblem`, and what opening its seal raises."""

    def require_writable(self, size: int) -> None:
        """Raises `FileProblem` unless a document of ``size`` bytes can be written now."""

    def replace(self, data: bytes, *, expect: FileVersion | None, renewed: bool) -> None:
        """Writes the document; the caller holds `lock`. Raises `Changed` and `FileProblem`.

        ``renewed``: it is that of the same login as before, so that `identity` stays.
        """

    def identity(self) -> str:
        """What tells one login from another, without opening a seal; empty without a login."""

    def state(self) -> LoginState | None:
        """Until when the login is valid, without opening a seal; None without a login."""

    def remove(self) -> None:
        """Removes it; the caller holds `lock`. Raises `FileProblem`."""

    def lock(
        self, seconds: float = ..., until: Callable[[], bool] = ...
    ) -> AbstractContextManager[None]:
        """Holds the writers' lock, as `Files.lock`."""


class TokenFile(NamedTuple):
    """A file of the AWS CLI's cache, which other tools read and write without a lock."""

    files: Files
    path: Path

    def read(self) -> Snapshot:
        """As `Place.read`."""
        return self.files.read(self.path)

    def require_writable(self, size: int) -> None:
        """As `Place.require_writable`."""
        self.files.require_writable(self.path, size)

    def replace(self, data: bytes, *, expect: FileVersion | None, renewed: bool) -> None:
        """As `Place.replace`."""
        del renewed
        self.files.replace(self.path, data, expect=expect, private=True)

    def identity(self) -> str:
        """The access token: the file says nothing else of the login, so each renewal is one."""
        try:
            token = read_object(self.read().data or b"").get("accessToken")
        except BadDocument:
            token = None
        return token if isinstance(token, str) else json.dumps(token) if token else ""

    def state(self) -> LoginState | None:
        """As `Place.state`."""
        try:
            return LoginState.of(read_object(self.read().data or b""))
        except BadDocument:
            return None

    def remove(self) -> None:
        """As `Place.remove`."""
        self.files.remove_any(self.path)

    def lock(
        self, seconds: float = LOCK_SECONDS, until: Callable[[], bool] = bool
    ) -> AbstractContextManager[None]:
        """As `Place.lock`."""
        return self.files.lock(self.path, seconds, until)


class SealedPlaces(Protocol):
    """The sealed documents."""

    def at(self, name: str, title: str) -> Place:
        """That of the login ``name``, which ``title`` describes in plain text."""


class Places(NamedTuple):
    """The two places of one login, and which of them the settings ask for, if they do."""

    shared: Place
    sealed: Place
    wanted: str | None = None
