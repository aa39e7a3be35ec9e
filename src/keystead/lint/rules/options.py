"""Rules on settings that do not match the rest of their profile."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.lint.finding import ERROR, INFO, WARNING, Problem, Readers
from keystead.lint.rules.roles import following
from keystead.lint.rules.sso import ACCOUNT
from keystead.lint.subject import KEY, SECRET, Shared, found, rule
from keystead.model import account, helper_ring
from keystead.model.assume_role import OPTIONS
from keystead.model.dotnet import goes_on, profile_type, stray
from keystead.model.plan import CHAINED_SECONDS
from keystead.model.profile import Profile
from keystead.model.programs import SETTING as PROGRAMS
from keystead.model.programs import is_interpreter, is_path, named_programs
from keystead.model.search import AFTER_KEYS
from keystead.model.settings import SETTINGS
from keystead.model.sources.process import SETTING
from keystead.model.sources.web_identity import WebIdentity
from keystead.near import either

_WITH_TOKEN = WebIdentity.types[0].optional
_SOURCES = ("source_profile", "credential_source")
_TOKEN_FILE = "web_identity_token_file"  # noqa: S105  # the name of a setting


@rule(
    "program-by-name",
    INFO,
    "`programs` names a program without its folder: any file of that name is allowed",
    fix="name its path, such as that of `command -v`",
)
def program_by_name(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having(PROGRAMS):
        for named in named_programs(profile):
            if not is_interpreter(named) and not is_path(named):
                message = f"`{PROGRAMS}` of profile `{name}` names `{named}` without its folder"
                yield found(profile, PROGRAMS, message)


@rule(
    "program-interpreter",
    ERROR,
    "`programs` names an interpreter, which runs any program that it is given",
    fix="name the path of the program itself, or use `confirm`",
)
def program_interpreter(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having(PROGRAMS):
        for named in filter(is_interpreter, named_programs(profile)):
            message = f"`{PROGRAMS}` of profile `{name}` names the interpreter `{named}`"
            yield found(profile, PROGRAMS, message)


@rule(
    "option-without-role",
    WARNING,
    "a role option or source is set without a role",
    fix="add `role_arn`, or remove it",
    readers=Readers(
        "not used",
        "not used",
        "not used",
        "profile invalid, but for `duration_seconds`",
        "keystead: `mfa_serial` with keys makes the MFA session that endpoints serve",
    ),
)
def option_without_role(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having(*OPTIONS, *_SOURCES):
        for key in filter(profile.has, () if profile.has("role_arn") else (*OPTIONS, *_SOURCES)):
            hides = ""
            if not profile_type(profile) and stray(profile) == key:
                hides = f", so the .NET SDK does not use the profile{goes_on(name)}"
            yield found(profile, key, f"profile `{name}` has `{key}` and no role{hides}")


@rule(
    "token-file-without-role",
    ERROR,
    "a web identity has no role",
    fix="add `role_arn`, or remove `web_identity_token_file`",
    readers=Readers(
        "ignored", "an error", "ignored", "profile invalid", "keystead, Kotlin: an error"
    ),
)
def token_file_without_role(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having(_TOKEN_FILE):
        if profile.has(_TOKEN_FILE) and not profile.has("role_arn"):
            yield found(profile, _TOKEN_FILE, f"profile `{name}` has a token file and no role")


@rule(
    "option-not-used",
    WARNING,
    "a web identity has an option that it does not use",
    fix="remove it",
    readers=Readers("not used", "not used", "not used", "profile invalid"),
)
def option_not_used(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having(_TOKEN_FILE):
        if profile.has("role_arn") and profile.has(_TOKEN_FILE):
            for key in OPTIONS:
                if key not in _WITH_TOKEN and profile.has(key):
                    message = f"a web identity of profile `{name}` does not use `{key}`"
                    yield found(profile, key, message)


@rule(
    "option-beside-credential-source",
    WARNING,
    "a role has a credential source and an external id or an MFA device",
    fix="remove it, or assume the role by a `source_profile`",
    readers=Readers("the role", "the role", "the role", "profile invalid"),
)
def option_with_credential_source(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having("credential_source"):
        extra = [key for key in ("external_id", "mfa_serial") if profile.has(key)]
        if extra and profile.has("role_arn") and profile.has("credential_source"):
            message = f"profile `{name}` has `{extra[0]}` and `credential_source`"
            yield found(profile, extra[0], message)


@rule(
    "role-on-own-keys",
    INFO,
    "a profile names itself as the source of its role",
    fix="for .NET and PowerShell, move the keys to a separate profile",
    readers=Readers(
        "the role, by its own keys",
        "the role, by its own keys",
        "the role, by its own keys",
        "an error",
    ),
)
def role_on_own_keys(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having("source_profile"):
        own = profile.text("source_profile") == name and profile.has(KEY)
        if own and profile.has("role_arn"):
            message = f"profile `{name}` names itself as the source of its role"
            yield found(profile, "source_profile", message)


@rule(
    "role-beside-source",
    WARNING,
    "a profile has a role of another source and a source such as single sign-on or a program",
    readers=Readers(
        "the role",
        "the role",
        "the role",
        "profile invalid, but the role with `login_session`",
        "Java: single sign-on, Go: an error with a program",
    ),
)
def role_with_source(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having("role_arn"):
        others = [key for key in ("sso_account_id", *AFTER_KEYS) if profile.has(key)]
        has_source = any(map(profile.has, (*_SOURCES, _TOKEN_FILE)))
        if others and has_source and profile.has("role_arn"):
            message = f"profile `{name}` has a role and `{others[0]}`"
            fix = f"move {either(others[:1])} to a separate profile"
            yield found(profile, others[0], message, fix)


@rule(
    "duration-in-chain",
    WARNING,
    "a role that is assumed with a session asks for more than an hour",
    fix=f"write `duration_seconds = {CHAINED_SECONDS}` or less",
    readers=Readers(
        "refused by STS", "refused by STS", "", "not used", "keystead: asks for an hour"
    ),
)
def duration_in_chain(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having("duration_seconds"):
        text = profile.text("duration_seconds") or ""
        fits = SETTINGS["duration_seconds"].fits(text)
        if fits and int(text or 0) > CHAINED_SECONDS and _is_chained(shared, profile):
            message = f"the role of profile `{name}` is assumed with a session, for an hour at most"
            yield found(profile, "duration_seconds", message)


def _is_chained(shared: Shared, profile: Profile) -> bool:
    """Whether the role is assumed with the session of another role."""
    if not profile.has("role_arn") or profile.has(_TOKEN_FILE):
        return False
    ambient = (profile.text("credential_source") or "").lower()
    if ambient in ("ec2instancemetadata", "ecscontainer"):
        return True
    source = shared.profiles.get(profile.text("source_profile") or "")
    if source is None or source.name == profile.name or (source.has(KEY) and source.has(SECRET)):
        return False
    return source.has("role_arn") or all(map(source.has, ACCOUNT))


@rule(
    "helper-ring",
    ERROR,
    "a `credential_process` asks keystead or the AWS CLI for credentials that need its own output",
    fix=helper_ring.FIX,
)
def helper_rings(shared: Shared) -> Iterator[Problem]:
    walked: set[str] = set()
    for start, profile in shared.having(SETTING):
        if not profile.has(SETTING):
            continue
        path: list[str] = []
        name: str | None = start
        while name and name in shared.profiles and name not in shared.elsewhere:
            if name in walked:
                break
            walked.add(name)
            path.append(name)
            name = _needed(shared.profiles[name])
        ring = path[path.index(name) :] if name and name in path else []
        helped = next((p for p in map(shared.profiles.__getitem__, ring) if _is_helped(p)), None)
        if helped:
            whole = " > ".join([*ring, ring[0]])
            message = f"`{SETTING}` asks for credentials that need its own output: {whole}"
            yield found(helped, SETTING, message)


def _needed(profile: Profile) -> str | None:
    """The profile whose credentials it requires."""
    if _is_helped(profile):
        return helper_ring.asked_profile(profile.text(SETTING) or "")
    return following(profile)


def _is_helped(profile: Profile) -> bool:
    return profile.type is not None and profile.type.name == "CredentialProcess"


@rule(
    "other-account",
    ERROR,
    "a profile gives another account's credentials than its `aws_account_id` says",
    fix=account.FIX,
    readers=Readers(others="keystead: refused"),
)
def other_account(shared: Shared) -> Iterator[Problem]:
    for _, profile in shared.having(account.SETTING):
        problem = account.settings_mismatch(profile)
        if problem:
            yield found(profile, account.SETTING, problem)
