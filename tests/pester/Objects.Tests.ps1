# Objects carry true values as those of the AWS Tools do; what is shown is masked.
BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    $mask = '********'
    Set-Shared "$HOME/.aws/credentials" dev
    $role = Use-STSRole -RoleArn arn:aws:iam::123456789012:role/admin -RoleSessionName test -ProfileName dev -Force
}

Describe 'Credentials' {
    It 'give their keys by the method of the .NET SDK' {
        $keys = (Get-AWSCredential dev).GetCredentials()
        $keys.AccessKey | Should -Be $env:CANARY_ID
        ($keys.SecretKey -ceq $env:CANARY_KEY) | Should -BeTrue
        ($role.Credentials.GetCredentials().Token -ceq $role.Credentials.SessionToken) | Should -BeTrue
    }

    It 'set an environment variable to the key itself' {
        $env:KEYSTEAD_TEST_X = $role.Credentials.SecretAccessKey
        $env:KEYSTEAD_TEST_X.Length | Should -BeGreaterThan 20
        $env:KEYSTEAD_TEST_X | Should -Not -Match '\*'
    }

    It 'are used by other cmdlets and by the session' {
        (Get-STSCallerIdentity -Credential $role.Credentials).Arn | Should -Match 'assumed-role/admin/test'
        ($role.Credentials | Get-STSCallerIdentity).Arn | Should -Match 'assumed-role/admin/test'
        Set-AWSCredential -Credential $role.Credentials
        (Get-STSCallerIdentity).Arn | Should -Match 'assumed-role/admin/test'
        Clear-AWSCredential
    }

    It 'carry true values as text, JSON and CSV' {
        $secret = $role.Credentials.SecretAccessKey
        ($role | ConvertTo-Json -Depth 5).Contains($secret) | Should -BeTrue
        ($role.Credentials | ConvertTo-Csv).Contains($secret) -or
            "$($role.Credentials | ConvertTo-Csv)".Contains($secret) | Should -BeTrue
        $role.Credentials | ConvertTo-Json | ConvertFrom-Json | Get-Member -MemberType NoteProperty |
            ForEach-Object Name | Should -Be 'AccessKeyId', 'Expiration', 'SecretAccessKey', 'SessionToken'
    }

    It 'are shown masked by every view that names no property' {
        foreach ($shown in ($role | Out-String), ($role.Credentials | Out-String), "$($role.Credentials)", "$role",
            ($role | Format-List | Out-String), ($role.Credentials | Format-Table | Out-String),
            ((Get-AWSCredential dev) | Out-String), ((Get-AWSCredential dev).GetCredentials() | Out-String)) {
            $shown.Contains($role.Credentials.SecretAccessKey) | Should -BeFalse
            $shown.Contains($role.Credentials.SessionToken) | Should -BeFalse
            $shown.Contains($env:CANARY_KEY) | Should -BeFalse
        }
        $shown = $role.Credentials | Out-String
        $shown | Should -Match $role.Credentials.AccessKeyId
        $shown | Should -Match 'SecretAccessKey'
        $shown | Should -Match ([regex]::Escape($mask))
    }
}

Describe 'The last answer' {
    It 'stays readable, with a secret that is returned once' {
        $null = Invoke-KeysteadCmdlet New-IAMUser @{ UserName = 'eve' }
        $null = Invoke-KeysteadCmdlet New-IAMAccessKey @{ UserName = 'eve' }
        $made = $AWSHistory.LastServiceResponse.AccessKey
        $made.UserName | Should -Be 'eve'
        $made.SecretAccessKey.Length | Should -Be 40
        ($AWSHistory | Out-String).Contains($made.SecretAccessKey) | Should -BeFalse
        ($AWSHistory.LastServiceResponse | Out-String).Contains($made.SecretAccessKey) | Should -BeFalse
    }

    It 'is that of the previous call if a cmdlet made none' {
        $before = $AWSHistory
        $null = Get-AWSCredential -ListProfileDetail
        [object]::ReferenceEquals($before, $AWSHistory) | Should -BeTrue
    }
}

Describe 'A secret of a service' {
    It 'is passed to other cmdlets unmasked' {
        $null = Invoke-KeysteadCmdlet New-SECSecret @{ Name = 'one'; SecretString = (New-Secure CANARY_TOKEN) }
        $found = Invoke-KeysteadCmdlet Get-SECSecretValue @{ SecretId = 'one' }
        ($found.SecretString -ceq $env:CANARY_TOKEN) | Should -BeTrue
        ($found | Out-String).Contains($env:CANARY_TOKEN) | Should -BeFalse
        $null = Invoke-KeysteadCmdlet New-SECSecret @{ Name = 'two'; SecretString = ($found | ConvertTo-Json) }
        $again = Invoke-KeysteadCmdlet Get-SECSecretValue @{ SecretId = 'two'; Select = 'SecretString' }
        (($again | ConvertFrom-Json).SecretString -ceq $env:CANARY_TOKEN) | Should -BeTrue
    }
}

Describe 'A list within an object' {
    It 'is enumerated by a pipeline and indexed by number' {
        $null = Invoke-KeysteadCmdlet New-EC2Instance @{ ImageId = 'ami-12c6146b'; MinCount = 2; MaxCount = 2 }
        $made = Invoke-KeysteadCmdlet Get-EC2Instance | Select-Object -First 1
        @($made | ForEach-Object Instances | ForEach-Object InstanceId).Count | Should -Be 2
        $made.Instances[1].InstanceId | Should -Be @($made.Instances.InstanceId)[1]
    }
}
