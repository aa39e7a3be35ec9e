# -Force is never a member of a request, and -WhatIf sends nothing.
BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    $null = New-ECRRepository -RepositoryName images -Force
    $null = New-S3Bucket -BucketName existing -Force
}

Describe 'The switch -Force' {
    BeforeEach { $null = Get-Sent }

    It 'is not a member of the request of a function' {
        Remove-ECRRepository -RepositoryName nothing -Force -ErrorAction SilentlyContinue
        Remove-ECRRepository -RepositoryName nothing -Confirm:$false -ErrorAction SilentlyContinue
        $ConfirmPreference = 'None'
        Remove-ECRRepository -RepositoryName nothing -ErrorAction SilentlyContinue
        $sent = @(Get-Sent)
        $sent.operation | Should -Be ('DeleteRepository', 'DeleteRepository', 'DeleteRepository')
        foreach ($call in $sent) { $call.members.PSObject.Properties.Name | Should -Be 'repositoryName' }
    }

    It 'is not a member of the request of a cmdlet called by name' {
        $id = @{ InstanceId = 'i-0123456789abcdef0' }
        Invoke-KeysteadCmdlet Stop-EC2Instance ($id + @{ Force = $true }) -ErrorAction SilentlyContinue
        Invoke-KeysteadCmdlet Stop-EC2Instance ($id + @{ Confirm = $false }) -ErrorAction SilentlyContinue
        Invoke-KeysteadCmdlet Stop-EC2Instance $id -Confirm:$false -ErrorAction SilentlyContinue
        $sent = @(Get-Sent)
        $sent.operation | Should -Be ('StopInstances', 'StopInstances', 'StopInstances')
        foreach ($call in $sent) { $call.members.PSObject.Properties.Name | Should -Not -Contain 'Force' }
    }

    It 'does not change the AWS Tools name of a request member' {
        Remove-ECRRepository -RepositoryName nothing -IgnoreExistingImages $true -Force -ErrorAction SilentlyContinue
        Invoke-KeysteadCmdlet Stop-EC2Instance @{ InstanceId = 'i-0123456789abcdef0'; Enforce = $true } -ErrorAction SilentlyContinue
        Invoke-KeysteadCmdlet Dismount-EC2Volume @{ VolumeId = 'vol-0123456789abcdef0'; ForceDismount = $true } -ErrorAction SilentlyContinue
        $sent = @(Get-Sent)
        $sent[0].members.force | Should -BeTrue
        $sent[1].members.Force | Should -Be 'true'
        $sent[2].members.Force | Should -Be 'true'
    }

    It 'is required where no prompt is possible' {
        { Remove-S3Bucket -BucketName existing } | Should -Throw
        { Remove-S3Bucket -BucketName existing -Confirm } | Should -Throw
        { Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'existing' } } | Should -Throw
        { Invoke-KeysteadCmdlet Stop-EC2Instance @{ InstanceId = 'i-0123456789abcdef0' } -Confirm } | Should -Throw
        $ConfirmPreference = 'Medium'
        { Invoke-KeysteadCmdlet Stop-EC2Instance @{ InstanceId = 'i-0123456789abcdef0' } } | Should -Throw
        { Write-S3Object -BucketName existing -Key a -Content b } | Should -Throw
        @(Get-Sent) | Should -BeNullOrEmpty
    }

    It 'can be replaced by the answer y, which sends nothing else' {
        $line = "Import-Module `"`$env:KEYSTEAD_TEST_MODULES/Keystead`"; Remove-ECRRepository -RepositoryName nothing"
        'y' | pwsh -NoProfile -Command $line *> $null
        'n' | pwsh -NoProfile -Command $line *> $null
        $sent = @(Get-Sent)
        $sent.Count | Should -Be 1
        $sent[0].operation | Should -Be 'DeleteRepository'
        $sent[0].members.PSObject.Properties.Name | Should -Be 'repositoryName'
    }
}

Describe 'A call with -WhatIf' {
    BeforeEach { $null = Get-Sent }
    AfterEach {
        @(Get-Sent) | Should -BeNullOrEmpty
        $global:WhatIfPreference = $false
    }

    It 'sends nothing with the switch of a function' { Remove-S3Bucket -BucketName existing -WhatIf -Force }

    It 'sends nothing with the preference variable of the caller' {
        $WhatIfPreference = $true
        Remove-S3Bucket -BucketName existing -Force
        Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'existing' }
        Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'existing'; Force = $true }
    }

    It 'sends nothing with the preference variable of any outer scope' {
        $global:WhatIfPreference = $true
        & { function Inner { Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'existing' } }; & { Inner } }
        Remove-S3Bucket -BucketName existing -Force
    }

    It 'sends nothing with the preference passed to an outer caller' {
        function Outer {
            [CmdletBinding(SupportsShouldProcess)] param()
            Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'existing'; Force = $true }
            Remove-S3Bucket -BucketName existing -Force
        }
        Outer -WhatIf
    }

    It 'sends nothing with the switch of Invoke-KeysteadCmdlet or of the cmdlet' {
        Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'existing' } -WhatIf
        Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'existing'; WhatIf = $true; Force = $true }
        'existing' | ForEach-Object { Remove-S3Bucket -BucketName $_ -WhatIf }
    }
}

Describe 'A call with -WhatIf disabled' {
    It 'runs the call' {
        $null = Get-Sent
        $WhatIfPreference = $true
        Write-S3Object -BucketName existing -Key a -Content b -WhatIf:$false
        (Get-S3ObjectV2 -BucketName existing).Key | Should -Be 'a'
        @(Get-Sent).Count | Should -Be 2
    }
}
