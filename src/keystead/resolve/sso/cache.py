"""The token of a login, in a file that the AWS CLI wrote and all SDKs share.

Each renewal replaces the refresh token, so concurrent renewals would lose the login: one process
renews under a lock, and the others use the result, in the CLI's layout.
"""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from keystead.errors import FileProblem, InteractionRequired, Origin, ProviderError
from keystead.outside import number
from keystead.resolve.credentials_json import BadDocument, read_object
from keystead.system import System
from keystead.system.files import Changed
from keystead.system.path import Path

_LOG = logging.getLogger("keystead")


class Token(Protocol):
    """What is in the file."""

    def fresh(self, now: datetime, window: timedelta = ...) -> bool:
        """Whether it works for ``window`` after ``now``."""
        ...


T = TypeVar("T", bound=Token)


class TokenCache(ABC, Generic[T]):
    """The file of one login. ``what`` and ``command`` are the login and how a person makes it."""

    window: ClassVar[timedelta]
    """How long before its end a token is renewed, as botocore does."""
    logged_out: ClassVar[tuple[str, ...]]
    """What the service says to a token or registration that is no longer valid."""

    def __init__(self, system: System, path: Path, what: str, command: str) -> None:
        self.system = system
        self.path = path
        self._what = what
        self._command = command

    @abstractmethod
    def parse(self, document: dict[str, Any]) -> T:
        """The token in the file's document. Raises `BadDocument`."""

    @abstractmethod
    def why_not_renewable(self, document: dict[str, Any]) -> str | None:
        """The state to report where the token cannot be renewed; None where it can."""

    @abstractmethod
    def renew(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document with a new token. Raises `ProviderError`."""

    def required(self, state: str) -> InteractionRequired:
        """The error that sends a person to log in."""
        return InteractionRequired(
            f"log-in required: {self._what} {state}",
            id="login-required",
            hint=f"run `{self._command}`",
            where=Origin(str(self.path)),
        )

    def current(self) -> T:
        """A token that works, renewed where that is due and possible, once for all processes.

        While it works, failing to renew it is not an error. Raises `InteractionRequired` when
        a person must log in, `ProviderError` when the service refuses or cannot be reached, and
        `FileProblem` when the file cannot be read or locked.
        """
        document, found, _ = self._read()
        now = self.system.clock()
        if found.fresh(now, self.window):
            return found
        stuck = self.why_not_renewable(document)
        if stuck:
            if found.fresh(now):
                return found
            raise self.required(stuck)
        try:
            return self._renewed()
        except (ProviderError, FileProblem) as error:
            if found.fresh(self.system.clock()):
                _LOG.debug("%s was not renewed and is still valid: %s", self._what, error)
                return found
            if isinstance(error, ProviderError) and error.code in self.logged_out:
                raise self.required("has ended") from None
            raise

    def _read(self) -> tuple[dict[str, Any], T, Any]:
        snapshot = self.system.files.read(self.path)
        if snapshot.data is None:
            raise self.required("was not made yet")
        try:
            document = read_object(snapshot.data)
            return document, self.parse(document), snapshot.version
        except BadDocument:
            raise self.required("cannot be read") from None

    def _renewed(self) -> T:
        """The token after a renewal, ours or that of the process that had the lock before."""
        with self.system.files.lock(self.path):
            document, found, version = self._read()
            if found.fresh(self.system.clock(), self.window):
                return found
            new = self.renew(document)
            made = self.parse(new)
            try:
                data = json.dumps(new).encode()
                self.system.files.replace(self.path, data, expect=version, private=True)
            except (Changed, FileProblem):
                # Somebody has logged in meanwhile, or nothing can be written: the token works.
                _LOG.warning("the renewal of %s was not written: %s", self._what, self.path)
            return made


def written_end(now: datetime, seconds: object) -> str:
    """The end of what lives for ``seconds`` from ``now``, as the AWS CLI writes it.

    Raises `ValueError` for what is not a number of seconds within ten years.
    """
    moment = now + timedelta(seconds=number(seconds, 1, 315_360_000))
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
