"""PowerShell with keystead's module, whose `Get-STSCallerIdentity` finds credentials by itself."""

from pathlib import Path

from devtools.command import KEYSTEAD
from interop.client import Client, call

_WHOAMI = "Import-Module '{}/Keystead'; (Get-STSCallerIdentity).Arn"


def _fetch(folder: Path) -> None:
    call([KEYSTEAD, "powershell-module", "--install", folder], folder)


def _pwsh(line: str) -> list[str]:
    return ["pwsh", "-NoProfile", "-NonInteractive", "-Command", line]


CLIENT = Client(
    name="powershell",
    title="PowerShell with the module `Keystead`",
    package="PowerShell's own releases",
    needs={"pwsh": "PowerShell 7"},
    fetch=_fetch,
    command=lambda folder: _pwsh(_WHOAMI.format(folder)),
    version=lambda _: _pwsh("$PSVersionTable.PSVersion.ToString()"),
    shell="powershell",
    environ={"POWERSHELL_TELEMETRY_OPTOUT": "1", "POWERSHELL_UPDATECHECK": "Off"},
)
