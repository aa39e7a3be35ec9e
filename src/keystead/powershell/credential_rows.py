"""The rows of the credential cmdlets for the table of cmdlets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from keystead.powershell.cmdlet import Cmdlet, Parameter
from keystead.powershell.cmdlets import credential, default_configuration
from keystead.powershell.source_rows import (
    ACCESS_KEY,
    CREDENTIAL,
    PROFILE_LOCATION,
    PROFILE_NAME,
    REGION,
    SECRET_KEY,
    SESSION_TOKEN,
)

_KEYS, _ROLE = "BasicOrSession", "AssumeRole"
_STORED, _OBJECT = "StoredProfile", "AWSCredentialsObject"
_SOURCES = (_KEYS, _ROLE, _STORED, _OBJECT)

SCOPE = Parameter(
    "Scope",
    "the scope of the variable that it sets; all scopes of `keystead shell` are one",
    kind="choice",
    values=("Global", "Local", "Script", "Private"),
)


def _location(
    meaning: str, sets: Mapping[str, bool] | None = None, position: int | None = None
) -> Parameter:
    return replace(PROFILE_LOCATION, meaning=meaning, sets=sets, position=position)


_LOCATION = _location(
    "the shared credentials file to use alone; else the encrypted store, then ~/.aws",
    position=201,
)
_STORE_AS = Parameter(
    "StoreAs",
    "the name to save the profile under",
    sets=dict.fromkeys(_SOURCES, False),
    never_empty=True,
)


def _profile(sets: dict[str, bool], position: int = 200) -> Parameter:
    return replace(PROFILE_NAME, sets=sets, position=position)


# What says which credentials are meant, in New-, Set- and Initialize-.
_CREDENTIAL_PARAMETERS = (
    replace(ACCESS_KEY, sets={_KEYS: True}),
    replace(SECRET_KEY, sets={_KEYS: True}),
    replace(SESSION_TOKEN, sets={_KEYS: False}),
    Parameter("RoleArn", "the role to assume", sets={_ROLE: True}),
    Parameter(
        "SourceProfile",
        "the profile whose credentials assume the role",
        sets={_ROLE: True},
        values="profile",
    ),
    Parameter("ExternalID", "the id that a third party's role asks for", sets={_ROLE: False}),
    Parameter("MfaSerial", "the MFA device whose code is asked for", sets={_ROLE: False}),
    replace(CREDENTIAL, sets={_OBJECT: True}),
    _LOCATION,
)


CREDENTIAL_CMDLETS = (
    Cmdlet(
        "Set-AWSCredential",
        "save credentials as a profile, or set them for the shell",
        (
            *_CREDENTIAL_PARAMETERS,
            _profile({_STORED: True, _KEYS: False, _ROLE: False}),
            _STORE_AS,
            SCOPE,
        ),
        credential.set_credential,
        aliases=("Set-AWSCredentials",),
        changes=("StoreAs", "ProfileName"),
    ),
    Cmdlet(
        "New-AWSCredential",
        "make a credentials object that is stored nowhere",
        (*_CREDENTIAL_PARAMETERS, _profile({_STORED: True})),
        credential.new_credential,
        aliases=("New-AWSCredentials",),
    ),
    Cmdlet(
        "Get-AWSCredential",
        "the shell's credentials, those of a profile, or the list of profiles",
        (
            _profile({"SingleProfile": True}, position=1),
            Parameter(
                "ListProfile",
                "list names of profiles (deprecated)",
                aliases=("ListStoredCredentials", "ListProfiles"),
                kind="switch",
                sets={"ListName": True},
            ),
            Parameter(
                "ListProfileDetail",
                "list profiles with their store and location",
                kind="switch",
                sets={"ListDetail": True},
            ),
            _location(
                "the shared credentials file to read alone",
                sets={"SingleProfile": False, "ListName": False, "ListDetail": False},
            ),
        ),
        credential.get_credential,
        aliases=("Get-AWSCredentials",),
        default_set="Shell",
        outputs=lambda: ("ProfileName", "StoreTypeName", "ProfileLocation"),
    ),
    Cmdlet(
        "Clear-AWSCredential",
        "forget the shell's credentials; with a name, remove that profile",
        (
            _profile({"Profile": True}, position=1),
            _location(
                "the shared credentials file to remove the profile from",
                sets={"Shell": False, "Profile": False},
            ),
            Parameter("Force", "do not ask", kind="switch", sets={"Profile": False}),
            SCOPE,
        ),
        credential.clear_credential,
        aliases=("Clear-AWSCredentials",),
        default_set="Shell",
        deprecated="use Remove-AWSCredentialProfile to remove a profile",
        changes=("ProfileName",),
    ),
    Cmdlet(
        "Remove-AWSCredentialProfile",
        "remove a profile from the store in which it is found first",
        (
            _profile({"Default": True}, position=1),
            _location("the shared credentials file to remove it from", position=2),
            Parameter("Force", "do not ask", kind="switch"),
        ),
        credential.remove_profile,
        changes=("ProfileName",),
        asks=True,
    ),
    Cmdlet(
        "Initialize-AWSDefaultConfiguration",
        "make the profile `default`, and the shell's credentials and region from it",
        (
            *_CREDENTIAL_PARAMETERS,
            _profile({_STORED: True}),
            replace(
                REGION,
                meaning="the default region",
                sets={**dict.fromkeys(_SOURCES, False), "RegionOnly": True},
                position=210,
            ),
            SCOPE,
        ),
        default_configuration.initialize_defaults,
        aliases=("Initialize-AWSDefaults",),
        default_set="InstanceProfile",
        changes=(),
    ),
    Cmdlet(
        "Clear-AWSDefaultConfiguration",
        "remove the profile `default`, and forget the shell's credentials and region",
        (
            Parameter("SkipShell", "leave the shell's own as they are", kind="switch"),
            Parameter("SkipProfileStore", "leave the profile as it is", kind="switch"),
            _location("the shared credentials file to remove it from"),
            SCOPE,
        ),
        default_configuration.clear_defaults,
        aliases=("Clear-AWSDefaults",),
        changes=(),
    ),
)
