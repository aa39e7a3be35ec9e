"""What a check gives: results, and what all checks look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from keystead.app import App
from keystead.errors import KeysteadError


class Status(Enum):
    """How good it is."""

    OK = "ok"
    WARNING = "warning"
    """It may be meant so; some things do not work."""
    PROBLEM = "problem"


@dataclass(frozen=True)
class Result:
    """What a check found: ``fix`` is what to do, None where there is nothing. Holds no secret."""

    status: Status
    message: str
    fix: str | None = None


class Check(NamedTuple):
    """One row of `CHECKS`: its id, what it looks at and the function that does."""

    id: str
    meaning: str
    run: Callable[[App], Iterator[Result]]


def ok(message: str) -> Result:
    """All is well."""
    return Result(Status.OK, message)


def warning(message: str, fix: str | None) -> Result:
    """Something may be meant so."""
    return Result(Status.WARNING, message, fix)


def problem(message: str, fix: str | None) -> Result:
    """Something is wrong."""
    return Result(Status.PROBLEM, message, fix)


def refused(error: KeysteadError) -> Result:
    """The problem that an error tells of."""
    return problem(str(error), error.hint)
