"""The parameters that say which credentials and which region are meant, for all cmdlets.

A cmdlet with parameter sets puts its own ``sets`` and ``position`` into them.
"""

from __future__ import annotations

from dataclasses import replace

from keystead.powershell.cmdlet import Parameter
from keystead.powershell.unsupported import PARAMETERS

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
    "the token that goes with temporary keys",
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
    "the shared credentials file to look the profile up in",
    aliases=("AWSProfilesLocation", "ProfilesLocation"),
    yields_to="ProfileName",
)
CREDENTIAL = Parameter(
    "Credential", "a credentials object", kind="object", never_empty=True, piped=True
)
REGION = Parameter(
    "Region", "the region to call", aliases=("RegionToCall",), never_empty=True, values="region"
)

SERVICE_PARAMETERS = tuple(
    replace(row, by_property=False)
    for row in (
        ACCESS_KEY,
        SECRET_KEY,
        SESSION_TOKEN,
        PROFILE_NAME,
        PROFILE_LOCATION,
        CREDENTIAL,
        REGION,
        Parameter("EndpointUrl", "the address to call instead of the service's own"),
    )
)
"""What every service cmdlet takes in addition to its own parameters."""

FORCE = Parameter("Force", "do not ask", kind="switch", by_property=False)
"""The switch that answers the cmdlet's own question; never a member of a request."""

UNSUPPORTED = tuple(
    Parameter(name, "not supported", kind="any", by_property=False, refused=PARAMETERS[name])
    for name in ("ClientConfig", "NetworkCredential")
)
"""What every service cmdlet of the AWS Tools takes and keystead refuses."""
