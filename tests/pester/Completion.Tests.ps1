# Any name is completed to one literal, and nothing of it is executed.
BeforeAll {
    $quotes = 0x2018..0x201e | ForEach-Object { [char] $_ }
    $names = @('zz$(touch bad)', 'zz`touch bad`', 'zz;touch bad', 'zz|touch bad', 'zz&touch bad', "zz'q", 'zz"d', 'zz a',
        'zz~', 'zz*', 'zz:a@b', 'zz=b', 'zz,b', 'zz{touch bad}', 'zz#c', '$zz', '@zz', '~zz', '-zz')
    $names += foreach ($quote in $quotes) { "zz${quote}; touch bad; ${quote}" }
    $bin = Join-Path $TestDrive bin
    $null = New-Item -ItemType Directory $bin
    Set-Content -LiteralPath "$bin/names" -Value $names
    Set-Content -LiteralPath "$bin/keystead" -Value '#!/bin/sh', "cat '$bin/names'"
    chmod 755 "$bin/keystead"
    keystead completion powershell | Out-String | Invoke-Expression
    $path = $env:PATH
    $env:PATH = "${bin}:$path"
    Import-Module "$env:KEYSTEAD_TEST_MODULES/Keystead" -ArgumentList "$bin/keystead"
    function Complete([string] $Line) {
        foreach ($found in (TabExpansion2 $Line).CompletionMatches) {
            Invoke-Expression "Write-Output $($found.CompletionText)"
        }
    }
}

AfterAll {
    Remove-Module Keystead
    $env:PATH = $path
}

Describe 'A hostile name' {
    It 'is one literal for a function of the module' {
        foreach ($begun in 'zz', '"zz', "'zz", '') {
            Complete "Get-AWSCredential -ProfileName $begun" | Should -Be $names
        }
    }

    It 'is one literal for the command' {
        foreach ($begun in 'zz', '"zz', "'zz") { Complete "keystead show $begun" | Should -Be $names }
        Test-Path bad | Should -BeFalse
    }
}
