"""Rules on outdated settings."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.lint.finding import INFO, WARNING, Problem, Readers
from keystead.lint.subject import Shared, found, rule

_OLD_TOKEN = "aws_security_token"  # noqa: S105  # the name of a setting
_OLD_SETTINGS = ("sts_regional_endpoints", "s3_us_east_1_regional_endpoint")


@rule(
    "sso-old-form",
    INFO,
    "single sign-on is set up without an SSO session",
    fix="put `sso_start_url` and `sso_region` into an `[sso-session NAME]` and name it",
)
def sso_old_form(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having("sso_start_url"):
        if profile.has("sso_start_url") and not profile.has("sso_session"):
            message = f"profile `{name}` has single sign-on in the old form, without renewal"
            yield found(profile, "sso_start_url", message)


@rule(
    "old-token-name",
    WARNING,
    "a session token is called `aws_security_token`",
    fix="write `aws_session_token`",
    readers=Readers("not read", "read", "not read", "not read"),
)
def old_token_name(shared: Shared) -> Iterator[Problem]:
    yield from _having(shared, _OLD_TOKEN, f"`{_OLD_TOKEN}` is an old name")


@rule(
    "old-setting",
    INFO,
    "a setting is outdated",
    fix="remove it: calls go to the region's endpoint",
)
def old_setting(shared: Shared) -> Iterator[Problem]:
    for key in _OLD_SETTINGS:
        yield from _having(shared, key, f"`{key}` is outdated")


def _having(shared: Shared, key: str, message: str) -> Iterator[Problem]:
    """A problem with ``key`` in each section that has it."""
    for sections, are_profiles in shared.of_files():
        for name, section in sections.having(key):
            yield Problem(section.origins[key], message, profile=name if are_profiles else None)
