"""The objects for credentials and profiles that cmdlets output."""

from __future__ import annotations

import os
from collections.abc import Mapping

from keystead.app import App
from keystead.app.selection import Location
from keystead.audit.grantee import Grantee
from keystead.model.credentials import Credentials
from keystead.model.profile import Profile
from keystead.model.sources.static import Static
from keystead.powershell.objects import AwsObject
from keystead.resolve.resolver import ProfileCredentials
from keystead.secret import Secret
from keystead.value import replace

_SOURCE = "Amazon.Runtime.BasicAWSCredentials"
_TEMPORARY_SOURCE = "Amazon.Runtime.AssumeRoleAWSCredentials"
_OPTIONS = "Amazon.Runtime.AssumeRoleAWSCredentialsOptions"


def keys_object(credentials: Credentials) -> AwsObject:
    """The object for fixed keys: basic without a session token, session with one."""
    shown: dict[str, object] = {
        "AccessKey": credentials.access_key_id,
        "SecretKey": Secret(credentials.secret_access_key),
    }
    if credentials.session_token:
        shown["Token"] = Secret(credentials.session_token)
    return AwsObject(shown, lambda: credentials, credentials)


def role_object(provider: ProfileCredentials) -> AwsObject:
    """The object for a role, with the columns and values of AWS's documentation."""
    plan = provider.plan
    last = plan.steps[-1]
    shown = {
        "SourceCredentials": _SOURCE if len(plan.steps) == 1 else _TEMPORARY_SOURCE,
        "RoleArn": last.role_arn,
        "RoleSessionName": last.role_session_name,
        "Options": _OPTIONS,
    }
    return AwsObject(shown, provider.retrieve)


def profile_object(app: App, name: str | None, location: Location, region: str | None) -> AwsObject:
    """The credentials object of a stored profile; None is the result of the default search.

    A role is assumed when it is first used. Keys that expire are renewed.
    """
    provider = app.select(name, location, region=region).provider(Grantee("cmdlet"))
    own = provider.plan.profile or None
    if provider.plan.steps:
        made = role_object(provider)
    else:
        found = provider.retrieve()
        made = replace(keys_object(found), retrieve=provider.retrieve)
        fixed = isinstance(provider.plan.base, Static) and not found.expires_at
        made = made if fixed else replace(made, keys=None)
    source = f"profile `{own}`" if own else provider.plan.base.origin
    settings = app.select(own, location).client_settings if own else None
    named = {"ProfileName": name, "ProfileLocation": os.fspath(location) if location else None}
    again = {parameter: value for parameter, value in named.items() if value}
    return replace(made, profile=own, client_settings=settings, source=source, again=again)


def sts_object(answer: Mapping[str, object], credentials: Credentials) -> AwsObject:
    """An answer of STS that has credentials, its secrets masked."""
    return AwsObject(answer, lambda: credentials, credentials, source="an answer of STS")


def profile_row(profile: Profile) -> AwsObject:
    """A profile in a list of profiles."""
    return AwsObject(
        {
            "ProfileName": profile.name,
            "StoreTypeName": profile.store_type_name,
            "ProfileLocation": profile.location,
        },
        kind="ProfileInfo",
    )
