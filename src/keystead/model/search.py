"""The default search: what is used when nobody names a profile, in botocore's order. Pure.

Keys in the environment; a role of the profile that the environment names, else of ``default``; a
web identity in the environment; whatever else that profile gives; the container's endpoint; the
EC2 metadata service. What is not set up is passed over; what is set up and broken ends the search.
"""

from __future__ import annotations

from collections.abc import Mapping

from keystead.errors import NotConfigured, ProfileInvalid, ProfileNotFound
from keystead.model.client_settings import NO_CLIENT_SETTINGS, client_settings
from keystead.model.plan import Base, Plan, make_plan
from keystead.model.profile import Profile, ProfileSource

DEFAULT_PROFILE = "default"
NO_PROFILE = ""
"""What a plan has for a profile that comes from none."""

_PROFILE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
KEY_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_ROLE = "AWS_ROLE_ARN"
_TOKEN_FILE = "AWS_WEB_IDENTITY_TOKEN_FILE"  # noqa: S105  # a variable's name
_SESSION_NAME = "AWS_ROLE_SESSION_NAME"
_CONTAINER = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
_NO_METADATA = "AWS_EC2_METADATA_DISABLED"
_ROLES = ("AssumeRole", "AssumeRoleCredentialSource")


def default_profile(environ: Mapping[str, str], source: ProfileSource) -> Profile | None:
    """The profile that the environment names, else ``default``; None when that is not there.

    Raises `ProfileNotFound` when the environment names one that is not there.
    """
    for variable in _PROFILE:
        named = environ.get(variable)
        if named:
            try:
                return source.find(named)
            except ProfileNotFound as error:
                raise ProfileNotFound(
                    f"`{variable}` names the profile `{named}`, which does not exist",
                    hint=error.hint,
                ) from error
    try:
        return source.find(DEFAULT_PROFILE)
    except ProfileNotFound:
        return None


def settings_profile(environ: Mapping[str, str], source: ProfileSource) -> Profile | None:
    """The profile whose region and addresses apply when no profile is named; None for none.

    Keys in the environment need no profile, so with them a missing one is not an error. Otherwise
    raises as `default_profile`.
    """
    try:
        return default_profile(environ, source)
    except ProfileNotFound:
        if has_keys(environ):
            return None
        raise


def environment_profile(environ: Mapping[str, str]) -> Profile:
    """What the environment sets by itself, as a profile that stands nowhere."""
    given = {
        "role_arn": environ.get(_ROLE, ""),
        "web_identity_token_file": environ.get(_TOKEN_FILE, ""),
        "role_session_name": environ.get(_SESSION_NAME, ""),
    }
    return Profile(NO_PROFILE, {name: text for name, text in given.items() if text})


def default_plan(environ: Mapping[str, str], source: ProfileSource) -> Plan:
    """The plan that the search comes to.

    Raises `NotConfigured` when it comes to nothing, `ProfileNotFound` when the environment names a
    profile that is not there, and what `make_plan` raises.
    """
    if has_keys(environ):
        return _plan(Base("environment", NO_PROFILE), environ, source)
    profile = default_profile(environ, source)
    kind = profile.type.name if profile and profile.type else None
    if profile and kind in _ROLES:
        return make_plan(profile.name, source)
    if environ.get(_TOKEN_FILE):
        return _plan(_web_identity(environ), environ, source)
    if profile and profile.is_set_up:
        return make_plan(profile.name, source)
    if any(environ.get(name) for name in _CONTAINER):
        return _plan(Base("container", NO_PROFILE), environ, source)
    if environ.get(_NO_METADATA, "").lower() != "true":
        return _plan(Base("ec2", NO_PROFILE), environ, source)
    raise nothing_configured()


def has_keys(environ: Mapping[str, str]) -> bool:
    """Whether the environment has keys. Raises `ProfileInvalid` for half a pair."""
    given = [name for name in KEY_VARIABLES if environ.get(name)]
    if len(given) == 1:
        missing = next(name for name in KEY_VARIABLES if name not in given)
        raise ProfileInvalid(
            f"the environment has `{given[0]}` without `{missing}`", hint="set or unset both"
        )
    return bool(given)


def nothing_configured() -> NotConfigured:
    """The error for a search that came to nothing."""
    return NotConfigured(
        "no credentials: the environment has none and there is no profile `default` with any",
        hint="name a profile, set AWS_PROFILE, or make `default` with `keystead set default`",
    )


def _plan(base: Base, environ: Mapping[str, str], source: ProfileSource) -> Plan:
    # As in botocore, the profile sets how requests go, whatever gives the credentials.
    profile = settings_profile(environ, source)
    found = client_settings(profile, source) if profile else NO_CLIENT_SETTINGS
    return Plan(NO_PROFILE, base, client_settings=found)


def _web_identity(environ: Mapping[str, str]) -> Base:
    if not environ.get(_ROLE):
        raise ProfileInvalid(
            f"the environment has `{_TOKEN_FILE}` without `{_ROLE}`", hint="set or unset both"
        )
    name = environ.get(_SESSION_NAME) or None
    return Base("web-identity", NO_PROFILE, role_arn=environ[_ROLE], role_session_name=name)
