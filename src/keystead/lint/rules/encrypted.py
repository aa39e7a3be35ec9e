"""Rules on the profiles of the encrypted store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keystead.errors import Origin
from keystead.lint.finding import Finding
from keystead.lint.subject import rename_command
from keystead.lint.table import finding
from keystead.model.ordinal_case import clash, folded
from keystead.model.profile import Profile


def case_clashes(profiles: Iterable[Profile]) -> Iterator[Finding]:
    """Names that the AWS SDK for .NET takes for one, each set of them once."""
    named: dict[str, dict[str, Profile]] = {}
    for profile in profiles:
        named.setdefault(folded(profile.name), {})[profile.name] = profile
    for spellings in named.values():
        message, first = clash(spellings), next(iter(spellings.values()))
        if message:
            fix = f"{rename_command(first.name)} gives one another name, or remove one"
            where = first.where() or Origin("RegisteredAccounts.json")
            yield finding("case-clash", where, message, fix=fix, profile=first.name)
