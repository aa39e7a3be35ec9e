"""``Get-AWSPowerShellVersion``: the versions of keystead and botocore."""

from __future__ import annotations

from collections.abc import Iterable

from keystead._version import __version__
from keystead.botocore_session import isolated_session
from keystead.powershell.cmdlet import Cmdlet, Values, switch
from keystead.powershell.engine.state import State
from keystead.powershell.objects import AwsObject
from keystead.powershell.services.prefixes import prefix_of


def get_version(state: State, values: Values) -> Iterable[object]:
    """``Get-AWSPowerShellVersion``."""
    del state
    from importlib import metadata  # slow to load

    botocore = metadata.version("botocore")
    lines = [
        f"keystead {__version__}",
        "The cmdlets of the AWS Tools for PowerShell in Python, under the Apache License 2.0",
        "",
        f"botocore {botocore}",
        "Release notes: CHANGELOG.md",
    ]
    if not values.get("ListServiceVersionInfo"):
        return ["\n".join(lines)]
    names = isolated_session().get_available_services()
    rows = (
        AwsObject({"Service": name, "Noun Prefix": prefix_of(name), "SDK Version": botocore})
        for name in names
    )
    return ["\n".join(lines), *rows]


CMDLETS = (
    Cmdlet(
        "Get-AWSPowerShellVersion",
        "the versions of keystead and of botocore",
        (switch("ListServiceVersionInfo", "list the services too", aliases=("ListServices",)),),
        get_version,
    ),
)
