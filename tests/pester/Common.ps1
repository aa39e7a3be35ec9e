# Every file of tests loads this: the module, and the requests that reached the emulator.
Import-Module "$env:KEYSTEAD_TEST_MODULES/Keystead"

# The calls since the last time, each with its service, operation and the members of its request.
function Get-Sent {
    (Invoke-RestMethod -Uri "$env:AWS_ENDPOINT_URL/_calls") | ForEach-Object { $_ }
}

# A SecureString whose text is not in a script.
function New-Secure([string] $Variable) {
    [System.Net.NetworkCredential]::new('', [System.Environment]::GetEnvironmentVariable($Variable)).SecurePassword
}

function Set-Shared([string] $Path, [string[]] $Names) {
    $lines = foreach ($name in $Names) {
        "[$name]", "aws_access_key_id = $env:CANARY_ID", "aws_secret_access_key = $env:CANARY_KEY"
    }
    Set-Content -LiteralPath $Path -Value $lines
    chmod 600 $Path
}
