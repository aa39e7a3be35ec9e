"""Rules on single sign-on and ``services`` sections."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.lint.finding import ERROR, INFO, Problem, Readers
from keystead.lint.subject import NearNames, Shared, found, rule
from keystead.model.dotnet import VERSIONS, Hidden, Hides
from keystead.model.profile import Profile
from keystead.near import did_you_mean, either

ACCOUNT = ("sso_account_id", "sso_role_name")
_PORTAL = ("sso_start_url", "sso_region")


@rule(
    "sso-session-missing",
    ERROR,
    "an SSO session does not exist",
    readers=Readers("an error", "an error", "an error", "the list of all profiles is refused"),
)
def sso_session_missing(shared: Shared) -> Iterator[Problem]:
    near = NearNames(shared.sso_sessions)
    for name, profile in shared.having("sso_session"):
        wanted = profile.text("sso_session")
        if wanted is not None and wanted not in shared.sso_sessions:
            hidden = Hidden("sso_session", Hides.ALL, VERSIONS).consequence(name)
            message = (
                f"profile `{name}` names the SSO session `{wanted}`, which does not exist; {hidden}"
            )
            fix = _named(wanted, near, "sso-session")
            yield found(profile, "sso_session", message, fix)


@rule("sso-session-incomplete", ERROR, "an SSO session has no start URL or region")
def sso_session_incomplete(shared: Shared) -> Iterator[Problem]:
    for session, users in _sessions(shared):
        missing = [key for key in _PORTAL if not session.has(key)]
        if missing:
            message = f"the SSO session `{session.name}` has no {either(missing[:1])}"
            where = session.where() or users[0].origins["sso_session"]
            yield Problem(where, message, _add(missing))


@rule("sso-incomplete", ERROR, "a profile is missing a setting that single sign-on needs")
def sso_incomplete(shared: Shared) -> Iterator[Problem]:
    for name, profile in shared.having(*ACCOUNT):
        given = [key for key in ACCOUNT if profile.has(key)]
        needed = ACCOUNT if profile.text("sso_session") else (*ACCOUNT, *_PORTAL)
        missing = [key for key in needed if not profile.has(key)]
        if given and missing:
            message = f"profile `{name}` has no {either(missing[:1])}, which single sign-on needs"
            yield found(profile, given[0], message, _add(missing))


@rule(
    "sso-differs",
    ERROR,
    "a profile and its SSO session differ",
    fix="remove it from the profile",
    readers=Readers("an error", "an error", "an error", "the session's value"),
)
def sso_differs(shared: Shared) -> Iterator[Problem]:
    return _both_say(shared, same=False)


@rule(
    "sso-repeated",
    INFO,
    "a profile repeats a setting of its SSO session",
    fix="remove it from the profile",
)
def sso_repeated(shared: Shared) -> Iterator[Problem]:
    return _both_say(shared, same=True)


def _both_say(shared: Shared, *, same: bool) -> Iterator[Problem]:
    """Settings of both a profile and its SSO session, with the same value or different ones."""
    for session, users in _sessions(shared):
        for profile in users:
            for key in _PORTAL:
                both = profile.has(key) and session.has(key)
                if both and (profile.text(key) == session.text(key)) is same:
                    message = (
                        f"`{key}` of profile `{profile.name}` is {'' if same else 'not '}that of "
                        f"its SSO session `{session.name}`"
                    )
                    yield found(profile, key, message)


def _sessions(shared: Shared) -> Iterator[tuple[Profile, list[Profile]]]:
    """The SSO sessions with the profiles that use them."""
    users: dict[str, list[Profile]] = {}
    for _, profile in shared.having("sso_session"):
        users.setdefault(profile.text("sso_session") or "", []).append(profile)
    for name in users.keys() & shared.sso_sessions.keys():
        yield shared.sso_sessions[name], users[name]


@rule("services-missing", ERROR, "a services section does not exist")
def services_missing(shared: Shared) -> Iterator[Problem]:
    near = NearNames(shared.services)
    for name, profile in shared.having("services"):
        wanted = profile.text("services")
        if wanted and wanted not in shared.services:
            message = (
                f"profile `{name}` names the services section `{wanted}`, which does not exist"
            )
            yield found(profile, "services", message, _named(wanted, near, "services"))


def _named(wanted: str, near: NearNames, kind: str) -> str:
    """The fix for a missing section."""
    header = f"add `[{kind} {wanted}]` to the config file"
    return did_you_mean(near.of(wanted), otherwise=header)


def _add(missing: list[str]) -> str:
    return "add " + " and ".join(f"`{key}`" for key in missing)
