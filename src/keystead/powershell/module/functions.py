"""A row of the table of cmdlets as a function of PowerShell.

A function binds its parameters, confirms as PowerShell does, and calls keystead for the rest. The
text is ASCII, as Windows PowerShell reads files in the code page of the machine.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from keystead.powershell.cmdlet import Cmdlet, Parameter
from keystead.powershell.module.wire import CREDENTIAL

# Variables that a function cannot define: constants, and automatic ones.
_TAKEN = frozenset(
    {
        *("args", "foreach", "input", "matches", "myinvocation", "psboundparameters", "pscmdlet"),
        *("pscommandpath", "psitem", "psscriptroot", "switch", "this"),
        *("error", "executioncontext", "false", "true", "home", "host", "pid", "shellid"),
        *("psculture", "psuiculture", "psedition", "pshome", "psversiontable"),
        *("iscoreclr", "islinux", "ismacos", "iswindows", "enabledexperimentalfeatures"),
    }
)
_TYPES = {"string": "string", "choice": "string", "strings": "string[]", "int": "long"}
_UNPIPED = frozenset({"switch", "choice"})


def quoted(text: str) -> str:
    """``text`` as a literal of PowerShell."""
    # PowerShell treats typographic quotes as quotes; `plain` removes them.
    return "'" + plain(text).replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    """An array of literals."""
    return f"@({', '.join(map(quoted, texts))})"


def plain(text: str) -> str:
    """``text`` in ASCII and on one line: letters without accents, other characters approximated."""
    known = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2026": "..."}
    dashes = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    mapped = "".join({**known, **dashes}.get(char, char) for char in text)
    bare = unicodedata.normalize("NFKD", mapped).encode("ascii", "ignore").decode()
    return " ".join("".join(char if char.isprintable() else " " for char in bare).split())


def variable(row: Parameter) -> str:
    """The name of the function's variable, with `_` if PowerShell has one of that name."""
    return f"{row.name}_" if row.name.lower() in _TAKEN else row.name


def function(cmdlet: Cmdlet) -> str:
    """The definition of the function, with its help."""
    rows = [*cmdlet.parameters, *cmdlet.refused]
    lines = [f"function {cmdlet.name} {{", "    <#", *_help(cmdlet), "    #>"]
    lines.append(f"    [CmdletBinding({', '.join(_binding(cmdlet))})]")
    lines.append("    param(")
    lines.append(",\n".join("\n".join(_parameter(row)) for row in rows))
    lines.append("    )")
    secret = {row.name for row in rows if row.secret}
    targets = [name for name in cmdlet.changes or () if name not in secret]
    made = f"$PSCmdlet, {quoted(cmdlet.name)}, {listed(targets)}, {quoted(impact(cmdlet))}"
    lines.append(body(f"[KeysteadCall]::new({made})"))
    lines.append("}")
    return "\n".join(line for line in lines if line)


def body(call: str) -> str:
    """The blocks of a function that runs ``call``, a `KeysteadCall` of the runtime.

    A secret is passed only to methods: module logging records what is bound to a parameter or goes
    through a pipeline.
    """
    return f"""\
    begin {{ $KeysteadCall = {call}; $KeysteadCall.Begin($PSBoundParameters) }}
    process {{
        try {{
            if ($KeysteadCall.Start($PSBoundParameters)) {{
                while ($KeysteadCall.Next()) {{ $KeysteadCall.Value }}
            }}
        }}
        finally {{ $KeysteadCall.End($PSBoundParameters) }}
        if ($KeysteadCall.Stops) {{ $PSCmdlet.ThrowTerminatingError($KeysteadCall.Failure) }}
        if ($KeysteadCall.Failure) {{ $PSCmdlet.WriteError($KeysteadCall.Failure) }}
    }}"""


def impact(cmdlet: Cmdlet) -> str:
    """The ConfirmImpact of the cmdlet; empty for one that changes nothing."""
    if cmdlet.changes is None:
        return ""
    return "High" if cmdlet.asks else "Medium"


def _binding(cmdlet: Cmdlet) -> Iterator[str]:
    if cmdlet.default_set:
        yield f"DefaultParameterSetName = {quoted(cmdlet.default_set)}"
    if cmdlet.changes is not None:
        yield "SupportsShouldProcess = $true"
        yield f"ConfirmImpact = {quoted(impact(cmdlet))}"
    yield "PositionalBinding = $false"


def _help(cmdlet: Cmdlet) -> Iterator[str]:
    yield from ("    .SYNOPSIS", f"        {_help_text(cmdlet.summary)}", "    .DESCRIPTION")
    yield f"        {_help_text(cmdlet.summary)}."
    if cmdlet.deprecated:
        yield f"        Deprecated: {_help_text(cmdlet.deprecated)}."
    yield f"        More: keystead help {cmdlet.name}"
    for row in cmdlet.parameters:
        kind = f" ({plain(row.type_name)})" if row.type_name else ""
        yield from (f"    .PARAMETER {variable(row)}", f"        {_help_text(row.meaning)}{kind}.")


def _help_text(text: str) -> str:
    """``text`` as comment-based help: it does not end the comment or begin with a dot."""
    made = plain(text).replace("#>", "# >").replace("<#", "< #")
    return f"{made[:1].upper()}{made[1:]}" if not made.startswith(".") else f"({made})"


def _parameter(row: Parameter) -> Iterator[str]:
    for set_name in [None] if row.sets is None else row.sets:
        traits = [] if set_name is None else [f"ParameterSetName = {quoted(set_name)}"]
        # keystead asks for secrets, without an echo.
        if row.mandatory_in(set_name) and not row.secret:
            traits.append("Mandatory = $true")
        if row.position is not None:
            traits.append(f"Position = {row.position}")
        if row.piped:
            traits.append("ValueFromPipeline = $true")
        if row.by_property and row.kind not in _UNPIPED:
            traits.append("ValueFromPipelineByPropertyName = $true")
        if row.refused is not None:
            traits.append("DontShow = $true")
        yield f"        [Parameter({', '.join(traits)})]"
    name = variable(row)
    aliases = (*([row.name] if name != row.name else []), *row.aliases)
    if aliases:
        yield f"        [Alias({', '.join(map(quoted, aliases))})]"
    if row.kind == "choice" and isinstance(row.values, tuple):
        yield f"        [ValidateSet({', '.join(map(quoted, row.values))})]"
    if row.kind == "object":
        yield f"        [PSTypeName({quoted(CREDENTIAL)})]"
    yield f"        [{_type(row)}] ${name}"


def _type(row: Parameter) -> str:
    if row.kind == "switch":
        return "switch"
    # A secret may be a text or a SecureString; what a service takes, keystead converts.
    return "object" if row.secret else _TYPES.get(row.kind, "object")
