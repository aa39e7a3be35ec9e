"""The one table of cmdlets: binding, help, completion and docs/cmdlets.md all come from it.

Names, aliases, parameter sets and positions are those of the AWS Tools for PowerShell.
"""

from __future__ import annotations

from keystead.powershell.cmdlet import Registry
from keystead.powershell.cmdlets import (
    content,
    credential,
    default_configuration,
    discovery,
    region,
    s3_bucket,
    sign_in,
    sts,
    version,
)
from keystead.powershell.pipeline import filtering, formatting
from keystead.powershell.services.dynamic_cmdlets import ServiceCmdlets

CMDLETS: Registry = Registry(
    (
        *credential.CMDLETS,
        *default_configuration.CMDLETS,
        *region.CMDLETS,
        *content.CMDLETS,
        *sts.CMDLETS,
        *sign_in.CMDLETS,
        *s3_bucket.CMDLETS,
        *version.CMDLETS,
        *filtering.CMDLETS,
        *formatting.CMDLETS,
        *discovery.cmdlets(lambda: CMDLETS),
    ),
    ServiceCmdlets(),
)
