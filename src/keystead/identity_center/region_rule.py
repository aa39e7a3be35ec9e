"""Rules that give the accounts of a login their regions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from keystead.errors import ProfileInvalid
from keystead.identity_center.account import Account, RolePattern
from keystead.model.profile import ProfileSource
from keystead.model.role_reference import REGION_RULES
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
            raise ValueError("has a rule that is not PATTERN=REGION or REGION")
        return cls(RolePattern.parse(pattern or "*"), region)


def parse_rules(texts: Iterable[str]) -> list[RegionRule]:
    """The rules in order. Raises as `RegionRule.parse`."""
    return [RegionRule.parse(text) for text in texts]


def rules_of(session: str, source: ProfileSource) -> list[RegionRule]:
    """The rules in the section of an sso-session. Raises `ProfileInvalid`."""
    try:
        return parse_rules(source.sso_session(session).get(REGION_RULES, "").split())
    except ValueError as error:
        raise ProfileInvalid(
            f"the value of `{REGION_RULES}` in the section `[sso-session {session}]` {error}",
            id="invalid-setting-value",
            hint="write rules such as `prod-*=eu-west-1 us-east-1`",
        ) from None


def region_of(account: Account, role: str, rules: Sequence[RegionRule]) -> str | None:
    """The region by the first rule that matches."""
    found = (rule.region for rule in rules if rule.pattern.matches(account, role))
    return next(found, None)
