# Signing in: the settings of IAM Identity Center, a login in the browser, and its messages.
BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    $config = "$HOME/.aws/config"
    $corp = @{ SessionName = 'corp'; StartUrl = $env:TEST_START_URL; SSORegion = 'eu-west-1' }
}

Describe 'Signing in' {
    It 'needs what the original needs' {
        (Get-Command Set-AWSSSOSessionConfiguration).Parameters.Keys |
            Should -Contain 'RegistrationScopes'
        foreach ($name in 'SessionName', 'StartUrl', 'SSORegion') {
            (Get-Command Set-AWSSSOSessionConfiguration).Parameters[$name].Attributes.Mandatory |
                Should -Contain $true
        }
        (Get-Command Invoke-AWSSSOLogin).ParameterSets.Name | Sort-Object | Should -Be 'Profile', 'Session'
        (Get-Command Invoke-AWSLogin).Parameters.Keys | Should -Contain 'ExecutionTimeout'
    }

    It 'writes the session and signs in to it without output' {
        Set-AWSSSOSessionConfiguration @corp | Should -BeNullOrEmpty
        Get-Content $config | Should -Contain '[sso-session corp]'
        $messages = Invoke-AWSSSOLogin -SessionName corp 6>&1 3>&1
        "$messages" | Should -Match 'signing in to'
        Invoke-AWSSSOLogin -SessionName corp 6> $null | Should -BeNullOrEmpty
    }

    It 'sets up a profile whose credentials are there at once' {
        Initialize-AWSSSOConfiguration @corp -ProfileName pay -AccountId 123456789012 -RoleName Admin 6> $null |
            Should -BeNullOrEmpty
        (Get-AWSCredential pay).GetCredentials().Token | Should -Not -BeNullOrEmpty
    }

    It 'does nothing with -WhatIf' {
        $before = Get-Content $config
        $null = Set-AWSSSOSessionConfiguration @corp -RegistrationScopes other -WhatIf 6>&1
        Get-Content $config | Should -Be $before
    }

    It 'says what is wrong' {
        { Invoke-AWSSSOLogin -ProfileName nobody } | Should -Throw '*there is no profile*nobody*'
        { Invoke-AWSSSOLogin -SessionName nobody } | Should -Throw '*there is no sso-session*nobody*'
        { Invoke-AWSLogin -ProfileName pay } | Should -Throw '*has other credentials*'
    }
}
