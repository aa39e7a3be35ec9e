"""What cmdlets put out and take in: objects with named properties, as PowerShell shows them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from keystead.secret import Secret

if TYPE_CHECKING:
    from keystead.app import App, Location
    from keystead.model.client_settings import ClientSettings
    from keystead.model.credentials import Credentials
    from keystead.model.profile import Profile
    from keystead.resolve.resolver import ProfileCredentials

_SOURCE = "Amazon.Runtime.BasicAWSCredentials"
_TEMPORARY_SOURCE = "Amazon.Runtime.AssumeRoleAWSCredentials"
_SOURCES = {
    "environment": "the environment",
    "web-identity": "the environment",
    "container": "the container",
    "ec2": "the EC2 instance",
}
_OPTIONS = "Amazon.Runtime.AssumeRoleAWSCredentialsOptions"


@dataclass(frozen=True)
class AwsObject:
    """One object in a cmdlet's output.

    ``properties`` are shown in their order. ``retrieve`` gives the credentials that the object
    stands for, None when it stands for none; ``keys`` are set when these are fixed keys, which
    can be saved as a profile. ``text`` is what the object is where a text is due, such as the
    name of a region; ``profile`` the profile that it comes from, ``client_settings`` what calls
    with that one are made with, ``source`` in words where it comes from. ``again`` has the
    parameters of New-AWSCredential that make it anew, ``kind`` the name of its type where that is
    not the cmdlet's noun.
    """

    properties: Mapping[str, object]
    retrieve: Callable[[], Credentials] | None = field(default=None, repr=False)
    keys: Credentials | None = field(default=None, repr=False)
    text: str | None = None
    profile: str | None = None
    client_settings: ClientSettings | None = field(default=None, repr=False)
    source: str = "parameters"
    again: Mapping[str, str] | None = field(default=None, repr=False)
    kind: str | None = None

    def __str__(self) -> str:
        return self.text or f"object with {', '.join(self.properties)}"


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
    """The object for a role, with the columns and words of the documentation page."""
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
    """The credentials object of a stored profile, None: of what the default search comes to.

    A role is not assumed before it is used. Keys that end are got anew in time.
    """
    granted = app.granting("cmdlet")
    provider = app.profile_credentials(name, location, region, granted=granted)
    own = provider.plan.profile or None
    if provider.plan.steps:
        made = role_object(provider)
    else:
        found = provider.retrieve()
        made = replace(keys_object(found), retrieve=provider.retrieve)
        fixed = provider.plan.base.kind == "static" and not found.expires_at
        made = made if fixed else replace(made, keys=None)
    source = f"profile `{own}`" if own else _SOURCES.get(provider.plan.base.kind, "this machine")
    settings = app.select(own, location).client_settings if own else None
    named = {"ProfileName": name, "ProfileLocation": os.fspath(location) if location else None}
    again = {parameter: value for parameter, value in named.items() if value}
    return replace(made, profile=own, client_settings=settings, source=source, again=again)


def sts_object(answer: Mapping[str, object], credentials: Credentials) -> AwsObject:
    """An answer of STS that carries credentials, its secrets kept as such."""
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
