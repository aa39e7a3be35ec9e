# A missing parameter of the AWS Tools is refused by name, never taken for another one.
BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    $null = New-S3Bucket -BucketName names -Force
    foreach ($key in 'hello.txt', 'hello.txt.bak') { Write-S3Object -BucketName names -Key $key -Content x -Force }
}

Describe 'A missing parameter' {
    BeforeEach { $null = Get-Sent }
    AfterEach { @(Get-Sent) | Should -BeNullOrEmpty }

    It 'is not an abbreviation of another one' {
        { Get-S3Object -BucketName names -Key hello.txt } | Should -Throw '*-Key* is not supported*'
        { Get-S3Object -BucketName names -Key hello.txt | Remove-S3Object -Force } | Should -Throw
        { Invoke-KeysteadCmdlet Get-S3Object @{ BucketName = 'names'; Key = 'hello.txt' } } | Should -Throw '*-Key* is not supported*'
    }

    It 'is refused by name' {
        { Remove-S3Bucket -BucketName names -DeleteBucketContent $true -Force } | Should -Throw '*-DeleteBucketContent* is not supported*'
        { Remove-S3Object -BucketName names -Key a -KeyCollection a, b -Force } | Should -Throw '*-KeyCollection* is not supported*'
        { Get-S3Bucket -ClientConfig @{} } | Should -Throw '*-ClientConfig* is not supported*'
    }

    It 'is not offered by completion' {
        (TabExpansion2 'Get-S3Object -Ke').CompletionMatches.ListItemText | Should -Be 'KeyPrefix'
        (Get-Command Get-S3Object).Parameters.Keys | Should -Contain 'Key'
    }
}

Describe 'An abbreviation' {
    It 'is accepted if it matches one parameter only' {
        (Get-S3Object -BucketN names -KeyP hello.txt.b).Key | Should -Be 'hello.txt.bak'
    }
}
