# Completion of keystead for PowerShell.
Register-ArgumentCompleter -Native -CommandName keystead -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($_.Value) { $_.Value } else { $_.Extent.Text } })
    $current = $wordToComplete -replace "^['`"\u2018-\u201e]|['`"\u2018-\u201e]$", ''
    # An empty last word would be lost on the way; a lone blank stands for it.
    if (-not $current) { $current = ' ' }
    & (Get-Command keystead -CommandType Application | Select-Object -First 1) __complete @before $current 2>$null |
        ForEach-Object {
            $word, $meaning = $_ -split "`t", 2
            if ($word -in ':files', ':commands') { return }
            if (-not $meaning) { $meaning = $word }
            $shown = $word
            # PowerShell takes typographic quotes for its own; in single quotes nothing else means anything.
            if ($word -cnotmatch '^[A-Za-z0-9_./-][A-Za-z0-9_.:/=+@-]*$') {
                $word = "'" + ($word -replace "['\u2018-\u201b]", '$0$0') + "'"
            }
            [System.Management.Automation.CompletionResult]::new($word, $shown, 'ParameterValue', $meaning)
        }
}
