"""Differences between readers without a rule, for the page docs/readers.md."""

from __future__ import annotations

from keystead.lint.finding import Readers

_PASSED = "ignored"

NO_RULE: tuple[tuple[str, Readers], ...] = (
    (
        "a blank line within a continued value",
        Readers("skipped", "part of the value", "dropped with the value", "whole file refused"),
    ),
    (
        "keys in `credentials`, `login_session`, `credential_process`, keys in `config`",
        Readers("in this order", "in this order", "keys first, from either file"),
    ),
    (
        "a no-break space, vertical tab or form feed at the end of a value",
        Readers("part of the value", "trimmed", "", "trimmed", "keystead: trimmed"),
    ),
    (
        "` #` within quotes in a `credential_process`",
        Readers(
            "cut off",
            "part of the value",
            "cut off",
            "part of the value",
            "keystead: part of the value",
        ),
    ),
    (
        "the line of a `credential_process`",
        Readers(
            "split into words",
            "split into words",
            "run by a shell",
            "run by a shell, which expands variables and ends it at ` #` and `;`",
            "keystead: split into words",
        ),
    ),
    ("`aws_account_id`", Readers("read", "read", "read", "read", dotnet_3="not read")),
    (
        "a broken line",
        Readers(
            "whole file refused",
            "whole file refused",
            "line skipped",
            "whole file refused",
            "keystead: its section is skipped",
        ),
    ),
    (
        "an indented header, setting or comment that continues nothing",
        Readers("whole file refused", "read", "", "read", "keystead: read"),
    ),
    (
        "a setting before the first section",
        Readers(
            "whole file refused",
            "whole file refused",
            "line skipped",
            "line skipped",
            "keystead: line skipped",
        ),
    ),
    (
        "`AWS_CONFIG_FILE` or `AWS_SHARED_CREDENTIALS_FILE` that does not name a file",
        Readers("empty", "empty", "", "the files in the home folder", "keystead: empty"),
    ),
    (
        "`AWS_SHARED_CREDENTIALS_FILE` in a folder with another `config`",
        Readers("not read", "not read", "", "read in place of the usual one"),
    ),
    ("`duration_seconds`", Readers("sent to STS", "sent to STS", "", "not used")),
    (
        "`duration_seconds` that is not a number from 900 to 43200",
        Readers(
            "refused by STS",
            "left out where it is not a number, else refused by STS",
            "",
            "not used",
            "keystead: an error",
        ),
    ),
    (
        "the region in which STS is asked for a role",
        Readers(
            "that of the role's own profile, else the one in effect",
            "that of the profile in use, regardless of its source profiles",
            "",
            "the one in effect, regardless of the profile",
            "keystead: as the SDKs",
        ),
    ),
    ("a source profile that another store has", Readers(others="keystead: found, .NET: not found")),
    (
        "a profile that is asked for by name and has no setting that gives credentials",
        Readers("an error", "ignored: container and EC2 are asked", "an error", "an error"),
    ),
    (
        "`AWS_WEB_IDENTITY_TOKEN_FILE` or `AWS_ROLE_ARN` together with a profile's web identity",
        Readers(botocore="both made one, the variable first", others="keystead: not mixed"),
    ),
    (
        "`AWS_PROFILE` that is empty",
        Readers(botocore="a profile that does not exist", others="keystead: as if not set"),
    ),
    (
        "keys in the environment together with `AWS_PROFILE` with a profile that does not exist",
        Readers(botocore="an error", others="keystead: the keys"),
    ),
    (
        "`AWS_SECRET_ACCESS_KEY` without `AWS_ACCESS_KEY_ID`",
        Readers(_PASSED, _PASSED, _PASSED, _PASSED, "keystead: an error"),
    ),
)
"""A case in the files or the environment, and what each reader does."""
