"""Values that must be on one line: credentials and the settings for them. Pure.

In a shared file, an indented line continues the value above it. A line break in a key, token,
region or role is never intended, and is dangerous in files, shells and requests.
"""

from __future__ import annotations

from keystead.errors import ProfileInvalid
from keystead.model.profile import Profile
from keystead.model.settings import SETTINGS
from keystead.model.sources.static import KEYS
from keystead.model.validation import has_control

_SETTINGS = sorted(row.name for row in SETTINGS.values() if row.one_line)
_CONTINUED = "an indented line continues the value above it; take its indentation away"
_COPIED = "type it again: it may have been copied with something that does not show"


def require_one_line(profile: Profile) -> None:
    """Refuses a profile whose settings for credentials contain a control character.

    Those that are sealed or secret are not opened. Raises `ProfileInvalid`, with file and line.
    """
    for setting in _SETTINGS:
        value = profile.settings.get(setting)
        if isinstance(value, str) and has_control(value):
            raise _refused(profile, setting, value)


def require_keys_on_one_line(profile: Profile) -> None:
    """The same for the profile's keys, which are opened."""
    for setting in KEYS:
        value = profile.text(setting) or ""
        if has_control(value):
            raise _refused(profile, setting, value)


def require_region_on_one_line(region: str | None) -> None:
    """The same for the region in effect, which a variable may have set."""
    if region and has_control(region):
        raise ProfileInvalid(
            "the region in the environment contains a line break or control character",
            id="invalid-setting-value",
            hint="set AWS_REGION or AWS_DEFAULT_REGION again",
        )


def _refused(profile: Profile, setting: str, value: str) -> ProfileInvalid:
    return ProfileInvalid(
        f"`{setting}` of profile `{profile.name}` contains a line break or control character",
        id="invalid-setting-value",
        hint=_CONTINUED if "\n" in value else _COPIED,
        where=profile.where(setting),
    )
