# Completion of keystead for PowerShell.
Register-ArgumentCompleter -Native -CommandName keystead -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($_.Value) { $_.Value } else { $_.Extent.Text } })
    $current = $wordToComplete.Trim("'", '"')
    # An empty last word would be lost on the way; a lone blank stands for it.
    if (-not $current) { $current = ' ' }
    & (Get-Command keystead -CommandType Application | Select-Object -First 1) __complete @before $current 2>$null |
        ForEach-Object {
            $word, $meaning = $_ -split "`t", 2
            if ($word -in ':files', ':commands') { return }
            if (-not $meaning) { $meaning = $word }
            $shown = $word
            if ($word -match '[^\w.:/=+@-]') { $word = "'" + $word.Replace("'", "''") + "'" }
            [System.Management.Automation.CompletionResult]::new($word, $shown, 'ParameterValue', $meaning)
        }
}
