"""What lines for PowerShell have and keystead has not, each with what to do instead.

Names that are not here may be misspelt ones, and get near names as a hint.
"""

from __future__ import annotations

from collections.abc import Mapping

_SAML = "IAM Identity Center and `credential_process` are; SAML with a Windows account is not"
_HERE = "leave the line out: all cmdlets are there"
_REDIRECT = "redirect what keystead puts out: keystead shell FILE > OUTPUT"
_SHOWN = "a value on a line of its own is shown: 'text'"
_LOG = "KEYSTEAD_DEBUG=1 before the command gives a log"
_AUDIT = "`keystead audit` shows what was handed out"
_PROXY = "HTTPS_PROXY and NO_PROXY in the environment set the proxy"

CMDLETS: Mapping[str, str] = {
    "Invoke-AWSSSOLogin": "`aws sso login --profile NAME` logs in; keystead renews that login",
    "Invoke-AWSSSOLogout": "`aws sso logout` logs out",
    "Initialize-AWSSSOConfiguration": "`aws configure sso` asks for the settings and logs in",
    "Set-AWSSSOSessionConfiguration": "`aws configure sso-session` asks for the settings",
    "Invoke-AWSLogin": "`aws login --profile NAME` logs in; keystead renews that login",
    "Invoke-AWSLogout": "`aws logout` logs out",
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
    "Get-Date": "a time is text in quotes: '2026-01-31', '2026-01-31T12:00:00+00:00'",
    "Out-Null": "give the output to a variable: $ignored = ...",
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
    "InformationVariable": "-OutVariable keeps the output",
    "iv": "-OutVariable keeps the output",
    "WarningVariable": "warnings go to standard error",
    "wv": "warnings go to standard error",
    "PipelineVariable": "-OutVariable keeps the output",
    "pv": "-OutVariable keeps the output",
    "OutBuffer": "leave it out: it changes no output",
    "ob": "leave it out: it changes no output",
    "ProgressAction": "progress is shown on a terminal alone",
    "proga": "progress is shown on a terminal alone",
}
"""What every cmdlet of PowerShell takes, with aliases; no cmdlet here has such a parameter."""

PARAMETERS: Mapping[str, str] = {
    **OF_POWERSHELL,
    "NetworkCredential": _SAML,
    "EndpointName": _SAML,
    "UserIdentity": _SAML,
    "ClientConfig": "-Region and -EndpointUrl are there, and the settings of the profile",
}
"""Parameters of any cmdlet. One that a cmdlet has goes before."""


def instead(absent: Mapping[str, str], name: str) -> str | None:
    """What to do instead of ``name`` in any letter case, None when it is not ``absent``."""
    wanted = name.lower()
    return next((hint for known, hint in absent.items() if known.lower() == wanted), None)
