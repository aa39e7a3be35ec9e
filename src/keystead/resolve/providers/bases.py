"""The first credentials of a plan, by the kind of its base: `BASES` has a row for each.

What a kind needs is loaded when it is its turn: most plans start from keys in a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from keystead.errors import InteractionRequired, NotConfigured, ProfileInvalid, ProviderError
from keystead.model.account import require_account_of
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.model.one_line import require_keys_on_one_line
from keystead.model.plan import Base, Plan
from keystead.model.profile import Profile
from keystead.model.search import nothing_configured
from keystead.outside import parse_moment
from keystead.resolve.cache_key import base_inputs
from keystead.resolve.providers import environment as search
from keystead.system import System

if TYPE_CHECKING:
    from keystead.resolve.program import Program


class Place(NamedTuple):
    """What a row of `BASES` works with: the profile, the outside world and how calls are made."""

    base: Base
    profile: Profile
    system: System
    client_settings: ClientSettings


def base_credentials(place: Place) -> Credentials:
    """The credentials that the plan starts from.

    Raises what the kind of base raises, and `ProfileInvalid` for those of another account than the
    profile is for.
    """
    row = BASES.get(place.base.kind)
    if row is None:
        raise ProfileInvalid(
            f"profile `{place.profile.name}` starts from {place.base.kind} credentials, "
            "which keystead cannot get yet",
            where=place.profile.where(),
        )
    found = row(place)
    if place.base.account_id is None:
        return found
    require_account_of(place.profile, found)
    return replace(found, account_id=found.account_id or place.base.account_id)


def is_cached(base: Base) -> bool:
    """Whether the credentials of the base are cached until they end.

    What a program prints may depend on anything, so that its profile has to say so.
    """
    return base.kind in {"sso", "web-identity"} or bool(base.cached)


def is_local(base: Base) -> bool:
    """Whether the credentials are had without running or asking anything."""
    return base.kind in {"static", "environment"}


def identity(place: Place, plan: Plan) -> str | None:
    """What stands for the base in the names of sessions, where that is known before its credentials
    are; None: their key id stands for them.
    """
    base, _, system, settings = place
    seen: tuple[object, ...]
    if base.kind == "sso":
        from keystead.resolve.sso.credentials import login_identity

        seen = login_identity(base.sso_session, base.sso_start_url or "", system)
    elif base.kind == "web-identity":
        from keystead.resolve.providers.web_identity import read_token

        seen = (read_token(_token_file(place), system),)
    elif base.kind == "login":
        from keystead.resolve.providers.login import cache_folder

        seen = (str(cache_folder(system)),)
    elif base.cached:
        seen = tuple(program_of(place).cached_inputs(system))
    else:
        return None
    return base_inputs(plan, *seen, asdict(settings.endpoints), settings.region)


def input_files(place: Place) -> list[Path] | None:
    """The files, in addition to those that profiles are in, that the credentials depend on.

    None where that cannot be said, so that another process may find others.
    """
    base = place.base
    if base.kind == "web-identity":
        files: list[Path] | None = [_token_file(place)]
    elif base.kind == "container":
        named = place.system.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        files = [Path(named)] if named else []
    elif base.kind == "sso":
        from keystead.resolve.sso.credentials import token_file

        files = [token_file(base.sso_session, base.sso_start_url or "", place.system)]
    elif base.kind == "process":
        files = program_of(place).files() if base.cached else None
    else:
        files = []
    return None if files is None or not all(map(Path.is_absolute, files)) else files


def program_of(place: Place, setting: str = "credential_process") -> Program:
    """The program that a setting of the profile names."""
    from keystead.resolve.program import Program

    return Program(setting, place.profile)


def _token_file(place: Place) -> Path:
    return place.system.folders.expand(place.profile.text("web_identity_token_file") or "")


def static(place: Place) -> Credentials:
    """The keys that stand in the profile itself."""
    profile = place.profile
    require_keys_on_one_line(profile)
    key, secret = profile.text("aws_access_key_id"), profile.text("aws_secret_access_key")
    if not key or not secret:
        raise ProfileInvalid(f"profile `{profile.name}` has no keys", where=profile.where())
    token = profile.text("aws_session_token")
    ends = _end_of_keys(profile, place.system.clock()) if token else None
    return Credentials(key, secret, token, ends, source=f"profile {profile.name}")


_ENDS = ("aws_session_expiration", "x_security_token_expires", "aws_expiration", "expiration")
"""Settings by which tools that write session keys into the shared files say their end."""

_ANY_ZONE = timedelta(hours=12)
"""How much later a time may be that names no zone: UTC-12 is the last one."""


def _end_of_keys(profile: Profile, now: datetime) -> datetime | None:
    """When the session keys in a profile end, where they say so with a time zone.

    Raises `InteractionRequired` for keys that have ended.
    """
    for setting in _ENDS:
        text = profile.text(setting) or ""
        try:
            ends = parse_moment(text)
        except ValueError:
            continue  # it is not a time, or another tool's word for something else
        has_zone = datetime.fromisoformat(text).tzinfo is not None
        if now >= ends + (timedelta(0) if has_zone else _ANY_ZONE):
            raise InteractionRequired(
                f"the session keys of profile `{profile.name}` ended at {text}",
                hint="get new ones with the tool that wrote them",
                where=profile.where(setting),
            )
        return ends if has_zone else None
    return None


def environment(place: Place) -> Credentials:
    """The keys in the environment. Raises `NotConfigured` when there are none."""
    where = place.profile.where("credential_source")
    takes = f"profile `{place.profile.name}` takes its keys from the environment"
    try:
        found = search.environment_credentials(place.system.environ)
    except ProfileInvalid as error:
        if not place.profile.name:
            raise
        message = f"{takes} by its `credential_source`, and {error.message}"
        raise ProfileInvalid(message, hint=error.hint, where=where) from error
    if found is None:
        hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise NotConfigured(f"{takes}, which has none", hint=hint, where=where)
    return found


def process(place: Place) -> Credentials:
    """What the program of ``credential_process`` prints."""
    from keystead.resolve.program import process_credentials

    return process_credentials(program_of(place), place.system)


def container(place: Place) -> Credentials:
    """What the container's endpoint hands out."""
    from keystead.resolve.providers.container import container_credentials

    return container_credentials(place.system)


def ec2(place: Place) -> Credentials:
    """What EC2's metadata service hands out, by the settings of the profile."""
    from keystead.resolve.providers.ec2 import ec2_credentials

    profile = place.profile
    try:
        return ec2_credentials(
            place.system,
            endpoint=profile.text("ec2_metadata_service_endpoint"),
            mode=profile.text("ec2_metadata_service_endpoint_mode"),
            v1_disabled=(profile.text("ec2_metadata_v1_disabled") or "true").lower() != "false",
        )
    except NotConfigured:
        if profile.name:
            raise
        raise nothing_configured() from None  # it was the last place of the default search
    except ProviderError as error:
        if profile.name:
            raise
        ways = ("if this is not an EC2 instance, name a profile or set AWS_PROFILE", error.hint)
        hint = "; ".join(filter(None, ways))
        raise ProviderError(error.message, hint=hint, code=error.code) from None


def web_identity(place: Place) -> Credentials:
    """What STS gives for the token in a file."""
    from keystead.resolve.providers.web_identity import web_identity_credentials

    base = place.base
    return web_identity_credentials(
        base.role_arn or "",
        _token_file(place),
        role_session_name=base.role_session_name or "",
        duration_seconds=base.duration_seconds,
        policy=base.policy,
        policy_arns=base.policy_arns,
        client_settings=place.client_settings,
        system=place.system,
    )


def sso(place: Place) -> Credentials:
    """What IAM Identity Center gives to who is logged in."""
    from keystead.resolve.sso.credentials import sso_credentials

    base = place.base
    return sso_credentials(
        session_name=base.sso_session,
        start_url=base.sso_start_url or "",
        region=base.region or "",
        account_id=base.sso_account_id or "",
        role_name=base.sso_role_name or "",
        profile=base.profile,
        system=place.system,
        client_settings=place.client_settings,
    )


def login(place: Place) -> Credentials:
    """What AWS's sign-in service gives to who is logged in by ``aws login``."""
    from keystead.resolve.providers.login import login_credentials

    return login_credentials(
        place.base.login_session or "",
        profile=place.base.profile,
        system=place.system,
        client_settings=place.client_settings,
    )


BASES: Mapping[str, Callable[[Place], Credentials]] = {
    "static": static,
    "process": process,
    "sso": sso,
    "web-identity": web_identity,
    "environment": environment,
    "container": container,
    "ec2": ec2,
    "login": login,
}
"""How the credentials of each kind of `Base` are got."""
