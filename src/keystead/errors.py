"""Every error that keystead shows a user.

A class is what a program may catch: it has an exit code, an HTTP status and a PowerShell category.
An ``id`` is one situation with its remedy, explained by `keystead help ID` and docs/errors.md from
`keystead.error_guide`. A class has the id of its most frequent situation.

Messages are lower case, have no full stop and no secret; ``hint`` says what to do.
`NotConfigured` is the only error that does not stop a search for credentials.
"""

from __future__ import annotations

from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ClassVar


class Origin(NamedTuple):
    """The place of a setting or a section: a file and, in a text file, its line (from 1)."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


class KeysteadError(Exception):
    """Base of all errors that keystead raises on purpose.

    ``message`` says what is wrong, ``hint`` what to do about it, ``where`` names file and line.
    A hint that is expensive to compute may be a function; it is called when the hint is read.
    A traceback shows the hint as a note of the exception (PEP 678).

    >>> try:
    ...     keystead.session("amdin")
    ... except keystead.KeysteadError as error:
    ...     print(type(error).__name__, "|", error, "|", error.hint, "|", error.exit_code)
    ProfileNotFound | there is no profile `amdin` | did you mean `admin` | 3
    """

    id: str = "failed"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    """The status of an answer of a local endpoint or the agent. 5xx where a client that tries
    again may succeed; never 401 or 403, which clients take for a wrong token of theirs."""
    powershell_category: ClassVar[str] = "NotSpecified"

    def __init__(
        self,
        message: str,
        *,
        id: str | None = None,  # noqa: A002  # the attribute's name
        hint: str | Callable[[], str] | None = None,
        where: Origin | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        if id is not None:
            self.id = id
        self._hint = hint
        self._notes: list[str] | None = None
        self.where = where

    @property
    def hint(self) -> str | None:
        """What to do about it, if that is known."""
        return self._hint() if callable(self._hint) else self._hint

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]  # typeshed has an attribute
        """The hint and the notes of `add_note`, which the interpreter prints below the error."""
        if self._notes is None:
            hint = self.hint
            self._notes = [f"hint: {hint}"] if hint else []
        return self._notes

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the hint as text, since a function may not be picklable."""
        return type(self), self.args, {**vars(self), "_hint": self.hint}

    def __str__(self) -> str:
        return self.message if self.where is None else f"{self.where}: {self.message}"


class UsageError(KeysteadError):
    """The command line, cmdlet line or call is malformed."""

    id = "invalid-usage"
    exit_code = 2
    http_status = 400
    powershell_category = "InvalidArgument"


class NameMissing(UsageError):
    """A command needs the name of a profile and got none."""

    id = "name-missing"


class ProfileNotFound(KeysteadError):
    """No store has a profile of that name; the hint lists near names."""

    id = "profile-not-found"
    exit_code = 3
    http_status = 404
    powershell_category = "ObjectNotFound"


class NotConfigured(KeysteadError):
    """A source of credentials that is not configured; a search tries the next one."""

    id = "no-credentials"
    exit_code = 3
    http_status = 404
    powershell_category = "ObjectNotFound"


class ProfileInvalid(KeysteadError):
    """A profile whose settings break a rule, or a value that may not be stored."""

    id = "profile-invalid"
    exit_code = 4
    http_status = 409
    powershell_category = "InvalidData"


class ProfileCycle(ProfileInvalid):
    """Source profiles that form a cycle; the message shows it."""

    id = "profile-cycle"


class DocumentError(KeysteadError):
    """A shared file that breaks the rules of its format, with file and line."""

    id = "shared-file-syntax"
    exit_code = 4
    http_status = 409
    powershell_category = "InvalidData"


class StoreCorrupt(KeysteadError):
    """An encrypted store that is damaged, was tampered with, or has an unknown format."""

    id = "store-damaged"
    exit_code = 4
    http_status = 409
    powershell_category = "InvalidData"


class FileProblem(KeysteadError):
    """A file that cannot be read, written or locked; its content is unchanged."""

    id = "file-unusable"


class AgentProblem(KeysteadError):
    """The agent cannot be started or reached; everything else works without it."""

    id = "agent-not-started"


class UseRefused(KeysteadError):
    """A rule of the profile, or the person who was asked, refused its use."""

    id = "use-refused"
    http_status = 409


class StoreUnavailable(KeysteadError):
    """A store that is locked, does not exist or cannot be opened."""

    id = "store-unavailable"
    exit_code = 5
    http_status = 423
    powershell_category = "ResourceUnavailable"


class WrongPassphrase(StoreUnavailable):
    """A passphrase that does not open the store, is empty or too weak, or was not repeated."""

    id = "passphrase-wrong"


class InteractionRequired(KeysteadError):
    """An answer is needed and there is no terminal to ask on."""

    id = "input-required"
    exit_code = 6
    http_status = 409
    powershell_category = "AuthenticationError"


class MalformedMfaCode(InteractionRequired):
    """An MFA code that has the wrong form or was used before."""

    id = "mfa-code-invalid"


class ProviderError(KeysteadError):
    """A provider of credentials (STS, S3 or another service) refused or could not be reached.

    ``code`` is the error code of the service, such as ``ExpiredToken``; else None.
    """

    id = "service-refused"
    exit_code = 7
    http_status = 502
    powershell_category = "ConnectionError"

    def __init__(
        self,
        message: str,
        *,
        id: str | None = None,  # noqa: A002  # as in the base
        hint: str | None = None,
        where: Origin | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, id=id, hint=hint, where=where)
        self.code = code


class WrongMfaCode(ProviderError):
    """STS refused an MFA code: it is wrong, too old, or was used before."""

    id = "mfa-code-refused"


class ChildNotRunnable(KeysteadError):
    """The command given to ``exec`` exists and cannot be run."""

    id = "command-not-runnable"
    exit_code = 126


class ChildNotFound(KeysteadError):
    """The command given to ``exec`` does not exist."""

    id = "command-not-found"
    exit_code = 127
