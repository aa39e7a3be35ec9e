"""The token of a login: in the AWS CLI's file, which all SDKs share, or sealed; in its layout.

Each renewal replaces the refresh token, and a service may end the login of a token that is sent
again. So one process renews under a lock and the others use the result; before it sends, it makes
sure that the answer can be written, and reads again what other tools, which take no lock, may have
written. A process that dies between answer and write leaves the old token: the next one sends it
again, which services allow while its successor is unused, as answers get lost on networks too.
"""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from copy import copy
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from keystead.errors import (
    FileProblem,
    InteractionRequired,
    Origin,
    ProviderError,
    StoreUnavailable,
)
from keystead.model.sso_login import AWS, KEYSTEAD
from keystead.outside import number
from keystead.resolve.credentials_json import BadDocument, read_object
from keystead.resolve.sso.place import SEALED_OTHERWISE, Place, Places
from keystead.system import System
from keystead.system.file_versions import FileVersion
from keystead.system.files import Changed
from keystead.system.path import Path
from keystead.system.uninterrupted import uninterrupted

_LOG = logging.getLogger("keystead")


class Token(Protocol):
    """What a document holds."""

    @property
    def expires_at(self) -> datetime | None:
        """Its end."""
        ...

    def fresh(self, now: datetime, window: timedelta = ...) -> bool:
        """Whether it works for ``window`` after ``now``."""
        ...


T = TypeVar("T", bound=Token)


_SPARE_BYTES = 4096
"""By how much a renewed document may be longer."""


class TokenCache(ABC, Generic[T]):
    """The document of one login, in one of its two places.

    ``what`` and ``command`` are the login in words, and how a person makes it.
    """

    window: ClassVar[timedelta]
    """How long before its end a token is renewed, as botocore does."""
    logged_out: ClassVar[tuple[str, ...]]
    """What the service says to a token or registration that is no longer valid."""
    call: ClassVar[tuple[str, str]]
    """The service and its operation that a token comes from."""

    def __init__(self, system: System, places: Places, what: str, command: str) -> None:
        self.system = system
        self.places = places
        self.what = what
        self._command = command

    @cached_property
    def place(self) -> Place:
        """Where the login is, or goes: the AWS CLI's file if it holds one or the settings say so.

        A file there that is not this login's is left alone.
        """
        if self.places.wanted == AWS:
            return self.places.shared
        if self.places.wanted == KEYSTEAD or self.why_not_shared():
            return self.places.sealed
        return self.places.shared

    def everywhere(self) -> Iterator[Self]:
        """The same login in each place where it is; a file that is not its own is left out."""
        for wanted in (AWS, KEYSTEAD):
            found = copy(self)
            found.places = self.places._replace(wanted=wanted)
            vars(found).pop("place", None)
            is_foreign = wanted == AWS and self.why_not_shared()
            if not is_foreign and found.place.identity():
                yield found

    def why_not_shared(self) -> str | None:
        """Why the AWS CLI's file does not count; None where it holds this login."""
        try:
            data = self.places.shared.read().data
        except FileProblem as error:
            return error.message
        if data is None:
            return "does not exist"
        try:
            self.parse(read_object(data))
        except BadDocument as error:
            return str(error)
        return None

    @abstractmethod
    def parse(self, document: dict[str, Any]) -> T:
        """The token in the document. Raises `BadDocument`."""

    def checked(self, document: dict[str, Any]) -> T:
        """The token in a document made of an answer. Raises `ProviderError` if it is unusable."""
        from keystead.resolve.aws.failures import unusable

        try:
            return self.parse(document)
        except BadDocument:
            raise unusable(*self.call) from None

    @abstractmethod
    def why_not_renewable(self, document: dict[str, Any]) -> str | None:
        """The state to report where the token cannot be renewed; None where it can."""

    @abstractmethod
    def renew(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document with a new token. Raises `ProviderError`."""

    def required(self, state: str, path: Path | None = None) -> InteractionRequired:
        """The error that sends a person to log in; ``path`` is the file that says why."""
        return InteractionRequired(
            f"log-in required: {self.what} {state}",
            id="login-required",
            hint=f"run `{self._command}`",
            where=Origin(str(path)) if path else None,
        )

    def current(self) -> T:
        """A token that works, renewed where that is due and possible, once for all processes.

        While it works, failing to renew it is not an error. Raises `InteractionRequired` when
        a person must log in, `ProviderError` when the service refuses or cannot be reached, and
        `FileProblem` or `StoreUnavailable` when the document cannot be read or locked.
        """
        document, found, _ = self.read()
        now = self.system.clock()
        if found.fresh(now, self.window):
            return found
        stuck = self.why_not_renewable(document)
        if stuck:
            if found.fresh(now):
                return found
            raise self.required(stuck, self.place.path)
        try:
            return self._renewed()
        except (ProviderError, FileProblem) as error:
            if found.fresh(self.system.clock()):
                _LOG.debug("%s was not renewed and is still valid: %s", self.what, error)
                return found
            if isinstance(error, ProviderError) and error.code in self.logged_out:
                raise self.required("has ended", self.place.path) from None
            raise

    def find(self) -> T | None:
        """The token that is stored, if there is one that can be read; it may have ended."""
        try:
            return self.read()[1]
        except InteractionRequired:
            return None

    def read(self) -> tuple[dict[str, Any], T, FileVersion | None]:
        """The stored document, its token and its version. Raises as `current`."""
        try:
            snapshot = self.place.read()
        except StoreUnavailable as error:
            if error.id != SEALED_OTHERWISE:
                raise
            raise self.required(f"cannot be read: {error.message}", self.place.path) from None
        if snapshot.data is None:
            broken = self.places.shared.read().data is not None
            if broken and self.places.wanted is None:
                why = f"cannot be read: the file {self.why_not_shared()}"
                raise self.required(why, self.places.shared.path)
            raise self.required("was not made yet")
        try:
            document = read_object(snapshot.data)
            return document, self.parse(document), snapshot.version
        except BadDocument:
            raise self.required("cannot be read", self.place.path) from None

    def store(self, document: dict[str, Any], replaced: dict[str, Any] | None = None) -> None:
        """Writes the document of a new token; the caller holds the lock of `place`.

        With ``replaced``, the document that was renewed: unless another one was written meanwhile.
        """
        data = json.dumps(document).encode()
        while True:
            version = FileVersion.at(self.place.path)
            if replaced is not None and not _holds(self.place.read().data, replaced):
                _LOG.debug("%s was replaced by another tool meanwhile", self.what)
                return
            try:
                self.place.replace(data, expect=version, renewed=replaced is not None)
            except Changed:
                continue
            return

    def _renewed(self) -> T:
        """The token after a renewal, ours or that of the process that had the lock before."""
        with self.place.lock():
            document, found, _ = self.read()
            if found.fresh(self.system.clock(), self.window):
                return found
            self.place.require_writable(len(json.dumps(document)) + _SPARE_BYTES)
            refused: tuple[object, ProviderError] | None = None
            while True:
                document, found, _ = self.read()  # again: other tools take no lock
                if found.fresh(self.system.clock(), self.window):
                    return found
                if refused and refused[0] == document:
                    raise refused[1]
                try:
                    with uninterrupted():
                        new = self.renew(document)
                        made = self.checked(new)
                        self._keep(new, document)
                except ProviderError as error:
                    refused = document, error
                    continue
                return made

    def _keep(self, new: dict[str, Any], document: dict[str, Any]) -> None:
        try:
            self.store(new, document)
        except FileProblem:  # it was possible just now; the token works all the same
            _LOG.warning("the renewal of %s was not written: %s", self.what, self.place.path)


def _holds(data: bytes | None, document: dict[str, Any]) -> bool:
    """Whether the file still has the refresh token that was renewed, which cannot be used again."""
    try:
        found = read_object(data or b"")
    except BadDocument:
        return False
    return found.get("refreshToken") == document.get("refreshToken")


def written_end(now: datetime, seconds: object) -> str:
    """The end of what lives for ``seconds`` from ``now``, as the AWS CLI writes it.

    Raises `ValueError` for what is not a number of seconds within ten years.
    """
    moment = now + timedelta(seconds=number(seconds, 1, 315_360_000))
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
