"""The first credentials of a plan, by the kind of its base: `BASES` has a row for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from keystead.errors import NotConfigured, ProfileInvalid
from keystead.model.credentials import Credentials
from keystead.model.plan import Base
from keystead.model.profile import Profile
from keystead.resolve import search
from keystead.resolve.process import process_credentials
from keystead.system import System


class Place(NamedTuple):
    """What a row of `BASES` works with: the profile, the outside world and the region in effect."""

    base: Base
    profile: Profile
    system: System
    region: str | None


def base_credentials(place: Place) -> Credentials:
    """The credentials that the plan starts from. Raises what the kind of base raises."""
    row = BASES.get(place.base.kind)
    if row is None:
        raise ProfileInvalid(
            f"profile `{place.profile.name}` starts from {place.base.kind} credentials, "
            "which keystead cannot get yet",
            where=place.profile.where(),
        )
    return row(place)


def static(place: Place) -> Credentials:
    """The keys that stand in the profile itself."""
    profile = place.profile
    key, secret = profile.text("aws_access_key_id"), profile.text("aws_secret_access_key")
    if not key or not secret:
        raise ProfileInvalid(f"profile `{profile.name}` has no keys", where=profile.where())
    token = profile.text("aws_session_token")
    return Credentials(key, secret, token, source=f"profile {profile.name}")


def environment(place: Place) -> Credentials:
    """The keys in the environment. Raises `NotConfigured` when there are none."""
    found = search.environment_credentials(place.system.environ)
    if found is None:
        raise NotConfigured(
            f"profile `{place.profile.name}` takes its keys from the environment, which has none",
            hint="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            where=place.profile.where("credential_source"),
        )
    return found


def process(place: Place) -> Credentials:
    """What the program of ``credential_process`` prints."""
    setting = "credential_process"
    command = place.profile.text(setting) or ""
    return process_credentials(command, place.system, place.profile.where(setting))


BASES: Mapping[str, Callable[[Place], Credentials]] = {
    "static": static,
    "process": process,
    "environment": environment,
}
"""How the credentials of each kind of `Base` are got."""
