"""The parameters for credentials and region, and the credentials and region that result.

The order of the AWS Tools for PowerShell: parameters, the named profile, a credentials object,
``$StoredAWSCredentials``, the environment, the default profiles, the machine. docs/differences.md
has the differences.
"""

from __future__ import annotations

from collections.abc import Mapping

from keystead.app.selection import Location
from keystead.audit.grantee import Grantee
from keystead.errors import ProfileNotFound, UsageError
from keystead.model.client_settings import NO_CLIENT_SETTINGS, ClientSettings
from keystead.model.credentials import Credentials
from keystead.model.ordinal_case import folded
from keystead.model.profile import Profile, ProfileSource, SettingValue, check_writable
from keystead.model.search import DEFAULT_PROFILE, default_profile
from keystead.model.sources.environment import has_keys
from keystead.powershell.cmdlet import Parameter, Values
from keystead.powershell.engine.credential_objects import (
    keys_object,
    profile_object,
    role_object,
)
from keystead.powershell.engine.state import State
from keystead.powershell.objects import AwsObject
from keystead.resolve.resolver import ProfileCredentials, Resolver
from keystead.secret import reveal
from keystead.value import replace

ACCESS_KEY = Parameter("AccessKey", "the access key id", aliases=("AK",), never_empty=True)
SECRET_KEY = Parameter(
    "SecretKey",
    "the secret key",
    aliases=("SK", "SecretAccessKey"),
    secret=True,
    never_empty=True,
)
SESSION_TOKEN = Parameter(
    "SessionToken",
    "the session token of temporary credentials",
    aliases=("ST",),
    secret=True,
    never_empty=True,
)
PROFILE_NAME = Parameter(
    "ProfileName",
    "the name of a stored profile",
    aliases=("StoredCredentials", "AWSProfileName"),
    never_empty=True,
    values="profile",
)
PROFILE_LOCATION = Parameter(
    "ProfileLocation",
    "the shared credentials file that has the profile",
    aliases=("AWSProfilesLocation", "ProfilesLocation"),
    yields_to="ProfileName",
)
CREDENTIAL = Parameter(
    "Credential", "a credentials object", kind="object", never_empty=True, piped=True
)
REGION = Parameter(
    "Region", "the region to call", aliases=("RegionToCall",), never_empty=True, values="region"
)

KEYS_SET, ROLE_SET = "BasicOrSession", "AssumeRole"
PROFILE_SET, OBJECT_SET = "StoredProfile", "AWSCredentialsObject"
CREDENTIAL_SETS = (KEYS_SET, ROLE_SET, PROFILE_SET, OBJECT_SET)

SCOPE = Parameter(
    "Scope",
    "the scope of the variable; `keystead shell` has a single scope",
    kind="choice",
    values=("Global", "Local", "Script", "Private"),
)


def location_parameter(
    meaning: str, sets: Mapping[str, bool] | None = None, position: int | None = None
) -> Parameter:
    """``-ProfileLocation`` as one cmdlet takes it."""
    return replace(PROFILE_LOCATION, meaning=meaning, sets=sets, position=position)


_LOCATION = location_parameter(
    "use only this shared credentials file; default: the encrypted store, then ~/.aws",
    position=201,
)


def profile_parameter(sets: dict[str, bool], position: int = 200) -> Parameter:
    """``-ProfileName`` as one cmdlet takes it."""
    return replace(PROFILE_NAME, sets=sets, position=position)


# What says which credentials are meant, in New-, Set- and Initialize-.
CREDENTIAL_PARAMETERS = (
    replace(ACCESS_KEY, sets={KEYS_SET: True}),
    replace(SECRET_KEY, sets={KEYS_SET: True}),
    replace(SESSION_TOKEN, sets={KEYS_SET: False}),
    Parameter("RoleArn", "the role to assume", sets={ROLE_SET: True}),
    Parameter(
        "SourceProfile",
        "the profile whose credentials assume the role",
        sets={ROLE_SET: True},
        values="profile",
    ),
    Parameter("ExternalID", "the external ID that the role requires", sets={ROLE_SET: False}),
    Parameter("MfaSerial", "the MFA device, by serial number or ARN", sets={ROLE_SET: False}),
    replace(CREDENTIAL, sets={OBJECT_SET: True}),
    _LOCATION,
)

OLD_DEFAULT = "AWS PS Default"
"""The default profile of the oldest versions of the AWS Tools for PowerShell."""

_OF_ROLE = ("RoleArn", "SourceProfile", "ExternalID", "MfaSerial", "ProfileLocation")

_SETTING_OF = {
    "AccessKey": "aws_access_key_id",
    "SecretKey": "aws_secret_access_key",
    "SessionToken": "aws_session_token",
    "RoleArn": "role_arn",
    "SourceProfile": "source_profile",
    "ExternalID": "external_id",
    "MfaSerial": "mfa_serial",
    "Region": "region",
}


def profile_settings(values: Values) -> dict[str, SettingValue]:
    """The settings that the parameters give, by their names in shared files."""
    return {
        setting: values[parameter]
        for parameter, setting in _SETTING_OF.items()
        if values.get(parameter)
    }


def given_credentials(state: State, values: Values) -> AwsObject | None:
    """The credentials that the parameters give, None if they give none.

    Raises `UsageError` for half a pair of keys, and whatever finding a profile raises.
    """
    if values.get("RoleArn") and values.get("SourceProfile"):
        return _role_of(state, values)
    if values.get("AccessKey") or values.get("SecretKey"):
        return _keys_of(values)
    if values.get("ProfileName"):
        name, location = values["ProfileName"], values.get("ProfileLocation")
        return profile_object(state.app, name, location, values.get("Region") or state.region)
    given = values.get("Credential")
    if given is None:
        return None
    if not isinstance(given, AwsObject) or given.retrieve is None:
        raise UsageError(
            "-Credential takes a credentials object",
            id="invalid-parameter-value",
            hint="make one with `$c = New-AWSCredential ...` and give `-Credential $c`",
        )
    return given


def find_credentials(state: State, values: Values) -> AwsObject:
    """The credentials to use: from parameters, else the shell's, else from the default search.

    If `default` gives none there, `AWS PS Default` is tried. Raises `NotConfigured` if there are
    none.
    """
    given = given_credentials(state, values)
    if given:
        state.verbose_message(f"credentials: from {given.source}")
        return given
    if state.credentials:
        state.verbose_message("credentials: those of the shell")
        return state.credentials
    # Keys in the environment take precedence over profiles at a location.
    location = None if has_keys(state.app.system.environ) else values.get("ProfileLocation")
    region = values.get("Region") or state.region
    found = profile_object(state.app, _old_default(state, location), location, region)
    state.verbose_message(f"credentials: from {found.source}")
    return found


def retrieve_credentials(state: State, values: Values) -> Credentials:
    """The keys of `find_credentials`. Raises `UsageError` for an object that has none."""
    found = find_credentials(state, values)
    if found.retrieve is None:
        raise UsageError("the object has no credentials", id="not-a-credentials-object")
    return found.retrieve()


def find_client_settings(state: State, values: Values) -> ClientSettings:
    """How to call: the settings of the credentials' profile and of environment variables.

    The region is the first of: parameter, ``$StoredAWSRegion``, environment, that profile, the
    profile of the default search. Keys without a profile are not sent to any profile's endpoints.
    """
    name, location = values.get("ProfileName"), values.get("ProfileLocation")
    held = values.get("Credential")
    if held is None and not name and not values.get("AccessKey"):
        held = state.credentials
    if isinstance(held, AwsObject) and held.client_settings:
        found = held.client_settings
    else:
        found = state.app.select(name, location).client_settings
        if held is not None or (values.get("AccessKey") and not name):
            own = NO_CLIENT_SETTINGS.with_variables(state.app.system.environ)
            found = replace(own, region=found.region)
    region = values.get("Region") or state.region
    return replace(found, region=str(region)) if region else found


def find_region(state: State, values: Values) -> str | None:
    """The region to call."""
    return find_client_settings(state, values).region


def _old_default(state: State, location: Location) -> str | None:
    """`AWS PS Default` if it gives credentials and nothing with precedence does; else None."""
    environ = state.app.system.environ
    if has_keys(environ):
        return None
    profiles = state.app.snapshot(location)
    default = default_profile(environ, profiles)
    named = default is not None and folded(default.name) != folded(DEFAULT_PROFILE)
    if default is not None and (named or default.type is not None):
        return None
    try:
        return OLD_DEFAULT if profiles.find(OLD_DEFAULT).type is not None else None
    except ProfileNotFound:
        return None


def keys_to_save(given: AwsObject | None) -> dict[str, SettingValue]:
    """The settings that save fixed keys. Raises `UsageError` for credentials of another kind."""
    if given is None or given.keys is None:
        source = given.source if given else "nowhere"
        name = given.profile if given else None
        raise UsageError(
            f"credentials from {source} cannot be saved as keys: they expire, or are renewed",
            id="credentials-not-storable",
            hint=f"copy their profile: -StoreAs NAME -ProfileName {name}"
            if name
            else "save the role: -StoreAs NAME -SourceProfile NAME -RoleArn ARN",
        )
    keys = {
        "aws_access_key_id": given.keys.access_key_id,
        "aws_secret_access_key": given.keys.secret_access_key,
        "aws_session_token": given.keys.session_token,
    }
    return {key: value for key, value in keys.items() if value}


def _keys_of(values: Values) -> AwsObject:
    for one, other in (("AccessKey", "SecretKey"), ("SecretKey", "AccessKey")):
        if values.get(one) and not values.get(other):
            raise UsageError(f"-{one} was given without -{other}", id="missing-parameter")
    token = values.get("SessionToken")
    return keys_object(
        Credentials(
            values["AccessKey"],
            reveal(values["SecretKey"]),
            reveal(token) if token else None,
            source="parameters",
        )
    )


class _With:
    """A source of profiles with an additional one that is not stored."""

    def __init__(self, extra: Profile, rest: ProfileSource) -> None:
        self._extra = extra
        self._rest = rest

    def find(self, name: str) -> Profile:
        return self._extra if name == self._extra.name else self._rest.find(name)

    def sso_session(self, name: str) -> Mapping[str, str]:
        return self._rest.sso_session(name)

    def services(self, name: str) -> Mapping[str, SettingValue]:
        return self._rest.services(name)


def _role_of(state: State, values: Values) -> AwsObject:
    app = state.app
    profile = Profile("the given role", profile_settings(values))
    check_writable(profile)
    source = _With(profile, app.snapshot(values.get("ProfileLocation")))
    region = find_region(state, values)
    resolver = Resolver(
        app.system,
        source,
        lambda: app.mfa_codes,
        lambda: app.sessions,
        lambda: app.logins,
        region=region,
    )
    plan = resolver.plan(profile.name)
    grantee = Grantee("cmdlet")
    provider = ProfileCredentials(
        app.system, resolver, plan, lambda found: app.record_grant(None, found, grantee)
    )
    made = role_object(provider)
    again = {name: str(values[name]) for name in _OF_ROLE if values.get(name)}
    return replace(made, source="the role given", again=again)
