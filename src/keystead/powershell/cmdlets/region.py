"""The region cmdlets: Get-AWSRegion, and the shell's own region."""

from __future__ import annotations

from collections.abc import Iterable

from keystead.botocore_session import region_names
from keystead.errors import UsageError
from keystead.near import did_you_mean, near_names
from keystead.powershell.cmdlet import Cmdlet, Parameter, Values, switch
from keystead.powershell.engine.credential_parameters import PROFILE_LOCATION, REGION, SCOPE
from keystead.powershell.engine.state import State
from keystead.powershell.objects import AwsObject
from keystead.secret import quoted
from keystead.value import replace

_CHINA, _GOVERNMENT = "cn-", "us-gov-"
_SHOWN = 40


def get_region(state: State, values: Values) -> Iterable[AwsObject]:
    """``Get-AWSRegion``: the regions, or the one that is named."""
    regions = region_names()
    wanted = values.get("SystemName")
    if wanted:
        name = known_region(wanted)
        return (_region(state, name, regions[name]),)
    hidden = {
        _CHINA: not values.get("IncludeChina"),
        _GOVERNMENT: not values.get("IncludeGovCloud"),
    }
    if values.get("GovCloudOnly"):
        shown = [name for name in regions if name.startswith(_GOVERNMENT)]
    else:
        left_out = tuple(prefix for prefix, is_hidden in hidden.items() if is_hidden)
        shown = [name for name in regions if not name.startswith(left_out)]
    return [_region(state, name, regions[name]) for name in shown]


def get_default_region(state: State, values: Values) -> Iterable[AwsObject]:
    """``Get-DefaultAWSRegion``: the shell's region, or nothing."""
    del values
    name = state.region
    return () if name is None else (_region(state, name, region_names().get(name, name)),)


def set_default_region(state: State, values: Values) -> Iterable[AwsObject]:
    """``Set-DefaultAWSRegion``: the region to call from now on in this shell."""
    state.region = known_region(values["Region"])
    if not state.lasting:
        state.console.note(
            "this region is discarded when this command ends; set AWS_REGION instead"
        )
    return ()


def clear_default_region(state: State, values: Values) -> Iterable[AwsObject]:
    """``Clear-DefaultAWSRegion``."""
    del values
    state.region = None
    return ()


def known_region(name: str) -> str:
    """``name`` as AWS spells it. Raises `UsageError` with near names for one that is not known."""
    regions = region_names()
    wanted = name.strip().lower()
    if wanted in regions:
        return wanted
    near = near_names(wanted, regions)
    raise UsageError(
        f"there is no region {quoted(wanted[:_SHOWN], 'of that name')}",
        id="unknown-region",
        hint=did_you_mean(near) if near else "Get-AWSRegion shows the regions",
    )


def _region(state: State, name: str, meaning: str) -> AwsObject:
    return AwsObject(
        {"Region": name, "Name": meaning, "IsShellDefault": name == (state.region or "").lower()},
        text=name,
        kind="AWSRegion",
    )


CMDLETS = (
    Cmdlet(
        "Get-AWSRegion",
        "the regions, or the one that is named",
        (
            Parameter("SystemName", "its name", position=0, values="region", piped=True),
            switch("IncludeChina", "include the regions of China"),
            switch("IncludeGovCloud", "include the regions of GovCloud (US)"),
            switch("GovCloudOnly", "only the regions of GovCloud (US)"),
        ),
        get_region,
        outputs=lambda: ("Region", "Name", "IsShellDefault"),
    ),
    Cmdlet("Get-DefaultAWSRegion", "the shell's region", (), get_default_region),
    Cmdlet(
        "Set-DefaultAWSRegion",
        "set the shell's region",
        (
            replace(REGION, meaning="the region", sets={"Default": True}, position=210, piped=True),
            replace(
                PROFILE_LOCATION,
                meaning="accepted for compatibility, and ignored",
                position=211,
            ),
            SCOPE,
        ),
        set_default_region,
        changes=("Region",),
    ),
    Cmdlet(
        "Clear-DefaultAWSRegion",
        "forget the shell's region",
        (SCOPE,),
        clear_default_region,
        changes=(),
    ),
)
