"""Rules on roles and the sources of their credentials."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.lint.finding import ERROR, WARNING, Problem, Readers
from keystead.lint.subject import (
    KEY,
    SECRET,
    NearNames,
    Shared,
    found,
    rule,
    set_command,
)
from keystead.model.assume_role import TYPES
from keystead.model.profile import Profile
from keystead.model.settings import SETTINGS
from keystead.near import did_you_mean, either, near_names

_DECIDING = {key for row in TYPES for group in row.deciding for key in group}


@rule("source-profile-missing", ERROR, "a source profile does not exist")
def source_profile_missing(shared: Shared) -> Iterator[Problem]:
    near = NearNames((*shared.profiles, *shared.elsewhere))
    for name, profile in _roles(shared):
        source = profile.text("source_profile")
        if source and source not in shared.profiles and source not in shared.elsewhere:
            message = f"profile `{name}` names the source profile `{source}`, which does not exist"
            fix = did_you_mean(near.of(source), otherwise=f"{set_command(source, KEY)} makes it")
            yield found(profile, "source_profile", message, fix)


@rule("source-profile-cycle", ERROR, "source profiles form a cycle")
def source_profile_cycle(shared: Shared) -> Iterator[Problem]:
    seen: set[str] = set()
    done: set[str] = set()  # already followed
    for start, profile in shared.having("role_arn"):
        path = list(_path(shared, start, set() if _has_keys(profile) else done))
        done.update(path)
        back = following(shared.profiles[path[-1]]) if path else None
        if back is None or back == path[-1] or back not in path:
            continue
        circle = path[path.index(back) :]
        if seen.isdisjoint(circle):
            seen.update(circle)
            last = shared.profiles[circle[-1]]
            message = f"the source profiles form a cycle: {' > '.join([*circle, back])}"
            fix = f"change `source_profile` of one of them, such as `{last.name}`"
            yield found(last, "source_profile", message, fix)


def _path(shared: Shared, start: str, done: set[str]) -> Iterator[str]:
    """The chain of profiles from ``start``, up to one that has keys or is in ``done``."""
    seen: set[str] = set()
    name: str | None = start
    while name is not None and name in shared.profiles and name not in seen and name not in done:
        profile = shared.profiles[name]
        if seen and _has_keys(profile):
            return
        seen.add(name)
        yield name
        name = following(profile)


@rule("source-without-credentials", ERROR, "a source profile gives no credentials")
def source_without_credentials(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having("role_arn"):
        source = shared.profiles.get(following(profile) or "")
        if source is None or source.name in shared.elsewhere:
            continue
        own = source.name == name and not _has_keys(source)
        if own or not any(map(source.has, _DECIDING)):
            message = f"the source profile `{source.name}` of profile `{name}` gives no credentials"
            fix = f"{set_command(source.name, KEY)} gives it keys; or name another profile"
            yield found(profile, "source_profile", message, fix)


@rule(
    "role-with-two-sources",
    ERROR,
    "a role has a source profile and a credential source",
    fix="remove one of them",
)
def role_with_two_sources(shared: Shared) -> Iterator[Problem]:
    for name, profile in _roles(shared):
        if profile.text("source_profile") and profile.text("credential_source"):
            message = f"profile `{name}` has a `source_profile` and a `credential_source`"
            yield found(profile, "credential_source", message)


@rule(
    "web-identity-beside-source",
    WARNING,
    "a role has a web identity and a source profile",
    fix="remove one of them",
    readers=Readers("web identity", "web identity", "the source profile", "profile invalid"),
)
def web_identity_with_source(shared: Shared) -> Iterator[Problem]:
    for name, profile in _roles(shared, web_identity=True):
        if profile.text("source_profile"):
            message = f"profile `{name}` has a web identity and a `source_profile`"
            yield found(profile, "source_profile", message)


@rule("role-without-source", ERROR, "a role has no source of credentials")
def role_without_source(shared: Shared) -> Iterator[Problem]:
    for name, profile in _roles(shared):
        if not profile.text("source_profile") and not profile.text("credential_source"):
            message = f"the role of profile `{name}` has no source of credentials"
            own = f"; for its own keys `source_profile = {name}`" if profile.has(KEY) else ""
            fix = f"add `source_profile` or `credential_source`{own}"
            yield found(profile, "role_arn", message, fix)


@rule(
    "credential-source",
    ERROR,
    "a credential source is not one of the three valid ones",
    readers=Readers(
        "an error",
        "an error",
        "an error",
        "letter case does not matter",
        "keystead: letter case does not matter",
    ),
)
def credential_source(shared: Shared) -> Iterator[Problem]:
    row = SETTINGS["credential_source"]
    for name, profile in _roles(shared):
        other = profile.text("credential_source")
        if other and not row.fits(other):
            message = f"`credential_source` of profile `{name}` is not valid"
            fix = f"write {either(near_names(other, (row.shape or '').split('|'))) or row.rule}"
            yield found(profile, "credential_source", message, fix)


def _roles(shared: Shared, *, web_identity: bool = False) -> Iterator[tuple[str, Profile]]:
    """The profiles that assume a role, with or without a web identity."""
    for name, profile in shared.having("role_arn"):
        if profile.has("role_arn") and profile.has("web_identity_token_file") is web_identity:
            yield name, profile


def following(profile: Profile) -> str | None:
    """The source profile of the profile's role."""
    others = ("web_identity_token_file", "credential_source")
    if not profile.has("role_arn") or any(map(profile.has, others)):
        return None
    return profile.text("source_profile")


def _has_keys(profile: Profile) -> bool:
    """Whether a chain of source profiles ends here."""
    return profile.has(KEY) and profile.has(SECRET)
