"""Every error that keystead shows a person, with the exit code it ends a command with.

The tree (exit code behind each name)::

    KeysteadError                1   other failure
      UsageError                 2   the command or call is malformed
      ProfileNotFound            3
      NotConfigured              3   nothing was asked for by name and the search found nothing
      ProfileInvalid             4   profile, setting and the rule it breaks
        ProfileCycle             4   source profiles that lead back to themselves
      DocumentError              4   a shared file breaks the rules of its format
      StoreCorrupt               4   an encrypted store that was damaged or tampered with
      FileProblem                1   a file cannot be read or written
      AgentProblem               1   the agent cannot be started or used
      UseRefused                 1   a profile's own rule, or the person it asks, says no
      StoreUnavailable           5   a store is locked, absent or cannot be opened
        WrongPassphrase          5   a passphrase that is wrong, empty or not repeated correctly
      InteractionRequired        6   a person is needed and nobody can be asked
        MalformedMfaCode         6   what was given as an MFA code is not one
      ProviderError              7   STS or another provider refused or failed
        WrongMfaCode             7   STS did not accept an MFA code
      ChildNotRunnable           126
      ChildNotFound              127

Messages are lower case, carry no full stop and no secret; ``hint`` says what to do.
`NotConfigured` is the only error a search passes over; every other one stops it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple


class Origin(NamedTuple):
    """Where a setting or a section stands: a file and, in a text file, its line (from 1)."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


class KeysteadError(Exception):
    """Base of all errors meant for people.

    ``message`` says what is wrong, ``hint`` what to do about it, ``where`` names file and line.
    A hint that takes work to find may be given as a function, which is called when it is read.
    A traceback shows the hint as a note of the exception (PEP 678).

    >>> try:
    ...     keystead.session("amdin")
    ... except keystead.KeysteadError as error:
    ...     print(type(error).__name__, "|", error, "|", error.hint, "|", error.exit_code)
    ProfileNotFound | there is no profile `amdin` | did you mean `admin` | 3
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str | Callable[[], str] | None = None,
        where: Origin | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self._hint = hint
        self._notes: list[str] | None = None
        self.where = where

    @property
    def hint(self) -> str | None:
        """What to do about it, if that is known."""
        return self._hint() if callable(self._hint) else self._hint

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]  # typeshed has an attribute
        """The hint, and whatever `add_note` added: the interpreter prints it below the error."""
        if self._notes is None:
            hint = self.hint
            self._notes = [f"hint: {hint}"] if hint else []
        return self._notes

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the hint as text, since a function that finds one may not be picklable."""
        return type(self), self.args, {**vars(self), "_hint": self.hint}

    def __str__(self) -> str:
        return self.message if self.where is None else f"{self.where}: {self.message}"


class UsageError(KeysteadError):
    """The command line, cmdlet line or call does not fit what it names."""

    exit_code = 2


class ProfileNotFound(KeysteadError):
    """No store has a profile of that name; the hint lists near names."""

    exit_code = 3


class NotConfigured(KeysteadError):
    """A source of credentials that is simply not set up: the search goes on to the next."""

    exit_code = 3


class ProfileInvalid(KeysteadError):
    """A profile whose settings break a rule, or a value that may not be stored."""

    exit_code = 4


class ProfileCycle(ProfileInvalid):
    """Source profiles that lead back to one already on the path; the message has the whole path."""


class DocumentError(KeysteadError):
    """A shared file that breaks the rules of its format, with file and line."""

    exit_code = 4


class StoreCorrupt(KeysteadError):
    """An encrypted store that is damaged, was tampered with, or is of a version not known here."""

    exit_code = 4


class FileProblem(KeysteadError):
    """A file that cannot be read, written or locked; the old content is still there."""


class AgentProblem(KeysteadError):
    """The agent cannot be started or reached; everything else works without it."""


class UseRefused(KeysteadError):
    """A profile's own rule says that it is not to be used so, or the person who was asked did."""


class StoreUnavailable(KeysteadError):
    """A store that is locked, not there, or whose passphrase is wrong."""

    exit_code = 5


class WrongPassphrase(StoreUnavailable):
    """A passphrase that does not open the store, is empty, or was not repeated correctly."""


class InteractionRequired(KeysteadError):
    """A question is due and there is no terminal to ask it on."""

    exit_code = 6


class MalformedMfaCode(InteractionRequired):
    """What was given as an MFA code is not one that the device could show now."""


class ProviderError(KeysteadError):
    """A provider of credentials (STS, S3 or another service) refused or could not be reached.

    ``code`` is the word of a service that refused, such as ``ExpiredToken``; else None.
    """

    exit_code = 7

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        where: Origin | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, where=where)
        self.code = code


class WrongMfaCode(ProviderError):
    """STS did not accept an MFA code: it is wrong, too old, or was used before."""


class ChildNotRunnable(KeysteadError):
    """The command given to ``exec`` exists and cannot be run."""

    exit_code = 126


class ChildNotFound(KeysteadError):
    """The command given to ``exec`` does not exist."""

    exit_code = 127
