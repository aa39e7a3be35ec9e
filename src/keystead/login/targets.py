"""Which login a profile needs, and the logins of all profiles. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from keystead.errors import KeysteadError, UsageError
from keystead.model.plan import make_plan
from keystead.model.profile import Profile, ProfileSource
from keystead.model.sources.container import Container
from keystead.model.sources.ec2 import Ec2
from keystead.model.sources.environment import Environment
from keystead.model.sources.login import Login
from keystead.model.sources.process import Process
from keystead.model.sources.sso import ACCOUNT, Sso
from keystead.model.sources.static import Static
from keystead.model.sources.web_identity import WebIdentity
from keystead.model.sso_login import SsoLogin
from keystead.value import assert_never

Target = SsoLogin | Login
"""What a person signs in to."""


def target_of(name: str, source: ProfileSource) -> Target:  # noqa: RET503  # of every kind
    """The login that the credentials of the profile ``name`` start from.

    Raises `UsageError` where they start from none, `ProfileNotFound`, and what planning raises.
    """
    profile = source.find(name)
    if not any(map(profile.has, ACCOUNT)) and (
        profile.has("sso_session") or profile.has("sso_start_url")
    ):
        return SsoLogin.of_profile(profile, source)  # for its token alone
    base = make_plan(name, source).base
    match base:
        case Sso():
            return SsoLogin.of_profile(source.find(base.profile), source)
        case Login():
            return base
        case Static() | Environment() | Process() | WebIdentity() | Container() | Ec2():
            raise UsageError(
                f"profile `{name}` needs no sign-in: {base.describe()}",
                id="login-not-needed",
                hint=f"`keystead plan {shlex.quote(name)}` shows where its credentials come from",
            )
        case _:
            assert_never(base)


def all_targets(
    profiles: Iterable[Profile], sessions: Iterable[str], source: ProfileSource
) -> list[Target]:
    """The logins of these profiles and sso-sessions, each once; what is not valid is left out."""
    found: dict[object, Target] = {}
    for profile in profiles:
        if any(map(profile.has, ("sso_session", "sso_start_url", "login_session"))):
            try:
                target = target_of(profile.name, source)
            except KeysteadError:
                continue
            found.setdefault(identity(target), target)
    for session in sessions:
        try:
            target = SsoLogin.of_session(session, source.sso_session(session))
        except KeysteadError:
            continue
        found.setdefault(identity(target), target)
    return list(found.values())


def identity(target: Target) -> object:
    """What tells one login from another."""
    if isinstance(target, SsoLogin):
        return target.session or (target.start_url,)
    return Login, target.login_session


def named(target: Target) -> str:
    """The login as the command line names it."""
    if isinstance(target, SsoLogin) and target.session:
        return f"--sso-session {shlex.quote(target.session)}"
    return shlex.quote(target.profile or "")
