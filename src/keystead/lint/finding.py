"""Rules of `keystead lint`, their findings, and the decorator that registers a rule.

An error does not work by the rules that the SDKs share, makes the AWS CLI refuse the file, or
gives keys to another profile. A warning is read differently by some reader, or is probably not
what was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Generic, TypeVar

from keystead.errors import Origin
from keystead.value import NamedTuple


class Severity(Enum):
    """The severity of a finding; the worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


ERROR, WARNING, INFO = Severity

REFUSED = "whole file refused"
"""What several readers do with a file that is not valid for them."""


class Readers(NamedTuple):
    """What each reader does; empty if not known or not relevant. All empty: all do the same."""

    sdks: str = ""
    """The rules that the AWS SDKs share, which keystead follows."""
    botocore: str = ""
    js: str = ""
    dotnet: str = ""
    others: str = ""
    dotnet_3: str = ""
    """What version 3.7 of the .NET SDK does, if different from 4.1."""

    def by_name(self) -> dict[str, str]:
        """What each reader does, by name; both versions of .NET if they differ."""
        sdks, botocore, js, dotnet, others, dotnet_3 = self
        both = {".NET 3.7": dotnet_3, ".NET 4.1": dotnet} if dotnet_3 else {".NET": dotnet}
        found = {"SDK rules": sdks, "botocore, AWS CLI": botocore, "JS v3": js, **both}
        return {name: text for name, text in (*found.items(), (OTHERS, others)) if text}

    def text(self) -> str:
        """The same on one line."""
        found = self.by_name()
        others = [found.pop(OTHERS)] if OTHERS in found else []  # its text names the readers
        return "; ".join([*(f"{name}: {does}" for name, does in found.items()), *others])

    def cells(self) -> tuple[str, ...]:
        """The cells of the columns `READERS`."""
        sdks, botocore, js, dotnet, others, dotnet_3 = self
        return sdks, botocore, js, dotnet_3 or dotnet, dotnet, others


OTHERS = "others"
READERS = ("SDK rules", "botocore, AWS CLI", "JS v3", ".NET 3.7", ".NET 4.1", OTHERS)
"""The columns of the page docs/readers.md."""


class Rule(NamedTuple):
    """A rule. Without ``readers`` all do the same. ``fix`` is empty if the findings have it."""

    id: str
    severity: Severity
    meaning: str
    fix: str = ""
    readers: Readers = Readers()

    def text(self) -> str:
        """The text of `keystead help RULE`."""
        lines = [f"{self.id}", f"`keystead lint`, {self.severity.value}: {self.meaning}"]
        lines += [f"What to do: {self.fix}"] if self.fix else []
        lines += [f"Who reads it how: {self.readers.text()}"] if any(self.readers) else []
        return "\n\n".join(lines)


RULES: dict[str, Rule] = {}
"""Every rule by id, in the order of the page; complete once `keystead.lint.rules` is imported."""


class Problem(NamedTuple):
    """The result of a rule. Neither ``message`` nor ``fix`` contains a secret."""

    where: Origin
    message: str
    fix: str = ""
    """Empty: that of the rule."""
    profile: str | None = None


class Finding(NamedTuple):
    """A problem with its rule; ``profile`` is the name of the affected profile, if any."""

    rule: Rule
    where: Origin
    message: str
    fix: str
    profile: str | None = None

    @property
    def severity(self) -> Severity:
        """The severity of its rule."""
        return self.rule.severity


T = TypeVar("T")


class Checks(Generic[T]):
    """The rules that check a ``T``."""

    def __init__(self) -> None:
        self._checks: list[tuple[Rule, Callable[[T], Iterator[Problem]]]] = []

    def rule(  # a row of the table
        self,
        name: str,
        severity: Severity,
        meaning: str,
        *,
        fix: str = "",
        readers: Readers = Readers(),  # noqa: B008  # immutable
    ) -> Callable[[Callable[[T], Iterator[Problem]]], Callable[[T], Iterator[Problem]]]:
        """Register the decorated function as the rule of that name."""
        row = RULES[name] = Rule(name, severity, meaning, fix, readers)

        def register(check: Callable[[T], Iterator[Problem]]) -> Callable[[T], Iterator[Problem]]:
            self._checks.append((row, check))
            return check

        return register

    def findings(self, subject: T) -> Iterator[Finding]:
        """The findings in ``subject``."""
        for row, check in self._checks:
            for where, message, fix, profile in check(subject):
                yield Finding(row, where, message, fix or row.fix, profile)


def in_order(findings: list[Finding]) -> list[Finding]:
    """``findings`` by file and line, the worst first."""
    ranks = {severity: rank for rank, severity in enumerate(Severity)}
    return sorted(
        findings,
        key=lambda f: (f.where.file, f.where.line or 0, ranks[f.severity], f.rule.id, f.message),
    )


def as_json(found: Finding) -> dict[str, object]:
    """The finding for ``keystead lint --json``."""
    return {
        "rule": found.rule.id,
        "severity": found.severity.value,
        "file": found.where.file,
        "line": found.where.line,
        "profile": found.profile,
        "message": found.message,
        "fix": found.fix,
        "readers": found.rule.readers.by_name(),
    }
