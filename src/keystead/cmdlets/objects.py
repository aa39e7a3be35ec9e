"""What cmdlets put out and take in: objects with named properties, as PowerShell shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from keystead.app import App, Location
from keystead.model.credentials import Credentials
from keystead.model.profile import Profile
from keystead.resolve.resolver import ProfileCredentials
from keystead.secret import Secret

_SOURCE = "Amazon.Runtime.BasicAWSCredentials"
_TEMPORARY_SOURCE = "Amazon.Runtime.AssumeRoleAWSCredentials"
_OPTIONS = "Amazon.Runtime.AssumeRoleAWSCredentialsOptions"


@dataclass(frozen=True)
class AwsObject:
    """One object in a cmdlet's output.

    ``properties`` are shown in their order. ``retrieve`` gives the credentials that the object
    stands for, None when it stands for none; ``keys`` are set when these are fixed keys, which
    can be saved as a profile.
    """

    properties: Mapping[str, object]
    retrieve: Callable[[], Credentials] | None = field(default=None, repr=False)
    keys: Credentials | None = field(default=None, repr=False)


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
    """The credentials object of a stored profile. A role is not assumed before it is used."""
    granted = app.granting("cmdlet")
    provider = app.profile_credentials(name, location, region, granted=granted)
    return role_object(provider) if provider.plan.steps else keys_object(provider.retrieve())


def sts_object(answer: Mapping[str, object], credentials: Credentials) -> AwsObject:
    """An answer of STS that carries credentials, its secrets kept as such."""
    return AwsObject(answer, lambda: credentials, credentials)


def profile_row(profile: Profile) -> AwsObject:
    """A profile in a list of profiles."""
    return AwsObject(
        {
            "ProfileName": profile.name,
            "StoreTypeName": profile.store_type_name,
            "ProfileLocation": profile.location,
        }
    )
