"""The results of checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum

from keystead.app import App
from keystead.errors import KeysteadError
from keystead.value import NamedTuple, Value


class Status(Enum):
    """The severity of a result."""

    OK = "ok"
    WARNING = "warning"
    """It may be intended; some things do not work."""
    PROBLEM = "problem"


class Result(Value):
    """A finding; ``fix`` says what to do, if anything. It contains no secret."""

    status: Status
    message: str
    fix: str | None = None


class Check(NamedTuple):
    """A row of `CHECKS`: its id, its subject and its function."""

    id: str
    meaning: str
    run: Callable[[App], Iterator[Result]]


def ok(message: str) -> Result:
    """A result without a problem."""
    return Result(Status.OK, message)


def warning(message: str, fix: str | None) -> Result:
    """A problem that may be intended."""
    return Result(Status.WARNING, message, fix)


def problem(message: str, fix: str | None) -> Result:
    """A problem."""
    return Result(Status.PROBLEM, message, fix)


def refused(error: KeysteadError) -> Result:
    """An error as a problem."""
    return problem(str(error), error.hint)
