"""The files that the PowerShell module `Keystead` consists of, made from the table of cmdlets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from keystead._version import __version__
from keystead.errors import UsageError
from keystead.near import did_you_mean, near_names
from keystead.powershell.cmdlet import CHANGING, COMMON, Cmdlet
from keystead.powershell.module.answer import PROTOCOL
from keystead.powershell.module.functions import body, function, listed, quoted, variable
from keystead.powershell.pipeline import filtering, formatting
from keystead.powershell.services.folders import service_names
from keystead.powershell.services.model import service
from keystead.powershell.table import CMDLETS
from keystead.powershell.unsupported import OF_POWERSHELL

NAME = "Keystead"
MANIFEST, SCRIPT, VIEWS = f"{NAME}.psd1", f"{NAME}.psm1", f"{NAME}.Format.ps1xml"
ANY = "Invoke-KeysteadCmdlet"
"""The function that runs any cmdlet without a function."""
BODY = "# BODY"
"""The placeholder in the runtime for the blocks of that function."""
_ANY_CALL = "[KeysteadCall]::new($PSCmdlet)"

MARK = "# Written by `keystead powershell-module`; a change is lost when it is run again."
"""Marks, among the first lines, the files that may be replaced."""

# The permanent identity of the module.
_GUID = "3eeb4e65-84d4-4361-96d2-8497101a67fc"

_DESCRIPTION = (
    "AWS credential profiles in an encrypted store on every system, with the cmdlets of the AWS "
    "Tools for PowerShell. Calls the program keystead."
)
_TAGS = ("AWS", "PSEdition_Desktop", "PSEdition_Core", "Windows", "Linux", "MacOS")

_OF_POWERSHELL = {
    *(row.name for row in (*filtering.CMDLETS, *formatting.CMDLETS)),
    *("Get-Content", "Get-Command", "Get-Help"),
}

# Parameters of every function that are not passed to keystead.
_SHARED = (
    *(name for row in (*COMMON, *CHANGING) for name in row.names),
    *OF_POWERSHELL,
)


def version() -> str:
    """Keystead's version for PowerShell: only numbers."""
    found = re.match(r"\d+(?:\.\d+){1,3}", __version__)
    return found[0] if found else "0.0"


def of_powershell(cmdlet: Cmdlet) -> bool:
    """Whether PowerShell itself has the cmdlet."""
    return cmdlet.name in _OF_POWERSHELL


def cmdlets(services: Sequence[str]) -> list[Cmdlet]:
    """The cmdlets that become functions: those of the table, and all of ``services``.

    Raises `UsageError` for a service that botocore does not know.
    """
    found = {row.name: row for row in CMDLETS if not of_powershell(row)}
    for name in services:
        known = service(name)
        if known is None:
            near = near_names(name, service_names())
            hint = did_you_mean(near) if near else "`keystead Get-AWSService` shows the services"
            raise UsageError(f"there is no service `{name}`", id="unknown-service", hint=hint)
        for operation in known.operations.values():
            found.setdefault(operation.cmdlet, CMDLETS.find(operation.cmdlet))
    return list(found.values())


def files(services: Sequence[str], program: str) -> Mapping[str, bytes]:
    """The files by their names, the manifest last, since it makes the module visible.

    ``program`` is the path of the keystead to run. Raises as `cmdlets`.
    """
    rows = cmdlets(services)
    names = sorted([*(row.name for row in rows), ANY])
    aliases = sorted(alias for row in rows for alias in row.aliases)
    made = {
        VIEWS: _template("views.ps1xml").replace("MARK", MARK, 1),
        SCRIPT: f"{MARK}\n{_script(rows, names, aliases, program)}",
        MANIFEST: f"{MARK}\n{_manifest(names, aliases)}",
    }
    return {name: text.encode("ascii") for name, text in made.items()}


def _template(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="ascii")


def _manifest(names: Sequence[str], aliases: Sequence[str]) -> str:
    return f"""@{{
    RootModule = {quoted(SCRIPT)}
    ModuleVersion = {quoted(version())}
    GUID = {quoted(_GUID)}
    Author = 'The keystead authors'
    Copyright = '(c) The keystead authors. Apache-2.0.'
    Description = {quoted(_DESCRIPTION)}
    PowerShellVersion = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')
    FunctionsToExport = {_column(names)}
    CmdletsToExport = @()
    VariablesToExport = @()
    AliasesToExport = {_column(aliases)}
    FormatsToProcess = {listed([VIEWS])}
    FileList = {listed([MANIFEST, SCRIPT, VIEWS])}
    PrivateData = @{{
        PSData = @{{
            Tags = {listed(_TAGS)}
        }}
    }}
}}
"""


def _script(
    rows: Sequence[Cmdlet], names: Sequence[str], aliases: Sequence[str], program: str
) -> str:
    parts = [
        "param([string] $Program)",
        f"$Recorded = {_path(program)}\n$Protocol = {PROTOCOL}\n$Shared = {listed(_SHARED)}",
        _template("runtime.psm1").rstrip().replace(f"    {BODY}", body(_ANY_CALL)),
        *map(function, rows),
        _completers(rows),
        "\n".join(
            f"Set-Alias -Name {quoted(alias)} -Value {quoted(row.name)}"
            for row in rows
            for alias in row.aliases
        ),
        f"Export-ModuleMember -Function {_column(names)} -Alias {_column(aliases)}",
    ]
    return "\n\n".join(parts) + "\n"


def _path(path: str) -> str:
    """A literal of any path, in ASCII."""
    if path.isascii() and path.isprintable():
        return quoted(path)
    units = path.encode("utf-16-be", "surrogatepass")
    codes = (int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2))
    return f"-join [char[]] @({', '.join(map(str, codes))})"


def _completers(rows: Sequence[Cmdlet]) -> str:
    of: dict[str, list[str]] = {}
    for cmdlet in rows:
        for row in cmdlet.parameters:
            if row.values and row.kind != "choice":
                of.setdefault(variable(row), []).append(cmdlet.name)
    return "\n".join(
        f"Register-ArgumentCompleter -CommandName {listed(commands)} -ParameterName {quoted(name)}"
        " -ScriptBlock $complete"
        for name, commands in of.items()
    )


def _column(names: Iterable[str]) -> str:
    """An array with a line for each item."""
    lines = "".join(f"        {quoted(name)}\n" for name in names)
    return f"@(\n{lines}    )"
