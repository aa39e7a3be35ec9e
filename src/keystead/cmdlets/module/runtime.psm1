Set-StrictMode -Off

if ($Program -and -not (Test-Path -LiteralPath $Program -PathType Leaf)) {
    throw "There is no program '$Program'."
}

# Variables of the module are named with their scope throughout: a function that calls these here may
# have a parameter of the same name.

# The keystead that was named when the module was imported, or that installed it, or of PATH.
function Get-KeysteadProgram {
    foreach ($path in $script:Program, $script:Recorded) {
        if ($path -and (Test-Path -LiteralPath $path -PathType Leaf)) { return $path }
    }
    $found = Get-Command -Name keystead -CommandType Application -ErrorAction SilentlyContinue |
        Select-Object -First 1
    if ($found) { return $found.Path }
    throw "The program keystead is not at '$script:Recorded' and not on PATH; install it, or name it: Import-Module Keystead -ArgumentList PATH"
}

function ConvertTo-KeysteadQuoted([string] $Text) {
    $escape = { param($found) '\u{0:x4}' -f [int][char] $found.Value }
    '"' + [regex]::Replace($Text, '[^ !#-\[\]-~]', $escape) + '"'
}

# JSON in ASCII. ConvertTo-Json differs from version to version in what it makes of times, arrays
# and text with properties, and shows no SecureString.
function ConvertTo-KeysteadText($Value, [int] $Depth = 0) {
    if ($null -eq $Value) { return 'null' }
    if ($Depth -gt 50) { throw 'A value of the parameters lies too deep.' }
    if ($Value -is [bool] -or $Value -is [switch]) { if ($Value) { return 'true' } else { return 'false' } }
    if ($Value -is [securestring]) {
        return ConvertTo-KeysteadQuoted ([System.Net.NetworkCredential]::new('', $Value).Password)
    }
    if ($Value -is [datetimeoffset]) { $Value = $Value.UtcDateTime }
    if ($Value -is [datetime]) {
        return ConvertTo-KeysteadQuoted ($Value.ToUniversalTime().ToString('o', [cultureinfo]::InvariantCulture))
    }
    if ($Value -is [System.IO.FileSystemInfo]) { return ConvertTo-KeysteadQuoted $Value.FullName }
    if ($Value -isnot [char] -and ($Value.GetType().IsPrimitive -or $Value -is [decimal])) {
        return [System.Convert]::ToString($Value, [cultureinfo]::InvariantCulture)
    }
    if ($Value -is [byte[]]) { return '[' + ($Value -join ',') + ']' }
    if ($Value -is [System.Collections.IDictionary]) {
        $parts = foreach ($pair in $Value.GetEnumerator()) {
            (ConvertTo-KeysteadQuoted $pair.Key) + ':' + (ConvertTo-KeysteadText $pair.Value ($Depth + 1))
        }
        return '{' + ($parts -join ',') + '}'
    }
    if ($Value -isnot [string] -and $Value -is [System.Collections.IEnumerable]) {
        $parts = foreach ($item in $Value) { ConvertTo-KeysteadText $item ($Depth + 1) }
        return '[' + ($parts -join ',') + ']'
    }
    if ($Value -is [System.Management.Automation.PSCustomObject]) {
        if ($Value.PSObject.Properties['KeysteadHandle']) {
            return '{"handle":' + (ConvertTo-KeysteadText $Value.KeysteadHandle) + '}'
        }
        $parts = foreach ($property in $Value.PSObject.Properties) {
            (ConvertTo-KeysteadQuoted $property.Name) + ':' + (ConvertTo-KeysteadText $property.Value ($Depth + 1))
        }
        return '{' + ($parts -join ',') + '}'
    }
    ConvertTo-KeysteadQuoted $Value.ToString()
}

# What keystead answers: texts begin with a mark, lists with a word, both say what they are.
function ConvertFrom-KeysteadValue($Value) {
    if ($Value -is [string]) {
        $mark, $rest = $Value.Substring(0, 1), $Value.Substring(1)
        if ($mark -eq '@') {
            $style = [System.Globalization.DateTimeStyles]::RoundtripKind
            return [datetime]::Parse($rest, [cultureinfo]::InvariantCulture, $style).ToLocalTime()
        }
        if ($mark -ne '*') { return $rest }
        $secret = [securestring]::new()
        foreach ($letter in $rest.ToCharArray()) { $secret.AppendChar($letter) }
        $secret.MakeReadOnly()
        return $secret
    }
    if ($Value -isnot [array]) { return $Value }
    if ($Value[0] -eq 'list') {
        $items = [object[]]::new($Value.Count - 1)
        for ($i = 1; $i -lt $Value.Count; $i++) { $items[$i - 1] = ConvertFrom-KeysteadValue $Value[$i] }
        return , $items
    }
    if ($Value[0] -eq 'table') {
        $table = [System.Collections.Hashtable]::new([System.StringComparer]::Ordinal)
        for ($i = 1; $i -lt $Value.Count; $i += 2) {
            $table[$Value[$i].Substring(1)] = ConvertFrom-KeysteadValue $Value[$i + 1]
        }
        return $table
    }
    $properties = [ordered] @{}
    for ($i = 2; $i -lt $Value.Count; $i += 2) {
        $properties[$Value[$i].Substring(1)] = ConvertFrom-KeysteadValue $Value[$i + 1]
    }
    $object = [pscustomobject] $properties
    $types = $Value[1].Substring(1).Split(' ')
    [array]::Reverse($types)
    foreach ($type in $types) { if ($type) { $object.PSObject.TypeNames.Insert(0, $type) } }
    if ($properties.Contains('KeysteadHandle')) {
        $shown = [string[]] @($properties.Keys | Where-Object { $_ -ne 'KeysteadHandle' })
        $set = [System.Management.Automation.PSPropertySet]::new('DefaultDisplayPropertySet', $shown)
        $members = [System.Management.Automation.PSMemberInfo[]] @($set)
        Add-Member -InputObject $object -MemberType MemberSet -Name PSStandardMembers -Value $members
    }
    return $object
}

# Sends a request on standard input, as arguments can be seen by everybody, and gives the lines of
# the answer as they come.
function Send-KeysteadRequest([hashtable] $Request) {
    $path = Get-KeysteadProgram
    $OutputEncoding = [System.Text.Encoding]::ASCII
    $PSNativeCommandUseErrorActionPreference = $false
    $before = $global:LASTEXITCODE
    try {
        ConvertTo-KeysteadText $Request | & $path powershell-module --answer |
            ForEach-Object { ConvertFrom-Json -InputObject $_ }
    }
    finally { $global:LASTEXITCODE = $before }
}

function New-KeysteadError($Failure, [string] $Name) {
    $text = $Failure.message
    if ($Failure.hint) { $text += "`n" + $Failure.hint }
    $exception = [System.InvalidOperationException]::new($text)
    $exception.Data['Hint'] = $Failure.hint
    $exception.Data['ExitCode'] = $Failure.code
    $category = [System.Management.Automation.ErrorCategory] $Failure.category
    [System.Management.Automation.ErrorRecord]::new($exception, "Keystead.$($Failure.id)", $category, $Name)
}

# Runs a cmdlet in keystead for the function whose $PSCmdlet this is.
# $Any: the parameters are not those that a function has bound, and all of them are keystead's.
function Invoke-Keystead($Cmdlet, [string] $Name, $Bound, [string[]] $Target, [switch] $Asks, [switch] $Any) {
    $given = @{}
    foreach ($pair in $Bound.GetEnumerator()) {
        if ($Any -or $script:Shared -notcontains $pair.Key) { $given[$pair.Key.TrimEnd('_')] = $pair.Value }
    }
    if ($PSBoundParameters.ContainsKey('Target')) {
        if ($WhatIfPreference) { $given['WhatIf'] = $true }
        elseif (-not $given['Force']) {
            $what = 'this session'
            foreach ($key in $Target) { if ($given[$key]) { $what = "$($given[$key])"; break } }
            if (-not $Cmdlet.ShouldProcess($what, $Name)) { return }
            if ($Asks -or $Bound.ContainsKey('Confirm')) { $given['Confirm'] = $false }
        }
    }
    $variables = $Cmdlet.SessionState.PSVariable
    $request = @{
        protocol = $script:Protocol
        cmdlet = $Name
        parameters = $given
        credentials = $variables.GetValue('StoredAWSCredentials')
        region = "$($variables.GetValue('StoredAWSRegion'))"
    }
    $failure, $ended = $null, $false
    Send-KeysteadRequest $request | ForEach-Object {
        $value = ConvertFrom-KeysteadValue $_.value
        switch ($_.kind) {
            'output' { $value }
            'host' { $Cmdlet.Host.UI.WriteLine($value) }
            'verbose' { $Cmdlet.WriteVerbose($value) }
            'warning' { $Cmdlet.WriteWarning($value) }
            'note' { $Cmdlet.WriteInformation($value, [string[]] @('Keystead')) }
            'progress' {
                if ($value) { Write-Progress -Activity $Name -Status $value }
                else { Write-Progress -Activity $Name -Completed }
            }
            'session' {
                $scope = if ($given['Scope']) { $given['Scope'] + ':' } else { '' }
                $variables.Set($scope + $value.name, $value.value)
            }
            'error' { $failure = $value }
            'end' { $ended = $true }
        }
    }
    if (-not ($failure -or $ended)) {
        $failure = @{
            message = 'keystead ended without an answer'; hint = 'keystead doctor says what is wrong with the machine'
            id = 'NoAnswer'; category = 'InvalidResult'; code = 1
        }
    }
    if ($failure) {
        $record = New-KeysteadError $failure $Name
        if ("$($Cmdlet.MyInvocation.BoundParameters['ErrorAction'])" -in '', 'Stop') { $Cmdlet.ThrowTerminatingError($record) }
        $Cmdlet.WriteError($record)
    }
}

function Invoke-KeysteadCmdlet {
    <#
    .SYNOPSIS
        Runs any cmdlet of keystead, also one of a service that the module has no functions of
    .DESCRIPTION
        Runs any cmdlet of keystead by its name. Get-AWSCmdletName finds names; keystead help NAME
        shows what one takes.
    .PARAMETER Name
        The cmdlet, such as Get-EC2Instance.
    .PARAMETER Parameter
        Its parameters with their values; a switch has the value $true.
    .EXAMPLE
        Invoke-KeysteadCmdlet Get-EC2Instance @{ InstanceId = 'i-0123456789abcdef0'; ProfileName = 'dev' }
    #>
    [CmdletBinding(PositionalBinding = $false)]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [string] $Name,
        [Parameter(Position = 1)]
        [System.Collections.IDictionary] $Parameter = @{}
    )
    process {
        $bound = @{}
        foreach ($pair in $Parameter.GetEnumerator()) { $bound["$($pair.Key)"] = $pair.Value }
        Invoke-Keystead $PSCmdlet $Name $bound -Any
    }
}

# The keys behind an object, as the .NET SDK's AWSCredentials gives them.
$getCredentials = {
    $failure = $null
    Send-KeysteadRequest @{ protocol = $script:Protocol; retrieve = $this } | ForEach-Object {
        $value = ConvertFrom-KeysteadValue $_.value
        if ($_.kind -eq 'output') { $value }
        if ($_.kind -eq 'error') { $failure = $value }
    }
    if ($failure) { throw (New-KeysteadError $failure 'GetCredentials') }
}
Update-TypeData -TypeName Keystead.Credential -MemberType ScriptMethod -MemberName GetCredentials -Value $getCredentials -Force
Update-TypeData -TypeName Keystead.AWSRegion -MemberType ScriptMethod -MemberName ToString -Value { $this.Region } -Force

# The values of a parameter, from the same place as at the prompt of every other shell.
$complete = {
    param($commandName, $parameterName, $wordToComplete)
    $begun = $wordToComplete.Trim("'", '"')
    # An empty last word would be lost on the way; a lone blank stands for it.
    if (-not $begun) { $begun = ' ' }
    & (Get-KeysteadProgram) __complete $commandName ('-' + $parameterName.TrimEnd('_')) $begun 2>$null | ForEach-Object {
        $word, $meaning = $_ -split "`t", 2
        $text = if ($word -match '[^\w.:/=+@-]') { "'" + $word.Replace("'", "''") + "'" } else { $word }
        if (-not $meaning) { $meaning = $word }
        [System.Management.Automation.CompletionResult]::new($text, $word, 'ParameterValue', $meaning)
    }
}
