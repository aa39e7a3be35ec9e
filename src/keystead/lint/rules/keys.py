"""Rules on settings and on the keys of AWS: values, misspelt names, pairs, where secrets stand."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import lru_cache

from keystead.lint.finding import Finding
from keystead.lint.subject import KEY, SECRET, TOKEN, Shared, found, set_command, shown
from keystead.lint.table import finding
from keystead.model.dotnet import hiding
from keystead.model.profile import Profile
from keystead.model.settings import SETTINGS
from keystead.near import near_names

_ALIKE = 0.8
"""From how much likeness on an unknown key counts as a misspelt setting."""

# Settings of other tools whose names are near to one of the table.
_OF_OTHERS = frozenset({"aws_security_token", "sso_account_name", "account_id"})


def values(shared: Shared) -> Iterator[Finding]:
    """Values in quotes, and those that the setting cannot have."""
    for section, profile in shared.sections():
        for key in section.settings:
            value, row, where = section.text(key), SETTINGS.get(key), section.origins[key]
            if value is None:
                continue
            if _is_quoted(value) and key != "credential_process":
                message = f"the quotes are part of the value of {shown(key)}"
                fix = "take the quotes off"
                yield finding("quoted-value", where, message, fix=fix, profile=profile)
            elif row and key != "credential_source" and not row.fits(value):
                message = f"the value of `{key}` is not valid{_hides(section, key, profile)}"
                fix = f"write one that fits: {row.rule}"
                yield finding("value-shape", where, message, fix=fix, profile=profile)


def _hides(section: Profile, key: str, profile: str | None) -> str:
    """What the value hides from the .NET SDK, as a part of a message."""
    found = next((one for one in hiding(section, ()) if one.setting == key), None)
    return f", and {found.consequence(profile)}" if found and profile else ""


def _is_quoted(value: str) -> bool:
    return len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"


def misspelt(shared: Shared) -> Iterator[Finding]:
    """Keys that are nearly those of a setting; others are some other tool's."""
    for section, profile in shared.sections():
        for key, where in section.origins.items():
            meant = _meant(key)
            if meant:
                message = f"`{key}` is not known here and much like `{meant}`"
                fix = f"write `{meant}` if that was meant"
                yield finding("unknown-setting", where, message, fix=fix, profile=profile)


@lru_cache
def _meant(key: str) -> str | None:
    if key in SETTINGS or key in _OF_OTHERS:
        return None
    alike = near_names(key.replace("-", "_"), SETTINGS, likeness=_ALIKE)
    return alike[0] if alike else None


def pairs(shared: Shared) -> Iterator[Finding]:
    """Key pairs of which a half is missing or in the other file."""
    for name, profile in shared.profiles.items():
        given = [key for key in (TOKEN, KEY, SECRET) if profile.has(key)]
        missing = [key for key in (KEY, SECRET) if not profile.has(key)]
        if given and missing:
            message = f"`{given[0]}` without `{missing[0]}` in profile `{name}`"
            fix = f"{set_command(name, *missing)} asks for what is missing"
            yield found("half-key-pair", profile, given[0], message, fix)
        elif given:
            parts = [files[name] for files in shared[:2] if name in files]
            if not any(part.has(KEY) and part.has(SECRET) for part in parts):
                message = f"the other half of this key pair of profile `{name}` is in another file"
                fix = "put both halves in the credentials file"
                yield found("split-key-pair", profile, SECRET, message, fix)


def plain(shared: Shared) -> Iterator[Finding]:
    """Long-term keys that the encrypted store would keep better."""
    for name, profile in shared.profiles.items():
        if profile.has(KEY) and profile.has(SECRET) and not profile.has(TOKEN):
            message = f"the long-term keys of profile `{name}` stand here in plain text"
            sealing = set_command(name, "--store", "encrypted", KEY, SECRET)
            fix = f"{sealing} asks for them and seals them; then take them out of this file"
            yield found("plain-keys", profile, SECRET, message, fix)


def repeated(shared: Shared) -> Iterator[Finding]:
    """The same access key in two profiles."""
    first: dict[str, str] = {}
    for name, profile in shared.profiles.items():
        key = profile.text(KEY)
        if key is None:
            continue
        if key in first:
            message = f"profile `{name}` has the same access key as `{first[key]}`"
            fix = f"if one of them will do: `keystead remove {shlex.quote(name)}`"
            yield found("repeated-access-key", profile, KEY, message, fix)
        first.setdefault(key, name)


def in_config(shared: Shared) -> Iterator[Finding]:
    """Secrets in the config file, which people show and share more easily."""
    for name, profile in shared.config.items():
        secret = next((key for key in (SECRET, TOKEN) if profile.has(key)), None)
        if secret:
            message = f"`{secret}` of profile `{name}` stands in the config file"
            fix = f"move the keys to `[{name}]` of the credentials file"
            yield found("secret-in-config", profile, secret, message, fix)


def differing(shared: Shared) -> Iterator[Finding]:
    """Settings that both files have, with different values."""
    for name, profile in shared.credentials.items():
        other = shared.config.get(name)
        for key in other.settings if other else ():
            if (
                key in profile.settings
                and profile.settings[key] != shared.config[name].settings[key]
            ):
                there = shared.config[name].origins[key]
                message = f"{shown(key)} of profile `{name}` differs from {there}; this one counts"
                yield found("files-differ", profile, key, message, "keep one of the two")


def mixed(shared: Shared) -> Iterator[Finding]:
    """Keys beside another source of credentials."""
    for name, profile in shared.profiles.items():
        source = profile.text("source_profile")
        sources = (
            source,
            profile.text("credential_source"),
            profile.text("web_identity_token_file"),
        )
        if not profile.has(KEY):
            continue
        if profile.has("role_arn") and source != name and any(sources):
            rule, other = "keys-beside-role", "role_arn"
        elif profile.has("sso_account_id"):
            rule, other = "keys-beside-sso", "sso_account_id"
        elif profile.has("credential_process"):
            rule, other = "keys-beside-process", "credential_process"
        else:
            continue
        message = f"profile `{name}` has keys and `{other}`"
        fix = f"move the keys to a profile of their own, or take `{other}` away"
        yield found(rule, profile, KEY, message, fix)
