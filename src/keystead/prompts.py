"""Functions of the calling program that answer in place of a person at the terminal."""

from __future__ import annotations

from collections.abc import Callable

from keystead.errors import KeysteadError
from keystead.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    _T = TypeVar("_T")

    _Request = TypeVar("_Request", "MfaRequest", "PassphraseRequest")

ATTEMPTS = 3
"""How often a question is asked before the last rejection is raised."""


class MfaRequest(Value):
    """What a function given as ``mfa=`` is called with; it returns the code, six digits.

    ``mfa_serial`` is the device's ARN or serial number, ``profile`` the profile that asks for the
    code. ``attempt`` counts from 1: STS rejected the code of the attempt before, or it was none,
    and after the third one that error is raised. ``str(request)`` is a prompt, so that `input` is
    such a function.

    >>> request = keystead.MfaRequest("arn:aws:iam::123456789012:mfa/me", "admin")
    >>> str(request)
    'MFA code of arn:aws:iam::123456789012:mfa/me for profile `admin`: '
    >>> keystead.credentials("secure", mfa=lambda request: "123456").account_id
    '123456789012'
    """

    mfa_serial: str
    profile: str
    attempt: int = 1

    def __str__(self) -> str:
        return f"MFA code of {self.mfa_serial} for profile `{self.profile}`: "


class PassphraseRequest(Value):
    """What a function given as ``passphrase=`` is called with; it returns the passphrase.

    ``path`` is the file of the encrypted store. ``new`` says that the store is being created, with
    the passphrase that the function returns. ``attempt`` counts from 1: the passphrase of the
    attempt before was wrong or empty, and after the third one that error is raised.

    >>> request = keystead.PassphraseRequest("/home/me/RegisteredAccounts.json")
    >>> str(request)
    'passphrase of the encrypted store /home/me/RegisteredAccounts.json: '
    """

    path: str
    new: bool = False
    attempt: int = 1

    def __str__(self) -> str:
        return f"{'new ' if self.new else ''}passphrase of the encrypted store {self.path}: "


MfaFunction = Callable[[MfaRequest], str]
PassphraseFunction = Callable[[PassphraseRequest], str]


def log_warning(text: str) -> None:
    """Tells what a person should know by the log, as a library does."""
    import logging

    logging.getLogger("keystead").warning("%s", text)


class Prompts(Value):
    """The functions; None: a person at the terminal is asked.

    ``accept_weak`` accepts any new passphrase; ``warn`` is called where it is weak.
    """

    mfa: MfaFunction | None = None
    passphrase: PassphraseFunction | None = None
    accept_weak: bool = False
    warn: Callable[[str], None] = log_warning

    def __post_init__(self) -> None:
        for name in ("mfa", "passphrase"):
            given = getattr(self, name)
            if given is not None and not callable(given):
                raise TypeError(f"`{name}` must be a function, not {type(given).__name__}")


def answer(function: Callable[[_Request], str], request: _Request, argument: str) -> str:
    """What the function given as ``argument`` returns. Raises what it raises, and `TypeError`."""
    found: object = function(request)
    if isinstance(found, str):
        return found
    close = getattr(found, "close", None)
    if callable(close):  # a coroutine, which would warn that nobody awaited it
        close()
    raise TypeError(f"the function given as `{argument}` returned {type(found).__name__}, not str")


def until_accepted(
    attempt: Callable[[int], _T],
    rejections: tuple[type[KeysteadError], ...],
    rejected: Callable[[KeysteadError], None] = lambda _: None,
) -> _T:
    """What ``attempt`` returns, which gets its number from 1.

    After one of the ``rejections`` it is called again, up to `ATTEMPTS` times in all; the last one
    is raised, the others go to ``rejected``.
    """
    for number in range(1, ATTEMPTS):
        try:
            return attempt(number)
        except rejections as error:
            rejected(error)
    return attempt(ATTEMPTS)
