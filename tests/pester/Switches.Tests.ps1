# The switch that silences a question is never a member of a request, and a preview sends nothing.
BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    $null = New-ECRRepository -RepositoryName images -Force
    $null = New-S3Bucket -BucketName kept -Force
}

Describe 'The switch that silences a question' {
    BeforeEach { $null = Get-Sent }

    It 'is no member of the request of a function' {
        Remove-ECRRepository -RepositoryName nothing -Force -ErrorAction SilentlyContinue
        Remove-ECRRepository -RepositoryName nothing -Confirm:$false -ErrorAction SilentlyContinue
        $ConfirmPreference = 'None'
        Remove-ECRRepository -RepositoryName nothing -ErrorAction SilentlyContinue
        $sent = @(Get-Sent)
        $sent.operation | Should -Be ('DeleteRepository', 'DeleteRepository', 'DeleteRepository')
        foreach ($call in $sent) { $call.members.PSObject.Properties.Name | Should -Be 'repositoryName' }
    }

    It 'is no member of the request of a cmdlet that is run by its name' {
        $id = @{ InstanceId = 'i-0123456789abcdef0' }
        Invoke-KeysteadCmdlet Stop-EC2Instance ($id + @{ Force = $true }) -ErrorAction SilentlyContinue
        Invoke-KeysteadCmdlet Stop-EC2Instance ($id + @{ Confirm = $false }) -ErrorAction SilentlyContinue
        Invoke-KeysteadCmdlet Stop-EC2Instance $id -Confirm:$false -ErrorAction SilentlyContinue
        $sent = @(Get-Sent)
        $sent.operation | Should -Be ('StopInstances', 'StopInstances', 'StopInstances')
        foreach ($call in $sent) { $call.members.PSObject.Properties.Name | Should -Not -Contain 'Force' }
    }

    It 'leaves the member of the request the name that the AWS Tools give it' {
        Remove-ECRRepository -RepositoryName nothing -IgnoreExistingImages $true -Force -ErrorAction SilentlyContinue
        Invoke-KeysteadCmdlet Stop-EC2Instance @{ InstanceId = 'i-0123456789abcdef0'; Enforce = $true } -ErrorAction SilentlyContinue
        Invoke-KeysteadCmdlet Dismount-EC2Volume @{ VolumeId = 'vol-0123456789abcdef0'; ForceDismount = $true } -ErrorAction SilentlyContinue
        $sent = @(Get-Sent)
        $sent[0].members.force | Should -BeTrue
        $sent[1].members.Force | Should -Be 'true'
        $sent[2].members.Force | Should -Be 'true'
    }

    It 'is asked for where nobody can answer' {
        { Remove-S3Bucket -BucketName kept } | Should -Throw
        { Remove-S3Bucket -BucketName kept -Confirm } | Should -Throw
        { Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'kept' } } | Should -Throw
        { Invoke-KeysteadCmdlet Stop-EC2Instance @{ InstanceId = 'i-0123456789abcdef0' } -Confirm } | Should -Throw
        $ConfirmPreference = 'Medium'
        { Invoke-KeysteadCmdlet Stop-EC2Instance @{ InstanceId = 'i-0123456789abcdef0' } } | Should -Throw
        { Write-S3Object -BucketName kept -Key a -Content b } | Should -Throw
        @(Get-Sent) | Should -BeNullOrEmpty
    }

    It 'is answered with y, which sends nothing else' {
        $line = "Import-Module `"`$env:KEYSTEAD_TEST_MODULES/Keystead`"; Remove-ECRRepository -RepositoryName nothing"
        'y' | pwsh -NoProfile -Command $line *> $null
        'n' | pwsh -NoProfile -Command $line *> $null
        $sent = @(Get-Sent)
        $sent.Count | Should -Be 1
        $sent[0].operation | Should -Be 'DeleteRepository'
        $sent[0].members.PSObject.Properties.Name | Should -Be 'repositoryName'
    }
}

Describe 'A preview' {
    BeforeEach { $null = Get-Sent }
    AfterEach {
        @(Get-Sent) | Should -BeNullOrEmpty
        $global:WhatIfPreference = $false
    }

    It 'is made by the switch of a function' { Remove-S3Bucket -BucketName kept -WhatIf -Force }

    It 'is made by the preference variable of the caller' {
        $WhatIfPreference = $true
        Remove-S3Bucket -BucketName kept -Force
        Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'kept' }
        Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'kept'; Force = $true }
    }

    It 'is made by the preference variable of any scope around it' {
        $global:WhatIfPreference = $true
        & { function Inner { Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'kept' } }; & { Inner } }
        Remove-S3Bucket -BucketName kept -Force
    }

    It 'is made by the preference that a caller of the caller was given' {
        function Outer {
            [CmdletBinding(SupportsShouldProcess)] param()
            Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'kept'; Force = $true }
            Remove-S3Bucket -BucketName kept -Force
        }
        Outer -WhatIf
    }

    It 'is made by the switch of Invoke-KeysteadCmdlet and by that of the cmdlet' {
        Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'kept' } -WhatIf
        Invoke-KeysteadCmdlet Remove-S3Bucket @{ BucketName = 'kept'; WhatIf = $true; Force = $true }
        'kept' | ForEach-Object { Remove-S3Bucket -BucketName $_ -WhatIf }
    }
}

Describe 'A preview that was switched off' {
    It 'does what was asked' {
        $null = Get-Sent
        $WhatIfPreference = $true
        Write-S3Object -BucketName kept -Key a -Content b -WhatIf:$false
        (Get-S3ObjectV2 -BucketName kept).Key | Should -Be 'a'
        @(Get-Sent).Count | Should -Be 2
    }
}
