"""The rows of the region cmdlets for the table of cmdlets."""

from __future__ import annotations

from dataclasses import replace

from keystead.powershell.cmdlet import Cmdlet, Parameter
from keystead.powershell.cmdlets import region
from keystead.powershell.credential_rows import SCOPE
from keystead.powershell.source_rows import PROFILE_LOCATION, REGION

REGION_CMDLETS = (
    Cmdlet(
        "Get-AWSRegion",
        "the regions, or the one that is named",
        (
            Parameter("SystemName", "its name", position=0, values="region", piped=True),
            Parameter("IncludeChina", "those of China too", kind="switch"),
            Parameter("IncludeGovCloud", "those of GovCloud (US) too", kind="switch"),
            Parameter("GovCloudOnly", "those of GovCloud (US) alone", kind="switch"),
        ),
        region.get_region,
        outputs=lambda: ("Region", "Name", "IsShellDefault"),
    ),
    Cmdlet("Get-DefaultAWSRegion", "the shell's region", (), region.get_default_region),
    Cmdlet(
        "Set-DefaultAWSRegion",
        "set the region that the shell calls",
        (
            replace(REGION, meaning="the region", sets={"Default": True}, position=210, piped=True),
            replace(
                PROFILE_LOCATION,
                meaning="taken as PowerShell has it; no file is read",
                position=211,
            ),
            SCOPE,
        ),
        region.set_default_region,
        changes=("Region",),
    ),
    Cmdlet(
        "Clear-DefaultAWSRegion",
        "forget the shell's region",
        (SCOPE,),
        region.clear_default_region,
        changes=(),
    ),
)
