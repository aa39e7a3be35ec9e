"""Rules on AWS keys: incomplete, repeated, in plain text, or with other sources."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from keystead.lint.finding import ERROR, INFO, WARNING, Problem, Readers
from keystead.lint.subject import KEY, SECRET, TOKEN, Shared, found, rule, set_command, shown
from keystead.model.search import AFTER_KEYS
from keystead.model.sources.process import SETTING as PROCESS


@rule("plain-keys", INFO, "long-term keys are stored in plain text")
def plain_keys(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having(KEY):
        if profile.has_keys and not profile.has(TOKEN):
            message = f"the long-term keys of profile `{name}` are stored here in plain text"
            sealing = set_command(name, "--store", "encrypted", KEY, SECRET)
            fix = f"{sealing} prompts for them and encrypts them; then remove them from this file"
            yield found(profile, SECRET, message, fix)


@rule("repeated-access-key", INFO, "two profiles have the same access key")
def repeated_access_key(shared: Shared) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for name, profile in shared.having(KEY):
        key = profile.text(KEY)
        if key in first:
            message = f"profile `{name}` has the same access key as `{first[key]}`"
            fix = f"if one of them is enough: `keystead remove {shlex.quote(name)}`"
            yield found(profile, KEY, message, fix)
        elif key is not None:
            first[key] = name


@rule(
    "secret-in-config",
    WARNING,
    "a secret is in the config file",
    readers=Readers("read", "read, after a program", "read", "read", "Go v1: not read by default"),
)
def secret_in_config(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.config.having(SECRET, TOKEN):
        for secret in [key for key in (SECRET, TOKEN) if profile.has(key)][:1]:
            message = f"`{secret}` of profile `{name}` is in the config file"
            fix = f"move the keys to `[{name}]` of the credentials file"
            yield found(profile, secret, message, fix)


@rule(
    "half-key-pair",
    ERROR,
    "a key pair or the keys of a session token are not complete",
    readers=Readers(
        "an error", "an error, without the key id ignored", "no credentials", "profile invalid"
    ),
)
def half_key_pair(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having(TOKEN, KEY, SECRET):
        if profile.has_keys:
            continue
        given = [key for key in (TOKEN, KEY, SECRET) if profile.has(key)]
        missing = [key for key in (KEY, SECRET) if not profile.has(key)]
        if given and missing:
            message = f"`{given[0]}` without `{missing[0]}` in profile `{name}`"
            fix = f"{set_command(name, *missing)} prompts for what is missing"
            yield found(profile, given[0], message, fix)


@rule(
    "split-key-pair",
    WARNING,
    "one half of a key pair is in each file",
    fix="put both halves in the credentials file",
    readers=Readers("a pair", "an error", "a pair", "a pair"),
)
def split_key_pair(shared: Shared) -> Iterator[Problem]:
    for name, part in shared.config.having(KEY, SECRET):
        profile, other = shared.profiles[name], shared.credentials.get(name)
        if profile.has_keys and not part.has_keys and not (other and other.has_keys):
            message = f"the other half of this key pair of profile `{name}` is in another file"
            yield found(profile, SECRET, message)


@rule(
    "files-differ",
    WARNING,
    "both files set the same key to different values",
    fix="keep one of the two",
)
def files_differ(shared: Shared) -> Iterator[Problem]:
    for name, settings in shared.credentials.settings.items():
        for key, other in shared.config.settings.get(name, {}).items():
            if key in settings and settings[key].value != other.value:
                message = (
                    f"{shown(key)} of profile `{name}` differs from {other.where}; this one is used"
                )
                yield Problem(settings[key].where, message, profile=name)


@rule(
    "keys-beside-role",
    WARNING,
    "a profile has keys and a role of another source",
    readers=Readers("the role", "the role", "the role", "profile invalid", "Kotlin: the keys"),
)
def keys_with_role(shared: Shared) -> Iterator[Problem]:
    return _keys_with(shared, "role_arn")


@rule(
    "keys-beside-process",
    WARNING,
    "a profile has keys and a program",
    readers=Readers(
        "differs from SDK to SDK",
        "the keys of `credentials`, else the program, else the keys of `config`",
        "the keys",
        "profile invalid",
    ),
)
def keys_with_process(shared: Shared) -> Iterator[Problem]:
    return _keys_with(shared, PROCESS)


@rule(
    "keys-beside-sso",
    WARNING,
    "a profile has keys and single sign-on",
    readers=Readers("single sign-on", "single sign-on", "the keys", "single sign-on"),
)
def keys_with_sso(shared: Shared) -> Iterator[Problem]:
    return _keys_with(shared, "sso_account_id")


@rule(
    "keys-beside-source",
    WARNING,
    "a profile has keys and another source, such as a session of `aws login`",
    readers=Readers(
        "differs from SDK to SDK",
        "the keys of `credentials`, else the session, else the keys of `config`",
        "the keys",
        "the keys",
    ),
)
def keys_with_source(shared: Shared) -> Iterator[Problem]:
    return _keys_with(shared, *(key for key in AFTER_KEYS if key != PROCESS))


def _keys_with(shared: Shared, *wanted: str) -> Iterator[Problem]:
    """Profiles with keys whose next source of credentials is named by one of these settings."""
    for name, profile in shared.having(*wanted):
        sources = ("source_profile", "credential_source", "web_identity_token_file")
        role = profile.text("source_profile") != name and any(map(profile.text, sources))
        others = [*(["role_arn"] if role else []), "sso_account_id", *AFTER_KEYS]
        other = next(filter(profile.has, others), None)
        if profile.has(KEY) and other in wanted:
            message = f"profile `{name}` has keys and `{other}`"
            fix = f"move the keys to a separate profile, or remove `{other}`"
            yield found(profile, KEY, message, fix)
