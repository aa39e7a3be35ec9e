Set-StrictMode -Off

if ($Program -and -not (Test-Path -LiteralPath $Program -PathType Leaf)) {
    throw "There is no program '$Program'."
}

# Variables of the module are named with their scope throughout: a function that calls these here may
# have a parameter of the same name.

# The keystead named when the module was imported, else the one that installed it, else from PATH.
function Get-KeysteadProgram {
    foreach ($path in $script:Program, $script:Recorded) {
        if ($path -and (Test-Path -LiteralPath $path -PathType Leaf)) { return $path }
    }
    $found = Get-Command -Name keystead -CommandType Application -ErrorAction SilentlyContinue |
        Select-Object -First 1
    if ($found) { return $found.Path }
    throw "The program keystead is not at '$script:Recorded' and not on PATH; install it, or name it: Import-Module Keystead -ArgumentList PATH"
}

# One call of keystead for a function, whose $PSCmdlet it has, or one for each piped object.
# Secrets are passed only to methods of .NET and of this class: module logging records what is bound
# to parameters of commands and what goes through pipelines.
class KeysteadCall {
    # What Next has read, the error that ended the call, and whether that ends the function.
    [object] $Value
    [object] $Failure
    [bool] $Stops

    hidden [object] $Cmdlet
    hidden [string] $Name
    hidden [string[]] $Targets
    hidden [string] $Impact
    hidden [bool] $Any
    hidden [string[]] $Named = @()
    hidden [bool] $YesToAll
    hidden [bool] $NoToAll
    hidden [System.Diagnostics.Process] $Process
    hidden [System.IO.StreamReader] $Answer
    hidden [bool] $Ended
    hidden [object] $Scope

    # What Read has read last as it may be shown, and whether that hides a secret.
    hidden [object] $Shown
    hidden [bool] $Hides

    KeysteadCall([object] $cmdlet, [string] $name, [string[]] $targets, [string] $impact) {
        $this.Cmdlet = $cmdlet
        $this.Name = $name
        $this.Targets = $targets
        $this.Impact = $impact
    }

    # For Invoke-KeysteadCmdlet: the name and all parameters are given.
    KeysteadCall([object] $cmdlet) {
        $this.Cmdlet = $cmdlet
        $this.Any = $true
    }

    # Records what was given by name; the rest comes from piped objects.
    [void] Begin([object] $bound) {
        $this.Named = [string[]] @($bound.Keys)
    }

    # Sends the request; false if confirmation was denied.
    [bool] Start([object] $bound) {
        $this.Failure, $this.Stops, $this.Ended, $this.Value = $null, $false, $false, $null
        $given = [System.Collections.Generic.List[object]]::new()
        $switches = @{}
        if ($this.Any) {
            $this.Name = $bound['Name']
            $this.Targets = @()
            $this.Impact = [KeysteadCall]::ImpactOf($this.Name)
            foreach ($key in 'WhatIf', 'Confirm') {
                if ($bound.ContainsKey($key)) { $switches[$key] = [bool] $bound[$key] }
            }
            if ($bound.ContainsKey('Parameter')) {
                foreach ($pair in $bound['Parameter'].GetEnumerator()) {
                    $key = [string] $pair.Key
                    if ($key -in 'WhatIf', 'Confirm', 'Force') { $switches[$key] = [bool] $pair.Value }
                    if ($key -notin 'WhatIf', 'Confirm') { $given.Add($key); $given.Add($pair.Value) }
                    if (-not $this.Targets -and $key -ne 'ProfileName' -and $key -match '^Key$|(Name|Id|Arn|Identifier)$') {
                        $this.Targets = @($key)
                    }
                }
            }
        }
        else {
            foreach ($pair in $bound.GetEnumerator()) {
                if ($pair.Key -in 'WhatIf', 'Confirm', 'Force') { $switches[$pair.Key] = [bool] $pair.Value }
                if ($script:Shared -notcontains $pair.Key) {
                    $given.Add($pair.Key.TrimEnd('_'))
                    $given.Add($pair.Value)
                }
            }
        }
        $variables = $this.Cmdlet.SessionState.PSVariable
        $whatIf, $confirmed = $false, $false
        if ($this.Impact) {
            if ($switches.ContainsKey('WhatIf')) { $whatIf = $switches['WhatIf'] }
            else { $whatIf = [bool] $variables.GetValue('WhatIfPreference') }
            if (-not $whatIf -and -not $this.Agreed($given, $switches, $variables)) { return $false }
            $confirmed = -not $whatIf
        }
        $this.Scope = $null
        for ($i = 0; $i -lt $given.Count; $i += 2) {
            if ($given[$i] -eq 'Scope') { $this.Scope = $given[$i + 1] }
        }
        $request = [System.Text.StringBuilder]::new('{"protocol":')
        $null = $request.Append($script:Protocol).Append(',"cmdlet":')
        [KeysteadCall]::Write($request, $this.Name, 0)
        $null = $request.Append(',"what_if":').Append($(if ($whatIf) { 'true' } else { 'false' }))
        $null = $request.Append(',"confirmed":').Append($(if ($confirmed) { 'true' } else { 'false' }))
        $null = $request.Append(',"region":')
        [KeysteadCall]::Write($request, "$($variables.GetValue('StoredAWSRegion'))", 0)
        $null = $request.Append(',"credentials":')
        [KeysteadCall]::Write($request, $variables.GetValue('StoredAWSCredentials'), 0)
        $null = $request.Append(',"parameters":{')
        for ($i = 0; $i -lt $given.Count; $i += 2) {
            if ($i) { $null = $request.Append(',') }
            [KeysteadCall]::Write($request, $given[$i], 0)
            $null = $request.Append(':')
            [KeysteadCall]::Write($request, $given[$i + 1], 0)
        }
        $null = $request.Append('}}')
        $this.Send($request, $this.Cmdlet.SessionState.Path.CurrentFileSystemLocation.ProviderPath)
        return $true
    }

    # Asks for confirmation as PowerShell does: -Force and -Confirm decide, else the $ConfirmPreference
    # of the caller, whose scopes a function of a module does not see by itself.
    hidden [bool] Agreed([object] $given, [object] $switches, [object] $variables) {
        if ($switches['Force']) { return $true }
        if ($switches.ContainsKey('Confirm')) { $asks = $switches['Confirm'] }
        else {
            $bound = [System.Management.Automation.ConfirmImpact] $variables.GetValue('ConfirmPreference', 'High')
            $own = [System.Management.Automation.ConfirmImpact] $this.Impact
            $asks = $bound -ne [System.Management.Automation.ConfirmImpact]::None -and [int] $own -ge [int] $bound
        }
        if (-not $asks) { return $true }
        $what = 'this session'
        foreach ($key in $this.Targets) {
            for ($i = 0; $i -lt $given.Count; $i += 2) {
                if ($given[$i] -eq $key -and $given[$i + 1]) { $what = "$($given[$i + 1])" }
            }
            if ($what -ne 'this session') { break }
        }
        $text = "Performing the operation `"$($this.Name)`" on target `"$what`"."
        $yes, $no = $this.YesToAll, $this.NoToAll
        $agreed = $this.Cmdlet.ShouldContinue($text, 'Confirm', [ref] $yes, [ref] $no)
        $this.YesToAll, $this.NoToAll = $yes, $no
        return $agreed
    }

    # The impact of a cmdlet, by its verb.
    hidden static [string] ImpactOf([string] $name) {
        switch -Regex ($name) {
            '^(Get|Find|Search|Test|Measure|Read|Convert|Compare)-' { return '' }
            '^Remove-' { return 'High' }
        }
        return 'Medium'
    }

    # Reads the next object of the answer; false at its end.
    [bool] Next() {
        while ($null -ne ($line = $this.Line())) {
            $reader = [KeysteadCall]::Parser($line)
            $reader.ReadStartElement()
            $kind = $reader.ReadElementContentAsString()
            if ($kind -eq 'response') { $this.Remember($line); continue }
            $read = $this.Read($reader)
            switch ($kind) {
                'output' { $this.Value = $read; return $true }
                'host' { $this.Cmdlet.Host.UI.WriteLine($read) }
                'verbose' { $this.Cmdlet.WriteVerbose($read) }
                'warning' { $this.Cmdlet.WriteWarning($read) }
                'note' { $this.Cmdlet.WriteInformation($read, [string[]] @('Keystead')) }
                'progress' {
                    $text = if ($read) { $read } else { ' ' }
                    $progress = [System.Management.Automation.ProgressRecord]::new(0, $this.Name, $text)
                    if (-not $read) { $progress.RecordType = [System.Management.Automation.ProgressRecordType]::Completed }
                    $this.Cmdlet.WriteProgress($progress)
                }
                'session' {
                    $prefix = if ($this.Scope) { "$($this.Scope):" } else { '' }
                    $this.Cmdlet.SessionState.PSVariable.Set($prefix + $read.name, $read.value)
                }
                'error' { $this.Failure = [KeysteadCall]::ErrorOf($read, $this.Name) }
                'end' { $this.Ended = $true }
            }
        }
        if (-not ($this.Failure -or $this.Ended)) {
            $lost = [pscustomobject] @{
                message = 'keystead ended without an answer'; hint = 'run keystead doctor to check the machine'
                id = 'NoAnswer'; category = 'InvalidResult'; code = 1
            }
            $this.Failure = [KeysteadCall]::ErrorOf($lost, $this.Name)
        }
        if ($this.Failure -and $this.Cmdlet) {
            $action = "$($this.Cmdlet.MyInvocation.BoundParameters['ErrorAction'])"
            $this.Stops = $action -in '', 'Stop'
        }
        return $false
    }

    # Ends what still runs, and removes what the piped object has bound: PowerShell would reuse it
    # for the next one.
    [void] End([object] $bound) {
        $this.Close()
        foreach ($key in [string[]] @($bound.Keys)) {
            if ($this.Named -notcontains $key) { $null = $bound.Remove($key) }
        }
    }

    hidden [void] Close() {
        $running, $this.Process = $this.Process, $null
        if (-not $running) { return }
        try { if (-not $running.HasExited) { $running.Kill() } }
        catch [System.InvalidOperationException] { $null = $running }
        $running.Dispose()
    }

    # Starts keystead and gives it the request on standard input, since all users can see arguments.
    hidden [void] Send([System.Text.StringBuilder] $request, [string] $folder) {
        $start = [System.Diagnostics.ProcessStartInfo]::new((Get-KeysteadProgram), 'powershell-module --answer')
        $start.UseShellExecute = $false
        $start.RedirectStandardInput = $true
        $start.RedirectStandardOutput = $true
        $start.WorkingDirectory = $folder
        $this.Process = [System.Diagnostics.Process]::Start($start)
        $this.Answer = [System.IO.StreamReader]::new($this.Process.StandardOutput.BaseStream, [System.Text.Encoding]::UTF8)
        $bytes = [System.Text.Encoding]::ASCII.GetBytes($request.ToString())
        $stream = $this.Process.StandardInput.BaseStream
        try {
            $stream.Write($bytes, 0, $bytes.Length)
            $stream.Close()
        }
        catch [System.IO.IOException] { $null = $stream } # it has ended, and its answer says why
    }

    # A line of the answer; the wait is short each time, so that Ctrl-C ends it.
    hidden [object] Line() {
        $task = $this.Answer.ReadLineAsync()
        while (-not $task.Wait(200)) { continue }
        $line = $task.Result
        if ($null -ne $line) { return $line }
        $this.Process.WaitForExit()
        return $null
    }

    hidden static [object] ErrorOf([object] $failure, [string] $name) {
        $text = $failure.message
        if ($failure.hint) { $text += "`n" + $failure.hint }
        $exception = [System.InvalidOperationException]::new($text)
        $exception.Data['Hint'] = $failure.hint
        $exception.Data['ExitCode'] = $failure.code
        $category = [System.Management.Automation.ErrorCategory] $failure.category
        return [System.Management.Automation.ErrorRecord]::new($exception, "Keystead.$($failure.id)", $category, $name)
    }

    # The keys behind an object, as the .NET SDK's AWSCredentials gives them.
    static [object] Credentials([object] $object, [string] $folder) {
        $call = [KeysteadCall]::new($null, 'GetCredentials', @(), '')
        $request = [System.Text.StringBuilder]::new('{"protocol":')
        $null = $request.Append($script:Protocol).Append(',"retrieve":')
        [KeysteadCall]::Write($request, $object, 0)
        $null = $request.Append('}')
        $found = $null
        try {
            $call.Send($request, $folder)
            while ($call.Next()) { $found = $call.Value }
        }
        finally { $call.Close() }
        if ($call.Failure) { throw $call.Failure }
        return $found
    }

    # $AWSHistory.LastServiceResponse: the line is decoded when the property is read.
    hidden [void] Remember([string] $line) {
        $variables = $this.Cmdlet.SessionState.PSVariable
        $known = $variables.GetValue('global:AWSHistory')
        if ($null -ne $known -and $known.PSObject.TypeNames -notcontains 'Keystead.History') { return }
        $history = [psobject]::new()
        $history.PSObject.TypeNames.Insert(0, 'Keystead.History')
        [KeysteadCall]::Attach($history, @{ KeysteadLine = $line }, @('LastServiceResponse'))
        $variables.Set('global:AWSHistory', $history)
    }

    static [object] Response([object] $history) {
        $reader = [KeysteadCall]::Parser($history.PSStandardMembers.KeysteadLine)
        $reader.ReadStartElement()
        $null = $reader.ReadElementContentAsString()
        return [KeysteadCall]::new($null).Read($reader)
    }

    # Puts values where no view, no JSON and no CSV shows them; $names are the properties that views show.
    hidden static [void] Attach([object] $object, [object] $values, [string[]] $names) {
        $members = [System.Collections.Generic.List[System.Management.Automation.PSMemberInfo]]::new()
        $members.Add([System.Management.Automation.PSPropertySet]::new('DefaultDisplayPropertySet', $names))
        foreach ($pair in $values.GetEnumerator()) {
            $members.Add([System.Management.Automation.PSNoteProperty]::new($pair.Key, $pair.Value))
        }
        $object.PSObject.Members.Add([System.Management.Automation.PSMemberSet]::new('PSStandardMembers', $members))
    }

    # JSON in ASCII. ConvertTo-Json differs from version to version in what it makes of times, arrays
    # and text with properties, shows no SecureString, and is a command.
    hidden static [void] Write([System.Text.StringBuilder] $to, [object] $value, [int] $depth) {
        if ($depth -gt 50) { throw 'A parameter value is nested too deeply.' }
        if ($null -eq $value) { $null = $to.Append('null') }
        elseif ($value -is [bool] -or $value -is [switch]) {
            $null = $to.Append($(if ($value) { 'true' } else { 'false' }))
        }
        elseif ($value -is [string]) { [KeysteadCall]::Quote($to, $value) }
        elseif ($value -is [securestring]) {
            [KeysteadCall]::Quote($to, [System.Net.NetworkCredential]::new('', $value).Password)
        }
        elseif ($value -is [datetimeoffset]) { [KeysteadCall]::Write($to, $value.UtcDateTime, $depth) }
        elseif ($value -is [datetime]) {
            [KeysteadCall]::Quote($to, $value.ToUniversalTime().ToString('o', [cultureinfo]::InvariantCulture))
        }
        elseif ($value -is [System.IO.FileSystemInfo]) { [KeysteadCall]::Quote($to, $value.FullName) }
        elseif ($value -isnot [char] -and ($value.GetType().IsPrimitive -or $value -is [decimal])) {
            $null = $to.Append([System.Convert]::ToString($value, [cultureinfo]::InvariantCulture))
        }
        elseif ($value -is [byte[]]) { $null = $to.Append('[').Append([string]::Join(',', $value)).Append(']') }
        elseif ($value -is [System.Collections.IDictionary]) {
            $mark = '{'
            foreach ($pair in $value.GetEnumerator()) {
                $null = $to.Append($mark)
                [KeysteadCall]::Quote($to, $pair.Key.ToString())
                $null = $to.Append(':')
                [KeysteadCall]::Write($to, $pair.Value, $depth + 1)
                $mark = ','
            }
            $null = $to.Append($(if ($mark -eq '{') { '{}' } else { '}' }))
        }
        elseif ($value -is [System.Collections.IEnumerable]) {
            $mark = '['
            foreach ($item in $value) {
                $null = $to.Append($mark)
                [KeysteadCall]::Write($to, $item, $depth + 1)
                $mark = ','
            }
            $null = $to.Append($(if ($mark -eq '[') { '[]' } else { ']' }))
        }
        elseif ($value -is [System.Management.Automation.PSCustomObject]) {
            $handle = $value.PSStandardMembers.KeysteadHandle
            $mark = '{'
            if ($null -ne $handle) {
                $null = $to.Append('{"handle":')
                [KeysteadCall]::Quote($to, $handle)
                $mark = ','
            }
            else {
                foreach ($property in $value.PSObject.Properties) {
                    $null = $to.Append($mark)
                    [KeysteadCall]::Quote($to, $property.Name)
                    $null = $to.Append(':')
                    [KeysteadCall]::Write($to, $property.Value, $depth + 1)
                    $mark = ','
                }
            }
            $null = $to.Append($(if ($mark -eq '{') { '{}' } else { '}' }))
        }
        else { [KeysteadCall]::Quote($to, $value.ToString()) }
    }

    hidden static [void] Quote([System.Text.StringBuilder] $to, [object] $text) {
        $null = $to.Append('"')
        if (-not [regex]::IsMatch($text, '[^ !#-\[\]-~]')) { $null = $to.Append($text) }
        else {
            foreach ($letter in $text.ToCharArray()) {
                $code = [System.Convert]::ToInt32($letter)
                if ($code -ge 32 -and $code -le 126 -and $code -ne 34 -and $code -ne 92) { $null = $to.Append($letter) }
                else { $null = $to.Append('\u').Append($code.ToString('x4')) }
            }
        }
        $null = $to.Append('"')
    }

    # A line of the answer as .NET reads JSON, in every version.
    hidden static [object] Parser([object] $line) {
        $bytes = [System.Text.Encoding]::UTF8.GetBytes($line)
        $quotas = [System.Xml.XmlDictionaryReaderQuotas]::Max
        $reader = [System.Runtime.Serialization.Json.JsonReaderWriterFactory]::CreateJsonReader($bytes, 0, $bytes.Length, $quotas)
        $null = $reader.MoveToContent()
        return $reader
    }

    # The value at the reader: a mark or a word at its start gives the type of a text or a list.
    hidden [object] Read([object] $reader) {
        $type = $reader.GetAttribute('type')
        if ($type -eq 'array') { return $this.ReadParts($reader) }
        $this.Hides, $this.Shown = $false, $null
        $text = $reader.ReadElementContentAsString()
        $made = $null
        switch ($type) {
            'null' { return $null }
            'boolean' { $made = $text -eq 'true' }
            'number' {
                $whole = [long] 0
                if ([long]::TryParse($text, [ref] $whole)) { $made = $whole }
                else { $made = [double]::Parse($text, [cultureinfo]::InvariantCulture) }
            }
            'string' {
                $mark, $rest = $text[0], $text.Substring(1)
                if ($mark -eq '@') {
                    $style = [System.Globalization.DateTimeStyles]::RoundtripKind
                    $made = [datetime]::Parse($rest, [cultureinfo]::InvariantCulture, $style).ToLocalTime()
                }
                elseif ($mark -eq '*') {
                    $this.Hides, $this.Shown = $true, '********'
                    return $rest
                }
                else { $made = $rest }
            }
        }
        $this.Shown = $made
        return $made
    }

    hidden [object] ReadParts([object] $reader) {
        $reader.ReadStartElement()
        $word = $reader.ReadElementContentAsString()
        $types = if ($word -eq 'object') { $reader.ReadElementContentAsString().Substring(1) } else { '' }
        $names = [System.Collections.Generic.List[string]]::new()
        $values = [System.Collections.Generic.List[object]]::new()
        $masked = [System.Collections.Generic.List[object]]::new()
        $secrets = [System.Collections.Generic.HashSet[int]]::new()
        while ($reader.NodeType -eq [System.Xml.XmlNodeType]::Element) {
            if ($word -ne 'list') { $names.Add($reader.ReadElementContentAsString().Substring(1)) }
            if ($this.Hides) { $this.Hides = $false }
            $values.Add($this.Read($reader))
            $masked.Add($this.Shown)
            if ($this.Hides) { $null = $secrets.Add($values.Count - 1) }
        }
        $reader.ReadEndElement()
        $this.Hides = $secrets.Count -gt 0
        if ($word -eq 'list') {
            $this.Shown = $masked.ToArray()
            return $values.ToArray()
        }
        if ($word -eq 'table') {
            $table = [System.Collections.Hashtable]::new([System.StringComparer]::Ordinal)
            $this.Shown = [System.Collections.Hashtable]::new([System.StringComparer]::Ordinal)
            for ($i = 0; $i -lt $names.Count; $i++) {
                $table.Add($names[$i], $values[$i])
                $this.Shown.Add($names[$i], $masked[$i])
            }
            return $table
        }
        $handle = $null
        if ($names.Count -and $names[$names.Count - 1] -eq 'KeysteadHandle') {
            $last = $names.Count - 1
            $handle = $values[$last]
            $null = $secrets.Remove($last)
            $names.RemoveAt($last); $values.RemoveAt($last); $masked.RemoveAt($last)
            $this.Hides = $secrets.Count -gt 0
        }
        $object = [KeysteadCall]::Object($names, $values, $types)
        $apart = @{}
        if ($null -ne $handle) { $apart.KeysteadHandle = $handle }
        $this.Shown = $object
        $open = $names.ToArray()
        if ($this.Hides) {
            $this.Shown = [KeysteadCall]::Object($names, $masked, $types)
            $apart.KeysteadShown = $this.Shown
            $object.PSObject.TypeNames.Add('Keystead.Masked')
            $open = [string[]] @(for ($i = 0; $i -lt $names.Count; $i++) { if (-not $secrets.Contains($i)) { $names[$i] } })
        }
        if ($apart.Count) { [KeysteadCall]::Attach($object, $apart, $open) }
        return $object
    }

    hidden static [object] Object([object] $names, [object] $values, [string] $types) {
        $object = [psobject]::new()
        for ($i = 0; $i -lt $names.Count; $i++) {
            $object.PSObject.Properties.Add([System.Management.Automation.PSNoteProperty]::new($names[$i], $values[$i]))
        }
        $all = $types.Split([char[]] @(' '), [System.StringSplitOptions]::RemoveEmptyEntries)
        [array]::Reverse($all)
        foreach ($type in $all) { $object.PSObject.TypeNames.Insert(0, $type) }
        return $object
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
        Its parameters with their values; a switch has the value $true. -WhatIf, -Confirm, -Force and the
        preference variables count as for the cmdlet's own function.
    .EXAMPLE
        Invoke-KeysteadCmdlet Get-EC2Instance @{ InstanceId = 'i-0123456789abcdef0'; ProfileName = 'dev' }
    #>
    [CmdletBinding(SupportsShouldProcess = $true, PositionalBinding = $false)]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [string] $Name,
        [Parameter(Position = 1)]
        [System.Collections.IDictionary] $Parameter = @{}
    )
    # BODY
}

# Methods of the module's objects. The scripts are bound to the module wherever they run.
Update-TypeData -TypeName Keystead.Credential -MemberType ScriptMethod -MemberName GetCredentials -Force -Value {
    [KeysteadCall]::Credentials($this, $ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath)
}
Update-TypeData -TypeName Keystead.History -MemberType ScriptProperty -MemberName LastServiceResponse -Force -Value {
    [KeysteadCall]::Response($this)
}
Update-TypeData -TypeName Keystead.AWSRegion -MemberType ScriptMethod -MemberName ToString -Force -Value { $this.Region }
# The text of an object with secrets in it is what logs record; it is that of a .NET object, its type.
Update-TypeData -TypeName Keystead.Masked -MemberType ScriptMethod -MemberName ToString -Force -Value { $this.PSObject.TypeNames[0] }

# The values of a parameter, from the completion that all shells use.
$complete = {
    param($commandName, $parameterName, $wordToComplete)
    $begun = $wordToComplete -replace "^['`"\u2018-\u201e]|['`"\u2018-\u201e]$", ''
    # An empty last word would be lost, so a single space replaces it.
    if (-not $begun) { $begun = ' ' }
    & (Get-KeysteadProgram) __complete $commandName ('-' + $parameterName.TrimEnd('_')) $begun 2>$null | ForEach-Object {
        $word, $meaning = $_ -split "`t", 2
        $text = $word
        # PowerShell takes typographic quotes for its own; in single quotes no other character is special.
        if ($word -cnotmatch '^[A-Za-z0-9_./-][A-Za-z0-9_.:/=+@-]*$') {
            $text = "'" + ($word -replace "['\u2018-\u201b]", '$0$0') + "'"
        }
        if (-not $meaning) { $meaning = $word }
        [System.Management.Automation.CompletionResult]::new($text, $word, 'ParameterValue', $meaning)
    }
}
