"""Rules on where keys are stored, and for how long."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from keystead.lint.finding import WARNING, Problem, Readers
from keystead.lint.subject import KEY, SECRET, TOKEN, Shared, found, rule
from keystead.model.ordinal_case import NameSet

OLD_DAYS = 90
"""The age at which long-term keys should be replaced."""


@rule(
    "old-keys",
    WARNING,
    "long-term keys are in a file that was last written more than 90 days ago, so they are "
    "at least that old",
    fix="create a new access key in IAM, replace this one with it, and delete the old one",
)
def old_keys(shared: Shared) -> Iterator[Problem]:
    # Keys in a file that was written later may be old too, which is not known.
    old = {file for file, days in shared.days.items() if days > OLD_DAYS}
    for name, profile in shared.having(KEY) if old else ():
        if not profile.has_keys or profile.has(TOKEN):
            continue
        if profile.origins[SECRET].file in old:
            message = (
                f"the long-term keys of profile `{name}` have been in plain text here for "
                f"more than {OLD_DAYS} days"
            )
            yield found(profile, SECRET, message)


@rule(
    "profile-in-both-stores",
    WARNING,
    "the encrypted store has a profile of the same name",
    fix="remove one of the two: `keystead remove` removes the encrypted one",
    readers=Readers(
        "the one here",
        "the one here",
        "the one here",
        "the encrypted one on Windows, else the one here",
        "keystead: the encrypted one",
    ),
)
def profile_in_both_stores(shared: Shared) -> Iterator[Problem]:
    others = [(o.title, NameSet(p.name for p in o.profiles)) for o in shared.looked.others]
    for name in shared.profiles if others else ():
        title = next((title for title, names in others if name in names), None)
        profile = shared.profiles[name] if title else None
        where = profile.where() if profile else None
        if profile and where:
            what = "and its keys exist" if profile.has(KEY) else "exists"
            message = f"profile `{name}` {what} also in the {title}, which takes precedence"
            yield Problem(where, message, profile=name)


@rule("keys-in-environment", WARNING, "the same keys are in the environment")
def keys_in_environment(shared: Shared) -> Iterator[Problem]:
    key = shared.looked.environment_key
    for name, profile in shared.having(KEY) if key else ():
        if profile.text(KEY) == key:
            message = f"the keys of profile `{name}` are in the environment too"
            fix = (
                "unset AWS_ACCESS_KEY_ID and the related variables, and set "
                f"AWS_PROFILE={shlex.quote(name)}"
            )
            yield found(profile, KEY, message, fix)
