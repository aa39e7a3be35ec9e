# Each object of a pipeline is bound separately, and does not set the account or region.
BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    foreach ($name in 'here', 'there') { $null = New-S3Bucket -BucketName $name -Force }
}

Describe 'The objects of a pipeline' {
    It 'use no value of the previous object' {
        $one = Join-Path $TestDrive one
        Set-Shared $one one, two
        Set-Shared "$HOME/.aws/credentials" two, three
        [pscustomobject] @{ ProfileName = 'one'; ProfileLocation = $one }, [pscustomobject] @{ ProfileName = 'two' } |
            Remove-AWSCredentialProfile -Force
        Select-String -LiteralPath $one -Pattern '^\[' | ForEach-Object Line | Should -Be '[two]'
        Select-String -LiteralPath "$HOME/.aws/credentials" -Pattern '^\[' | ForEach-Object Line | Should -Be '[three]'
    }

    It 'use the parameters given by name' {
        $null = Get-Sent
        [pscustomobject] @{ Key = 'a'; Content = 'x' }, [pscustomobject] @{ Key = 'b'; Content = 'y' } |
            Write-S3Object -BucketName here -Force
        @(Get-Sent).operation | Should -Be 'PUT /here/a', 'PUT /here/b'
    }

    It 'bind properties to members of the request, each separately' {
        $null = Get-Sent
        [pscustomobject] @{ BucketName = 'here'; Prefix = 'a' }, [pscustomobject] @{ BucketName = 'there' } |
            Get-S3ObjectV2 | ForEach-Object Key | Should -Be 'a'
        $sent = @(Get-Sent)
        $sent[0].members.prefix | Should -Be 'a'
        $sent[1].members.prefix | Should -BeNullOrEmpty
    }

    It 'do not set region, account or endpoint of a service call' {
        $null = Get-Sent
        [pscustomobject] @{
            BucketName = 'here'; Region = 'eu-west-1'; EndpointUrl = 'http://127.0.0.1:9'; ProfileName = 'nobody'
            ProfileLocation = '/nowhere'; AccessKey = 'AKIAI44QH8DHBEXAMPLE'; SecretKey = 'x'; SessionToken = 'y'
            Select = 'Name'; MaxItem = 0
        } | Get-S3ObjectV2 | ForEach-Object Key | Should -Be 'a', 'b'
        $sent = @(Get-Sent)
        $sent.region | Should -Be 'us-east-1'
        $sent.access_key_id | Should -Be $env:CANARY_ID
    }

    It 'stop the command when the pipeline is stopped' {
        'here', 'there' | ForEach-Object { [pscustomobject] @{ BucketName = $_ } } | Get-S3ObjectV2 |
            Select-Object -First 1 | ForEach-Object Key | Should -Be 'a'
    }
}
