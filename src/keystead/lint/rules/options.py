"""Rules on settings that do not fit the rest of their profile, and on old forms."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.lint.finding import Finding
from keystead.lint.subject import KEY, SECRET, Shared, either, found
from keystead.lint.table import finding
from keystead.model.account import FIX, settings_mismatch
from keystead.model.account import SETTING as ACCOUNT
from keystead.model.dotnet import goes_on, profile_type, stray
from keystead.model.plan import CHAINED_SECONDS
from keystead.model.profile import TYPES, Profile
from keystead.model.programs import SETTING as PROGRAMS
from keystead.model.programs import is_interpreter, is_path, named_programs
from keystead.model.settings import SETTINGS

_OPTIONS = tuple(
    dict.fromkeys(key for row in TYPES if "role_arn" in row.required for key in row.optional)
)
_WITH_TOKEN = next(row for row in TYPES if row.name == "AssumeRoleWithWebIdentity").optional
_SOURCES = ("source_profile", "credential_source")
_ACCOUNT = ("sso_account_id", "sso_role_name")
_OLD = {
    "aws_security_token": ("old-token-name", "write `aws_session_token`"),
    "sts_regional_endpoints": ("old-setting", "take it out: calls go to the region's endpoint"),
    "s3_us_east_1_regional_endpoint": (
        "old-setting",
        "take it out: calls go to the region's endpoint",
    ),
}


def programs(shared: Shared) -> Iterator[Finding]:
    """Rules for programs that let in more than they name."""
    for name, profile in shared.profiles.items():
        for rule in named_programs(profile):
            if is_interpreter(rule):
                message = f"`{PROGRAMS}` of profile `{name}` names the interpreter `{rule}`"
                fix = "name the path of a program of its own, or use `confirm`"
                yield found("program-interpreter", profile, PROGRAMS, message, fix)
            elif not is_path(rule):
                message = f"`{PROGRAMS}` of profile `{name}` names `{rule}` without its folder"
                fix = "name its path, such as that of `command -v`"
                yield found("program-by-name", profile, PROGRAMS, message, fix)


def unfitting(shared: Shared) -> Iterator[Finding]:
    """Options of a role where there is none, or where they are not used."""
    for name, profile in shared.profiles.items():
        token = profile.has("web_identity_token_file")
        if profile.has("role_arn"):
            strays = [key for key in _OPTIONS if key not in _WITH_TOKEN and profile.has(key)]
            for key in strays if token else ():
                message = f"a web identity of profile `{name}` does not use `{key}`"
                yield found("option-not-used", profile, key, message, "take it out")
            continue
        for key in (*_OPTIONS, *_SOURCES):
            if profile.has(key):
                message = f"profile `{name}` has `{key}` and no role{_hides(profile, key)}"
                fix = "add `role_arn`, or take it out"
                yield found("option-without-role", profile, key, message, fix)
        if token:
            message = f"profile `{name}` has a token file and no role"
            fix = "add `role_arn`, or take `web_identity_token_file` out"
            key = "web_identity_token_file"
            yield found("token-file-without-role", profile, key, message, fix)


def _hides(profile: Profile, key: str) -> str:
    """That the .NET SDK gives the profile no type for it, as a part of a message."""
    if profile_type(profile) or stray(profile) != key:
        return ""
    return f", so the .NET SDK does not use the profile{goes_on(profile.name)}"


def other_account(shared: Shared) -> Iterator[Finding]:
    """Profiles whose settings name another account than the one they are for."""
    for profile in shared.profiles.values():
        problem = settings_mismatch(profile, profile.type.name if profile.type else None)
        if problem:
            yield found("other-account", profile, ACCOUNT, problem, FIX)


def too_long(shared: Shared) -> Iterator[Finding]:
    """Roles in a chain that ask for more than the hour that STS gives there."""
    for name, profile in shared.profiles.items():
        text = profile.text("duration_seconds") or ""
        fits = SETTINGS["duration_seconds"].fits(text)
        if fits and int(text or 0) > CHAINED_SECONDS and _is_chained(shared, profile):
            message = f"the role of profile `{name}` is assumed with a session, for an hour at most"
            fix = f"write `duration_seconds = {CHAINED_SECONDS}` or less"
            yield found("duration-in-chain", profile, "duration_seconds", message, fix)


def _is_chained(shared: Shared, profile: Profile) -> bool:
    """Whether the role is assumed with a session that a role gave."""
    if not profile.has("role_arn") or profile.has("web_identity_token_file"):
        return False
    ambient = (profile.text("credential_source") or "").lower()
    if ambient in ("ec2instancemetadata", "ecscontainer"):
        return True
    source = shared.profiles.get(profile.text("source_profile") or "")
    if source is None or source.name == profile.name or (source.has(KEY) and source.has(SECRET)):
        return False
    return source.has("role_arn") or all(map(source.has, _ACCOUNT))


def readers(shared: Shared) -> Iterator[Finding]:
    """Profiles from which the .NET SDK and others take another source, or none."""
    for name, profile in shared.profiles.items():
        if not profile.has("role_arn"):
            continue
        extra = [key for key in ("external_id", "mfa_serial") if profile.has(key)]
        if extra and profile.has("credential_source"):
            message = f"profile `{name}` has `{extra[0]}` and `credential_source`"
            fix = "take it out, or assume the role by a `source_profile`"
            yield found("option-beside-credential-source", profile, extra[0], message, fix)
        if profile.text("source_profile") == name and profile.has(KEY):
            message = f"profile `{name}` names itself as the source of its role"
            fix = "for .NET and PowerShell, move the keys to a profile of their own"
            yield found("role-on-own-keys", profile, "source_profile", message, fix)
        others = [key for key in ("sso_account_id", "credential_process") if profile.has(key)]
        if others and any(map(profile.has, (*_SOURCES, "web_identity_token_file"))):
            message = f"profile `{name}` has a role and `{others[0]}`"
            fix = f"move {either(others[:1])} to a profile of its own"
            yield found("role-beside-source", profile, others[0], message, fix)


def old_forms(shared: Shared) -> Iterator[Finding]:
    """Settings that have a newer form."""
    for section, name in shared.sections():
        for key, (rule, fix) in _OLD.items():
            if key in section.origins:
                message = f"`{key}` is an old name" if "token" in rule else f"`{key}` is outdated"
                yield finding(rule, section.origins[key], message, fix=fix, profile=name)
    for name, profile in shared.profiles.items():
        if profile.has("sso_start_url") and not profile.has("sso_session"):
            message = f"profile `{name}` has single sign-on in the old form, which renews no login"
            fix = "put `sso_start_url` and `sso_region` into an `[sso-session NAME]` and name it"
            yield found("sso-old-form", profile, "sso_start_url", message, fix)
