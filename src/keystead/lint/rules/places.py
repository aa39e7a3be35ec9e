"""Rules on where keys stand and for how long: in a file, in both stores, in the environment."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from keystead.lint.finding import Finding
from keystead.lint.subject import KEY, SECRET, TOKEN, Shared, found
from keystead.lint.table import finding

OLD_DAYS = 90
"""From which age on long-term keys should have been replaced."""


def aged(shared: Shared) -> Iterator[Finding]:
    """Long-term keys in a file that nobody has written for so long.

    The file says no more than that: its keys are at least as old as its last change. Keys in a
    file that was written since may be old too, and nothing here can tell.
    """
    for name, profile in shared.profiles.items():
        if not (profile.has(KEY) and profile.has(SECRET)) or profile.has(TOKEN):
            continue
        days = shared.days.get(profile.origins[SECRET].file, 0)
        if days > OLD_DAYS:
            message = (
                f"the long-term keys of profile `{name}` stand here in plain text for more than "
                f"{OLD_DAYS} days"
            )
            fix = "make a new access key in IAM, put it in place of this one, and delete the old"
            yield found("old-keys", profile, SECRET, message, fix)


def stored_twice(shared: Shared) -> Iterator[Finding]:
    """Profiles that the encrypted store has as well, where other tools do not look."""
    for name, profile in shared.profiles.items():
        where = profile.where()
        if name not in shared.elsewhere or where is None:
            continue
        what = "and its keys " if profile.has(KEY) else ""
        message = f"profile `{name}` {what}stand here and in the encrypted store, which goes first"
        fix = "remove one of the two: `keystead remove` takes the encrypted one"
        yield finding("profile-in-both-stores", where, message, fix=fix, profile=name)


def in_environment(shared: Shared) -> Iterator[Finding]:
    """Keys that are in the environment too, where they go before any profile."""
    for name, profile in shared.profiles.items():
        if shared.environment_key and profile.text(KEY) == shared.environment_key:
            message = f"the keys of profile `{name}` are in the environment too"
            fix = f"unset AWS_ACCESS_KEY_ID and its kin, and set AWS_PROFILE={shlex.quote(name)}"
            yield found("keys-in-environment", profile, KEY, message, fix)
