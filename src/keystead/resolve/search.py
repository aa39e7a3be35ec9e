"""Where credentials and region come from when nobody names a profile.

The order is that of the AWS CLI and SDKs: keys in the environment, then the profile that the
environment names, then ``default``. A source that is not set up is passed over; one that is set
up and broken ends the search.
"""

from __future__ import annotations

from collections.abc import Mapping

from keystead.errors import NotConfigured, ProfileInvalid, ProfileNotFound
from keystead.model.credentials import Credentials
from keystead.model.profile import ProfileSource

DEFAULT_PROFILE = "default"
PROFILE_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
"""The variables that name a profile, the one that counts first."""


def environment_credentials(environ: Mapping[str, str]) -> Credentials | None:
    """The keys in the environment, None when there are none.

    Raises `ProfileInvalid` for half a pair, which no SDK uses.
    """
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not key and not secret:
        return None
    if not key or not secret:
        given, missing = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")[:: 1 if key else -1]
        raise ProfileInvalid(
            f"the environment has `{given}` without `{missing}`", hint="set or unset both"
        )
    return Credentials(key, secret, environ.get("AWS_SESSION_TOKEN") or None, source="environment")


def default_profile(environ: Mapping[str, str], source: ProfileSource) -> str:
    """The profile to use when none is asked for and the environment has no keys.

    Raises `ProfileNotFound` when the environment names one that is not there, `NotConfigured`
    when it names none and there is no ``default``.
    """
    for variable in PROFILE_VARIABLES:
        named = environ.get(variable)
        if named:
            try:
                return source.find(named).name
            except ProfileNotFound as error:
                raise ProfileNotFound(
                    f"`{variable}` names the profile `{named}`, which does not exist",
                    hint=error.hint,
                ) from error
    try:
        return source.find(DEFAULT_PROFILE).name
    except ProfileNotFound as error:
        raise NotConfigured(
            "no credentials: the environment has none and there is no profile `default`",
            hint="name a profile, set AWS_PROFILE, or make `default` with `keystead set default`",
        ) from error


def environment_region(environ: Mapping[str, str]) -> str | None:
    """The region that the environment sets: ``AWS_REGION``, else ``AWS_DEFAULT_REGION``."""
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or None
