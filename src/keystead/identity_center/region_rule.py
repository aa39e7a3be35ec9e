"""Rules that give the accounts of a login their regions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from keystead.identity_center.account import Account, RolePattern
from keystead.model.settings import SETTINGS
from keystead.value import Value


class RegionRule(Value):
    """``PATTERN=REGION``, or ``REGION`` for all accounts; see `RolePattern`."""

    pattern: RolePattern
    region: str

    @classmethod
    def parse(cls, text: str) -> RegionRule:
        """The rule that ``text`` is. Raises `ValueError`."""
        pattern, _, region = text.rpartition("=")
        if not region or not SETTINGS["region"].fits(region):
            raise ValueError("is not PATTERN=REGION or REGION")
        return cls(RolePattern.parse(pattern or "*"), region)


def parse_rules(texts: Iterable[str]) -> list[RegionRule]:
    """The rules in order. Raises as `RegionRule.parse`."""
    return [RegionRule.parse(text) for text in texts]


def region_of(account: Account, role: str, rules: Sequence[RegionRule]) -> str | None:
    """The region by the first rule that matches."""
    found = (rule.region for rule in rules if rule.pattern.matches(account, role))
    return next(found, None)
