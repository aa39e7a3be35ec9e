"""The one table of cmdlets: binding, help, completion and docs/cmdlets.md all come from it.

A new cmdlet is a row here and a function in the file of its kind. Names, aliases, parameter sets
and positions are those of the AWS Tools for PowerShell.
"""

from __future__ import annotations

from keystead.cmdlets import credential, service
from keystead.cmdlets.services.cmdlets import ServiceCmdlets
from keystead.cmdlets.services.discovery import DISCOVERY
from keystead.cmdlets.services.parameters import AS_JSON
from keystead.cmdlets.table_types import Cmdlet, Parameter, Registry

_KEYS, _ROLE, _STORED, _OBJECT = "BasicOrSession", "AssumeRole", "StoredProfile", "Credential"
_SOURCES = (_KEYS, _ROLE, _STORED, _OBJECT)

_LOCATION = Parameter(
    "ProfileLocation",
    "the shared credentials file to use alone; else the encrypted store, then ~/.aws",
    aliases=("AWSProfilesLocation", "ProfilesLocation"),
    position=201,
)
_STORE_AS = Parameter(
    "StoreAs", "the name to save the profile under", sets=dict.fromkeys(_SOURCES, False)
)


def _profile(sets: dict[str, bool], position: int | None = 200) -> Parameter:
    return Parameter(
        "ProfileName",
        "the name of a stored profile",
        aliases=("StoredCredentials", "AWSProfileName"),
        sets=sets,
        position=position,
        values="profile",
    )


# What says which credentials are meant, in New-, Set- and Initialize-.
_CREDENTIAL_PARAMETERS = (
    Parameter("AccessKey", "the access key id", aliases=("AK",), sets={_KEYS: True}),
    Parameter(
        "SecretKey",
        "the secret key",
        aliases=("SK", "SecretAccessKey"),
        sets={_KEYS: True},
        secret=True,
    ),
    Parameter(
        "SessionToken",
        "the token that goes with temporary keys",
        aliases=("ST",),
        sets={_KEYS: False},
        secret=True,
    ),
    Parameter("RoleArn", "the role to assume", sets={_ROLE: True}),
    Parameter(
        "SourceProfile",
        "the profile whose credentials assume the role",
        sets={_ROLE: True},
        values="profile",
    ),
    Parameter("ExternalID", "the id that a third party's role asks for", sets={_ROLE: False}),
    Parameter("MfaSerial", "the MFA device whose code is asked for", sets={_ROLE: False}),
    Parameter("Credential", "a credentials object", kind="object", sets={_OBJECT: True}),
    _LOCATION,
)

_REGION = Parameter("Region", "the region to call", aliases=("RegionToCall",), values="region")

# What every service cmdlet takes beside its own parameters.
COMMON_PARAMETERS = (
    Parameter("AccessKey", "the access key id", aliases=("AK",)),
    Parameter("SecretKey", "the secret key", aliases=("SK", "SecretAccessKey"), secret=True),
    Parameter("SessionToken", "the session token", aliases=("ST",), secret=True),
    Parameter(
        "ProfileName",
        "the profile whose credentials to use",
        aliases=("StoredCredentials", "AWSProfileName"),
        values="profile",
    ),
    Parameter(
        "ProfileLocation",
        "the shared credentials file to look the profile up in",
        aliases=("AWSProfilesLocation", "ProfilesLocation"),
    ),
    Parameter("Credential", "a credentials object", kind="object"),
    _REGION,
    Parameter("EndpointUrl", "the address to call instead of the service's own"),
)

_MFA = (
    Parameter("DurationInSeconds", "how long the credentials shall live", kind="int"),
    Parameter("SerialNumber", "the MFA device"),
    Parameter("TokenCode", "a code of the MFA device; asked for when left out", secret=True),
)

CMDLETS = Registry(
    (
        Cmdlet(
            "Set-AWSCredential",
            "save credentials as a profile, or set them for the shell",
            (
                *_CREDENTIAL_PARAMETERS,
                _profile({_STORED: True, _KEYS: False, _ROLE: False}),
                _STORE_AS,
            ),
            credential.set_credential,
            aliases=("Set-AWSCredentials",),
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
                Parameter(
                    "ProfileLocation",
                    "the shared credentials file to read alone",
                    aliases=("AWSProfilesLocation", "ProfilesLocation"),
                    sets={"SingleProfile": False, "ListName": False, "ListDetail": False},
                ),
            ),
            credential.get_credential,
            aliases=("Get-AWSCredentials",),
            default_set="Shell",
        ),
        Cmdlet(
            "Clear-AWSCredential",
            "forget the shell's credentials; with a name, remove that profile",
            (
                _profile({"Profile": True}, position=1),
                Parameter(
                    "ProfileLocation",
                    "the shared credentials file to remove the profile from",
                    aliases=("AWSProfilesLocation", "ProfilesLocation"),
                    sets={"Shell": False, "Profile": False},
                ),
                Parameter("Force", "do not ask", kind="switch", sets={"Profile": False}),
            ),
            credential.clear_credential,
            aliases=("Clear-AWSCredentials",),
            default_set="Shell",
            deprecated="use Remove-AWSCredentialProfile to remove a profile",
        ),
        Cmdlet(
            "Remove-AWSCredentialProfile",
            "remove a profile from the store in which it is found first",
            (
                Parameter(
                    "ProfileName",
                    "the profile to remove",
                    aliases=("StoredCredentials",),
                    sets={"Default": True},
                    position=1,
                    values="profile",
                ),
                Parameter(
                    "ProfileLocation",
                    "the shared credentials file to remove it from",
                    aliases=("AWSProfilesLocation", "ProfilesLocation"),
                    position=2,
                ),
                Parameter("Force", "do not ask", kind="switch"),
            ),
            credential.remove_profile,
        ),
        Cmdlet(
            "Initialize-AWSDefaultConfiguration",
            "make the profile `default`, and the shell's credentials and region from it",
            (
                *_CREDENTIAL_PARAMETERS,
                _profile({_STORED: True}),
                Parameter(
                    "Region",
                    "the default region",
                    aliases=("RegionToCall",),
                    position=210,
                    values="region",
                ),
            ),
            credential.initialize_defaults,
            aliases=("Initialize-AWSDefaults",),
            default_set="Region",
        ),
        Cmdlet(
            "Get-Content",
            "show a credentials file, its secrets masked",
            (Parameter("Path", "the file", sets={"Default": True}, position=0),),
            service.get_content,
        ),
        Cmdlet(
            "Use-STSRole",
            "assume a role",
            (
                Parameter("RoleArn", "the role to assume", sets={"Default": True}, position=0),
                Parameter("RoleSessionName", "the name of the session in logs", position=1),
                Parameter("Policy", "a session policy as JSON", position=2),
                Parameter("ExternalId", "the id that the role asks for"),
                *_MFA,
                *COMMON_PARAMETERS,
            ),
            service.use_sts_role,
            aliases=("Assume-STSRole",),
        ),
        Cmdlet(
            "Get-STSSessionToken",
            "temporary credentials for the same user, with MFA if wanted",
            (*_MFA, *COMMON_PARAMETERS),
            service.get_sts_session_token,
        ),
        Cmdlet(
            "Get-S3Bucket",
            "the S3 buckets",
            (Parameter("BucketName", "only this bucket", position=0), AS_JSON, *COMMON_PARAMETERS),
            service.get_s3_bucket,
            aliases=("List-S3Buckets",),
        ),
        *DISCOVERY,
    ),
    ServiceCmdlets(),
)
