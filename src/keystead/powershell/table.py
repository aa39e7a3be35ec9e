"""The one table of cmdlets: binding, help, completion and docs/cmdlets.md all come from it.

A new cmdlet is a row here, or in the file of rows of its kind, and a function. Names, aliases,
parameter sets and positions are those of the AWS Tools for PowerShell.
"""

from __future__ import annotations

from keystead.powershell.cmdlet import Cmdlet, Parameter, Registry
from keystead.powershell.cmdlets import sts, version
from keystead.powershell.cmdlets.discovery import discovery
from keystead.powershell.credential_rows import CREDENTIAL_CMDLETS
from keystead.powershell.pipeline.rows import PIPELINE_CMDLETS
from keystead.powershell.region_rows import REGION_CMDLETS
from keystead.powershell.services.dynamic_cmdlets import ServiceCmdlets
from keystead.powershell.services.parameters import AS_JSON, REVEAL
from keystead.powershell.source_rows import FORCE, SERVICE_PARAMETERS, UNSUPPORTED

_MFA = (
    Parameter("SerialNumber", "the MFA device"),
    Parameter("TokenCode", "a code of the MFA device; asked for when left out", secret=True),
)


def _duration(position: int) -> Parameter:
    return Parameter(
        "DurationInSeconds", "how long the credentials shall live", kind="int", position=position
    )


CMDLETS: Registry = Registry(
    (
        *CREDENTIAL_CMDLETS,
        *REGION_CMDLETS,
        Cmdlet(
            "Get-Content",
            "show a credentials file, its secrets masked",
            (Parameter("Path", "the file", sets={"Default": True}, position=0),),
            sts.get_content,
        ),
        Cmdlet(
            "Use-STSRole",
            "assume a role",
            (
                Parameter(
                    "RoleArn", "the role to assume", sets={"Default": True}, position=0, piped=True
                ),
                Parameter("RoleSessionName", "the name of the session in logs", position=1),
                Parameter("Policy", "a session policy as JSON", position=2),
                _duration(3),
                Parameter("ExternalId", "the id that the role asks for", position=4),
                *_MFA,
                REVEAL,
                FORCE,
                *SERVICE_PARAMETERS,
            ),
            sts.use_sts_role,
            aliases=("Assume-STSRole",),
            changes=("RoleArn",),
            refused=UNSUPPORTED,
        ),
        Cmdlet(
            "Get-STSSessionToken",
            "temporary credentials for the same user, with MFA if wanted",
            (_duration(0), *_MFA, REVEAL, *SERVICE_PARAMETERS),
            sts.get_sts_session_token,
            refused=UNSUPPORTED,
        ),
        Cmdlet(
            "Get-S3Bucket",
            "the S3 buckets",
            (Parameter("BucketName", "only this bucket", position=0), AS_JSON, *SERVICE_PARAMETERS),
            sts.get_s3_bucket,
            outputs=lambda: ("CreationDate", "BucketName"),
            aliases=("List-S3Buckets",),
            refused=UNSUPPORTED,
        ),
        Cmdlet(
            "Get-AWSPowerShellVersion",
            "the version of keystead and of what it stands on",
            (
                Parameter(
                    "ListServiceVersionInfo",
                    "the services too",
                    aliases=("ListServices",),
                    kind="switch",
                ),
            ),
            version.get_version,
        ),
        *PIPELINE_CMDLETS,
        *discovery(lambda: CMDLETS),
    ),
    ServiceCmdlets(),
)
