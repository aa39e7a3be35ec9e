"""All rules on profiles: a new one is a function here and a row in `RULES`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keystead.lint.finding import Finding
from keystead.lint.rules import dotnet, keys, options, places, roles
from keystead.lint.subject import Shared

CHECKS: tuple[Callable[[Shared], Iterator[Finding]], ...] = (
    keys.values,
    keys.misspelt,
    keys.pairs,
    keys.plain,
    keys.repeated,
    keys.in_config,
    keys.differing,
    keys.mixed,
    roles.roles,
    roles.sources,
    roles.cycles,
    roles.helper_rings,
    roles.single_sign_on,
    roles.services,
    options.programs,
    options.unfitting,
    options.other_account,
    options.too_long,
    options.readers,
    options.old_forms,
    dotnet.hidden,
    places.aged,
    places.stored_twice,
    places.in_environment,
)
"""Each yields the findings of one or a few rows of `RULES`."""


def lint_profiles(shared: Shared) -> Iterator[Finding]:
    """What the rules find in the profiles."""
    for check in CHECKS:
        yield from check(shared)
