"""Validates names, keys and values before writing, so that all readers read them back unchanged.

A line break, control character or bracket could turn a value into a section. The library, plain
commands and cmdlets all use this module.
"""

from __future__ import annotations

import re

from keystead.errors import ProfileInvalid
from keystead.model.setting import Group
from keystead.model.settings import SETTINGS, is_secret
from keystead.secret import quoted, without_keys

_CONTROL = "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
IDENTIFIER = r"[A-Za-z0-9_\-/.%@:+]+"
"""A name that all SDKs read as one of a section or a setting."""
_UNSEEN = "\ufeff\u200b\u2060"
_KIND = r"(profile|sso-session|services)\s"
_TAKEN = {
    "DEFAULT": "botocore and the AWS CLI give its settings to every profile",
    "__proto__": "the AWS SDK for JavaScript refuses a file that has it",
}
"""Names of sections with another meaning for some reader, and that meaning."""

_COMMENT = r"(?:^|[ \t])[#;]"


def is_identifier(name: str) -> bool:
    """Whether ``name`` is one that all SDKs read as a section or setting name."""
    return re.fullmatch(IDENTIFIER, name) is not None


def is_readable_name(name: str) -> bool:
    """Whether botocore and the .NET SDK both read ``[NAME]`` of a credentials file as ``name``.

    Names with a bracket or an unprintable character are left out: no command can take them safely.
    """
    return (
        name != ""
        and name == name.strip()
        and "[" not in name
        and "]" not in name
        and not has_control(name)
    )


def has_control(text: str) -> bool:
    """Whether ``text`` has a line break, another control character or half a surrogate pair."""
    return not text.isprintable() and re.search(_CONTROL, text) is not None


def check_profile_name(name: str, *, shared: bool) -> None:
    """Refuses names that cannot be stored; ``shared`` adds what the shared files ask for.

    Raises `ProfileInvalid`. Blanks and letters of all scripts are fine, as for the .NET SDK and the
    AWS CLI; in the shared files it may not be one that a reader takes for something else.
    """
    if has_control(name):
        raise ProfileInvalid(
            "a profile name may not contain a line break or control character",
            id="invalid-profile-name",
        )
    if not name or name != name.strip() or "[" in name or "]" in name:
        raise ProfileInvalid(
            f"`{name}` is not a valid profile name",
            id="invalid-profile-name",
            hint="a name must not be empty, contain a bracket, or begin or end with a blank",
        )
    if without_keys(name) != name:
        raise ProfileInvalid(
            "the profile name could be a secret key",
            id="invalid-profile-name",
            hint="a secret is never an argument: `keystead set NAME aws_secret_access_key` asks "
            "for it",
        )
    meaning = other_meaning(name) if shared else None
    if meaning:
        raise ProfileInvalid(
            f"`{name}` cannot be the name of a profile in the shared files: {meaning}",
            id="invalid-profile-name",
            hint="use another name",
        )


def other_meaning(name: str) -> str | None:
    """The other meaning of a section of that name for some reader of the shared files."""
    prefix = re.match(_KIND, name)
    if prefix:
        return f"with `{prefix[1]}` in front, readers take it for a section of that kind"
    if "\\" in name:
        return "readers of the config file take a backslash in different ways"
    if name != name.strip(_UNSEEN):
        return "some readers trim an unseen character at its ends"
    return _TAKEN.get(name)


def check_may_lie_open(name: str) -> None:
    """Refuse a setting that only the encrypted store may have. Raises `ProfileInvalid`."""
    row = SETTINGS.get(name.lower())
    if row and row.encrypted_only:
        raise ProfileInvalid(
            f"`{name}` is stored in the encrypted store alone, never in a plain file",
            id="encrypted-store-only",
            hint="save the profile there: `keystead set NAME --store encrypted`",
        )


def check_setting(name: str, value: str) -> None:
    """Refuse a setting that would not be read back unchanged.

    Raises `ProfileInvalid` naming the setting and the rule, never the value.
    """
    if has_control(name) or not is_identifier(name):
        shown = quoted(re.sub(_CONTROL, "?", name), "what was given")
        raise ProfileInvalid(
            f"{shown} is not a valid setting name",
            id="invalid-setting-name",
            hint="use letters, digits and _ - / . % @ : +",
        )
    if has_control(value):
        raise ProfileInvalid(
            f"the value of `{name}` contains a line break or control character",
            id="invalid-setting-value",
        )
    if value != value.strip().strip("\ufeff"):  # some readers trim more than blanks and tabs
        raise ProfileInvalid(
            f"the value of `{name}` begins or ends with a blank", id="invalid-setting-value"
        )
    if re.search(_COMMENT, value):
        raise ProfileInvalid(
            f"the value of `{name}` contains a `#` or `;` after a blank, which reads as a comment",
            id="invalid-setting-value",
        )
    if is_secret(name) and len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]:
        raise ProfileInvalid(
            f"the value of `{name}` is in quotes, which would become a part of it",
            id="invalid-setting-value",
            hint="give it without the quotes",
        )
    row = SETTINGS.get(name.lower())
    if row and value and not row.fits(value):
        # The halves of a key pair are easily given in each other's place.
        shown = "" if is_secret(name) or row.group is Group.KEYS else f" `{value}`"
        raise ProfileInvalid(
            f"the value{shown} of `{name}` is not valid: {row.rule}", id="invalid-setting-value"
        )
