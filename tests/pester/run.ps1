# Runs files of tests and writes the result of each test as JSON.
param([string] $Result, [Parameter(ValueFromRemainingArguments)] [string[]] $Files)
Import-Module Pester
$wanted = New-PesterConfiguration
$wanted.Run.Path = $Files
$wanted.Run.PassThru = $true
$wanted.Output.Verbosity = 'None'
$done = Invoke-Pester -Configuration $wanted
$told = foreach ($test in $done.Tests) {
    @{ name = $test.ExpandedPath; result = "$($test.Result)"; error = "$($test.ErrorRecord)" }
}
$failed = @($done.FailedBlocks) + @($done.FailedContainers) | ForEach-Object { "$($_.ErrorRecord)" }
@{ tests = @($told); blocks = @($failed) } | ConvertTo-Json -Depth 3 | Set-Content -LiteralPath $Result
