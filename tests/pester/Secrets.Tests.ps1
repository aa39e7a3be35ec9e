# A secret that is given as a SecureString is not logged anywhere. Run with module and script
# block logging on; the system log is checked when this has ended.
BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    (Get-Module Keystead).LogPipelineExecutionDetails = $true
    $secret = New-Secure CANARY_KEY
    $token = New-Secure CANARY_TOKEN
}

Describe 'A SecureString' {
    It 'reaches keystead' {
        Set-AWSCredential -StoreAs logged -AccessKey $env:CANARY_ID -SecretKey $secret -ProfileLocation "$HOME/.aws/logged"
        (Get-Content "$HOME/.aws/logged" -Raw).Contains($env:CANARY_KEY) | Should -BeTrue
    }

    It 'is in no trace' {
        $trace = Join-Path $TestDrive trace
        $null = Trace-Command -Name * -FilePath $trace -Expression {
            Set-AWSCredential -StoreAs logged -AccessKey $env:CANARY_ID -SecretKey $secret -SessionToken $token -ProfileLocation "$HOME/.aws/logged"
            $null = Invoke-KeysteadCmdlet Get-STSCallerIdentity @{ AccessKey = $env:CANARY_ID; SecretKey = $secret; SessionToken = $token }
            $found = New-AWSCredential -AccessKey $env:CANARY_ID -SecretKey $secret -SessionToken $token
            $null = Get-STSCallerIdentity -Credential $found
            $null = $found.GetCredentials()
            $null = Invoke-KeysteadCmdlet New-SECSecret @{ Name = 'traced'; SecretString = $token }
        }
        $text = [System.IO.File]::ReadAllText($trace)
        $text | Should -Match 'BIND arg \[System.Security.SecureString\] to parameter \[SecretKey\]'
        $text.Contains($env:CANARY_KEY) | Should -BeFalse
        $text.Contains($env:CANARY_TOKEN) | Should -BeFalse
    }

    It 'is in no log when an object with it is piped' {
        $found = New-AWSCredential -AccessKey $env:CANARY_ID -SecretKey $secret -SessionToken $token
        $found | Get-STSCallerIdentity | Out-Null
        $found | Out-Null
        Set-AWSCredential -Credential $found
        $null = Get-STSCallerIdentity
        Clear-AWSCredential
    }
}
