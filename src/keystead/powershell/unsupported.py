"""Cmdlets and parameters of PowerShell that keystead does not support, each with an alternative."""

from __future__ import annotations

from collections.abc import Mapping

_SAML = (
    "use IAM Identity Center or `credential_process`; SAML with a Windows account is not supported"
)
_HERE = "remove the line: all cmdlets are already loaded"
_REDIRECT = "redirect the output of keystead: keystead shell FILE > OUTPUT"
_SHOWN = "a value alone on a line is shown: 'text'"
_LOG = "set KEYSTEAD_DEBUG=1 for a log"
_AUDIT = "`keystead audit` shows which credentials were delivered"
_PROXY = "set HTTPS_PROXY and NO_PROXY in the environment"

CMDLETS: Mapping[str, str] = {
    "Set-AWSSamlEndpoint": _SAML,
    "Set-AWSSamlRoleProfile": _SAML,
    "Set-AWSProxy": _PROXY,
    "Clear-AWSProxy": _PROXY,
    "Get-AWSHistory": _AUDIT,
    "Clear-AWSHistory": _AUDIT,
    "Set-AWSHistoryConfiguration": _AUDIT,
    "Import-Module": _HERE,
    "Install-Module": _HERE,
    "Update-Module": _HERE,
    "Install-AWSToolsModule": _HERE,
    "Update-AWSToolsModule": _HERE,
    "Set-ExecutionPolicy": _HERE,
    "Write-Host": _SHOWN,
    "Write-Output": _SHOWN,
    "echo": _SHOWN,
    "Get-Date": "write a time as quoted text: '2026-01-31', '2026-01-31T12:00:00+00:00'",
    "Out-Null": "assign the output to a variable: $ignored = ...",
    "Out-File": _REDIRECT,
    "Set-Content": _REDIRECT,
    "Export-Csv": _REDIRECT,
}
"""Cmdlets by name."""

OF_POWERSHELL: Mapping[str, str] = {
    "Debug": _LOG,
    "db": _LOG,
    "InformationAction": "-WarningAction silences warnings",
    "infa": "-WarningAction silences warnings",
    "InformationVariable": "-OutVariable stores the output",
    "iv": "-OutVariable stores the output",
    "WarningVariable": "warnings go to standard error",
    "wv": "warnings go to standard error",
    "PipelineVariable": "-OutVariable stores the output",
    "pv": "-OutVariable stores the output",
    "OutBuffer": "omit it: it does not change the output",
    "ob": "omit it: it does not change the output",
    "ProgressAction": "progress is shown only on a terminal",
    "proga": "progress is shown only on a terminal",
}
"""Common parameters of PowerShell, with aliases, that no cmdlet here has."""

PARAMETERS: Mapping[str, str] = {
    **OF_POWERSHELL,
    "NetworkCredential": _SAML,
    "EndpointName": _SAML,
    "UserIdentity": _SAML,
    "ClientConfig": "use -Region, -EndpointUrl or the settings of the profile",
}
"""Parameters of any cmdlet; a cmdlet's own parameters take precedence."""


def hint_for(unsupported: Mapping[str, str], name: str) -> str | None:
    """The hint for ``name`` in any case, None if it is not in ``unsupported``."""
    wanted = name.lower()
    return next((hint for known, hint in unsupported.items() if known.lower() == wanted), None)
